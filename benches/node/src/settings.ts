// What the environment says, read once at the start.

// Prisma, made after this, spends time on the looks of its errors in any other mode.
process.env.NODE_ENV ??= 'production';

function required(name: string): string {
  const value = process.env[name];
  if (!value) {
    console.error(`${name} is not set`);
    process.exit(64);
  }
  return value;
}

export const settings = {
  databaseUrl: required('DATABASE_URL'),
  redisUrl: required('REDIS_URL'),
  jwtSecret: required('JWT_SECRET'),
  corsOrigin: process.env.CORS_ORIGIN || '*',
  host: process.env.HOST || '127.0.0.1',
  /** 0 takes a free one. */
  port: Number(process.env.PORT || 3000),
};
