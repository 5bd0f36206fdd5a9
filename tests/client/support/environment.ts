// Before any test: is there a server to drive, and are its services there? If not, say what to do, and fail.
import { accessSync, constants } from 'node:fs';

const SERVICES = ['TEST_POSTGRES_URL', 'TEST_POSTGRES_CA', 'TEST_REDIS_URL', 'TEST_PG_BIN'];

export default function setup(): void {
  const bin = process.env.CHATOXIDE_BIN;
  if (!bin) {
    throw new Error('CHATOXIDE_BIN is not set: it names the built server, say target/debug/chatoxide');
  }
  try {
    accessSync(bin, constants.X_OK);
  } catch {
    throw new Error(`CHATOXIDE_BIN is ${bin}, which cannot be run: build it with cargo build`);
  }
  const missing = SERVICES.filter((name) => !process.env[name]);
  if (missing.length > 0) {
    throw new Error(`${missing.join(', ')} not set: run the tests under tests/support/with-services`);
  }
}
