// The connections to PostgreSQL (through Prisma) and to Redis, one of each for the process.
import { PrismaPg } from '@prisma/adapter-pg';
import { Redis } from 'ioredis';
import { PrismaClient } from '../generated/client';
import { settings } from './settings';

/** As many as chatoxide has by default, and node-postgres too. */
const POOL = 10;

/** One name for each text, by which PostgreSQL keeps the plan: Prisma's own engine did so until Prisma 7. */
const names = new Map<string, string>();

function statementName({ sql }: { sql: string }): string {
  let name = names.get(sql);
  if (!name) {
    name = `prisma_${names.size}`;
    names.set(sql, name);
  }
  return name;
}

export const prisma = new PrismaClient({
  adapter: new PrismaPg(
    { connectionString: settings.databaseUrl, max: POOL },
    { statementNameGenerator: statementName },
  ),
});

export const redis = new Redis(settings.redisUrl);
