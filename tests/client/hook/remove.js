// Removes what a run made from the database that the variable DATABASE names: a process that ends starts this one.
import { remove } from './removal.js';

try {
  await remove(process.env.DATABASE ?? '', process.argv[2] ?? '');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
