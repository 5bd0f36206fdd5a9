// Removes what a run made from the database that the variable DATABASE names: a process that ends starts this one.
// The exit code is 3 when the run is not there.
import { remove } from './removal.js';

try {
  const wasThere = await remove(process.env.DATABASE ?? '', process.argv[2] ?? '');
  process.exitCode = wasThere ? 0 : 3;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
