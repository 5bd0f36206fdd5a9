// A registry for npm on this machine, with the packages that are installed in clients/: nothing is fetched.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { CLIENTS, find, manifest } from './installed.js';

export interface Registry {
  url: string;
  close: () => void;
}

/** By name and version, where each of these packages and all that they need lie. */
async function collect(names: string[]): Promise<Map<string, Map<string, string>>> {
  const all = new Map<string, Map<string, string>>();
  const add = async (name: string, from: string): Promise<void> => {
    const folder = find(name, from);
    const { version, dependencies } = await manifest(folder);
    const versions = all.get(name) ?? new Map<string, string>();
    if (versions.has(version)) return;
    all.set(name, versions.set(version, folder));
    for (const dependency of Object.keys(dependencies)) await add(dependency, folder);
  };
  for (const name of names) await add(name, CLIENTS);
  return all;
}

/** The file that npm unpacks: it removes the first folder, whatever its name is. */
async function tarballOf(folder: string): Promise<Buffer> {
  const options = ['-czf', '-', '-C', folder, '--exclude=node_modules', '--transform=s,^\\.,package,', '.'];
  const run = promisify(execFile);
  return (await run('tar', options, { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 })).stdout;
}

export async function registryOf(...names: string[]): Promise<Registry> {
  const all = await collect(names);
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const answer = async (path: string): Promise<Buffer | string | undefined> => {
    const [name = '', version] = decodeURIComponent(path.slice(1)).split('/-/');
    const folders = all.get(name);
    const folder = folders?.get(version ?? '');
    if (folder) return tarballOf(folder);
    if (!folders || version !== undefined) return undefined;
    const versions = [...folders].map(async ([version, folder]) => {
      const dist = { tarball: `${url}/${name}/-/${version}` };
      return [version, { ...(await manifest(folder)), dist }];
    });
    const latest = [...folders.keys()].at(-1);
    return JSON.stringify({
      name,
      'dist-tags': { latest },
      versions: Object.fromEntries(await Promise.all(versions)) as unknown,
    });
  };
  server.on('request', (request, response) => {
    answer(request.url ?? '').then(
      (body) => response.writeHead(body === undefined ? 404 : 200).end(body),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  return { url, close: () => void server.close() };
}
