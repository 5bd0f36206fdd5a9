// The connections to PostgreSQL (through Prisma) and to Redis, one of each for the process.
import { PrismaPg } from '@prisma/adapter-pg';
import { Redis } from 'ioredis';
import { PrismaClient } from '../generated/client';
import { settings } from './settings';

/** As many as chatoxide has by default, and node-postgres too. */
const POOL = 10;

/** As its documentation sets it up, with nothing tuned. */
export const prisma = new PrismaClient({
  adapter: new PrismaPg({ connectionString: settings.databaseUrl, max: POOL }),
});

export const redis = new Redis(settings.redisUrl);
