// Settings from environment variables, read once at the start.

// Set before Prisma's client is created: in any other mode it spends time on formatting its errors.
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
  /** 0 lets the system choose a free port. */
  port: Number(process.env.PORT || 3000),
};
