#!/usr/bin/env node
// `npm run test:hook`: checks somebody's hook file against a running server.
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { whyUnreachable } from './reachable.js';
import { whyUnusable } from './removal.js';

const USAGE = `Checks a useChat hook, and a ChatRoom component if there is one, against a running chat server.

  npm run test:hook -- --hook path/to/Chat.tsx --url http://localhost:3000

  --hook FILE              the file that exports the hook; it is not changed
  --url URL                the server; a path in it is the namespace, as for socket.io-client
  --path PATH              where Socket.IO is on the server (default: /socket.io). The file takes it from its own code.
  --secret SECRET          what the server signs tokens with (default: JWT_SECRET; without, demo mode is asked for tokens)
  --hook-export NAME       default: useChat
  --component-export NAME  default: ChatRoom
  --env NAME               the variable from which the file takes the server's URL, as process.env.NAME or
                           import.meta.env.NAME; may be repeated (default: NEXT_PUBLIC_CHAT_URL)
  --origin URL             the origin of the page, as the server's CORS settings want it (default: http://localhost:3000)
  --room ID                a public room for all checks, on a server that does not know room:create (default: general)
  --only TEXT              runs the checks with this in their titles; may be repeated
  --patience SECONDS       the longest wait for anything that must happen (default: 15)
  --database URL           the server's database: what the checks made is removed from it (postgresql:, sqlite: or file:)
                           (default: DATABASE_URL)
  --help

The checks make users and rooms of their own, which no client can delete. With the server's database they are removed at
the end. Without, as on a server whose database is out of reach, they stay: the last line names them, and
docs/migrating-from-node.md has the SQL that removes them. The exit code is 0 when no check failed, 1 when one did, and 2
when the options are wrong or the server cannot be reached.`;

const text = /** @type {const} */ ({ type: 'string' });

/** @param {string} why */
function refuse(why) {
  console.error(`${why}\nRun with --help for the options.`);
  process.exit(2);
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        hook: text,
        url: text,
        path: { type: 'string', default: '/socket.io' },
        secret: text,
        'hook-export': text,
        'component-export': text,
        env: { type: 'string', multiple: true },
        origin: { type: 'string', default: 'http://localhost:3000' },
        room: { type: 'string', default: 'general' },
        only: { type: 'string', multiple: true },
        patience: { type: 'string', default: '15' },
        database: text,
        help: { type: 'boolean' },
      },
    });
    return values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/** @param {string} name @param {string | undefined} url */
function webUrl(name, url) {
  if (!url || !URL.canParse(url) || !/^https?:/.test(url))
    return refuse(`--${name} must be a URL that begins with http: or https:`);
  return new URL(url).href;
}

const given = readArguments();
if (given.help) {
  console.log(USAGE);
  process.exit(0);
}
if (!given.hook) refuse('--hook is missing: the file that exports the hook');
// npm runs scripts in this folder, and says where it was called.
const file = path.resolve(process.env.INIT_CWD ?? process.cwd(), given.hook ?? '');
if (!existsSync(file)) refuse(`--hook: there is no ${file}`);
const url = webUrl('url', given.url);
const origin = webUrl('origin', given.origin);
const patience = Number(given.patience) * 1000;
if (!(patience > 0)) refuse('--patience must be a number of seconds');

if (!given.path?.startsWith('/')) refuse('--path must be a path that begins with a slash');

const unreachable = await whyUnreachable(url, given.path, Math.min(patience, 60_000));
if (unreachable !== undefined) {
  console.error(`${url} cannot be reached (${unreachable}): is the server running, and is --url right?`);
  process.exit(2);
}
// An empty variable is one that is not set.
const database = given.database ?? (process.env.DATABASE_URL || undefined);
const unusable = database === undefined ? undefined : await whyUnusable(database);
if (unusable !== undefined)
  refuse(`${given.database === undefined ? 'DATABASE_URL' : '--database'} cannot be used: ${unusable}`);
console.log(`${path.basename(file)} against ${url}`);
// Everything that this run makes on the server is named after it. Several runs may check one server.
const run = `hook-check-${randomUUID().slice(-12)}`;
// Loaded only here: a wrong command is answered without the half second that it takes.
const { startVitest } = await import('vitest/node');
const vitest = await startVitest('test', [], {
  root: path.resolve(import.meta.dirname, '..'),
  config: false,
  watch: false,
  include: ['hook/given.check.ts'],
  environmentOptions: { jsdom: { url: origin } },
  testNamePattern: given.only?.map((title) => title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'),
  // A check waits for several things.
  testTimeout: patience * 4,
  hookTimeout: patience * 4,
  reporters: [['./hook/report.ts', { run, database }]],
  provide: {
    hook: {
      file,
      hookExport: given['hook-export'],
      componentExport: given['component-export'],
      variables: given.env,
    },
    server: {
      url,
      path: given.path,
      secret: given.secret ?? process.env.JWT_SECRET,
      room: given.room,
      run,
      isCleared: database !== undefined,
    },
    patience,
  },
});
const failed = vitest.state.getCountOfFailedTests() > 0 || vitest.state.getUnhandledErrors().length > 0;
const broken = vitest.state.getTestModules().some((module) => module.errors().length > 0);
await vitest.close();
process.exit(failed || broken ? 1 : 0);
