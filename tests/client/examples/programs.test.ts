// The programs of docs/protocol.md and docs/sign-in.md, run as they are, and the commands that the READMEs print.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import jwt from 'jsonwebtoken';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { Client } from '../support/client';
import { required } from '../support/databases';
import { seedMessages, seedRoom, seedUsers } from '../support/seed';
import { Server } from '../support/server';
import { tokenOf } from '../support/tokens';
import { EXAMPLES, Program } from './app';

// Programs start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const ALICE = { id: 'alice', name: 'Alice' };
const BOB = { id: 'bob', name: 'Bob' };
const NODE = process.execPath;

let folder: string;
let server: Server;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'chatoxide-programs-'));
  await cp(path.join(EXAMPLES, 'node-socket'), folder, { recursive: true });
  await symlink(path.resolve(EXAMPLES, '../tests/apps/node_modules'), path.join(folder, 'node_modules'));
  server = await Server.start('sqlite', { RELAY_EVENTS: 'call:*' });
  await seedUsers(server.database, [ALICE, BOB]);
  const members = ['alice', 'bob'];
  await seedRoom(server.database, { id: 'general', name: 'General', type: 'public', members });
  const said = { id: 'm-1', senderId: 'bob', content: 'said before', at: Date.now() - 60_000 };
  await seedMessages(server.database, 'general', [said]);
});

afterAll(async () => {
  await server.remove();
  await rm(folder, { recursive: true });
});

function start(file: string, token: string): Program {
  const program = new Program([NODE, file], folder, { CHAT_URL: server.url, CHAT_TOKEN: token });
  onTestFinished(async () => void (await program.interrupt()));
  return program;
}

async function enter(url: string, user: typeof ALICE, token?: string): Promise<Client> {
  const client = await Client.connect(url, user, token === undefined ? {} : { token });
  onTestFinished(() => client.close());
  expect(await client.ask('room:join', 'general')).toEqual({ success: true });
  client.forget();
  return client;
}

test('the program of docs/protocol.md prints the history, says hello and ends', async () => {
  const bob = await enter(server.url, BOB);

  const hello = start('hello.js', tokenOf(ALICE));

  await hello.says(/said before[^]*success: true/);
  expect(await hello.ended()).toBe(0);
  expect((await bob.next('message:new')).content).toBe('Hello');
});

test('the program of docs/protocol.md says what is wrong with its token, and ends', async () => {
  const refused = start('hello.js', 'no token');

  await refused.says(/^Authentication failed$/m);
  await refused.ended();
});

test('the program of docs/protocol.md that relays an event prints those of others', async () => {
  const [bobs, alices] = [start('call.js', tokenOf(BOB)), start('call.js', tokenOf(ALICE))];

  await Promise.all([bobs, alices].map((program) => program.says(/success: true/)));

  await Promise.any([bobs.says(/^Alice \(alice\) calls general: v=0$/m), alices.says(/^Bob \(bob\) calls/m)]);
});

test('the endpoint of docs/sign-in.md says who signs in', async () => {
  const endpoint = new Program([NODE, 'server.js'], path.join(EXAMPLES, 'node-sign-in'), { PORT: '0' });
  const [, port] = await endpoint.says(/listening on (\d+)/);
  const origin = 'https://app.example';
  const settings = { JWT_SECRET: '', AUTH_URL: `http://127.0.0.1:${port}`, CORS_ORIGIN: origin };
  const asking = await Server.start('sqlite', settings);
  onTestFinished(async () => {
    await asking.remove();
    await endpoint.interrupt();
  });
  const signIn = (cookie: string) =>
    Client.connect(asking.url, { id: 'ann', name: 'Ann' }, { auth: {}, headers: { cookie, origin } });

  const ann = await signIn('theme=dark; session=s-1');
  const { room } = await ann.ask('room:create', { name: 'Plans' });
  expect(room.members).toEqual(['ann']);
  ann.close();

  await expect(signIn('session=s-2')).rejects.toThrow('Authentication failed');
});

describe('in the folder of a server in demo mode', () => {
  let home: string;
  let url: string;
  let demo: Program;
  beforeAll(async () => {
    home = path.join(folder, 'demo');
    await mkdir(path.join(home, 'target/release'), { recursive: true });
    await symlink(required('CHATOXIDE_BIN'), path.join(home, 'target/release/chatoxide'));
    const settings = { PORT: '0', DATABASE_URL: '', JWT_SECRET: '' };
    demo = new Program(['target/release/chatoxide'], home, settings);
    [url] = await demo.says(/http:\/\/127\.0\.0\.1:\d+/);
  });
  afterAll(async () => void (await demo.interrupt()));

  /** Runs these commands there, and returns their output. */
  const print = async (commands?: string) =>
    (await promisify(execFile)('bash', ['-euc', commands ?? 'false'], { cwd: home })).stdout;
  const readme = (file: string) => readFile(path.resolve(EXAMPLES, file), 'utf8');

  test('the commands of examples/README.md print a token, and the secret of the server', async () => {
    const text = await readme('README.md');
    const [, token] = /```sh\n(target\/release\/chatoxide token .*)\n```/.exec(text) ?? [];
    const [, secret] = /`(JWT_SECRET=\$\(cat .*\))`/.exec(text) ?? [];

    await enter(url, ALICE, (await print(token)).trim());
    const key = await print(`${secret}; printf %s "$JWT_SECRET"`);
    await enter(url, BOB, jwt.sign({ sub: 'bob', name: 'Bob' }, key));
  });

  test('the commands of the README send a message', async () => {
    const [, commands] = /```sh\n(TOKEN=[^]*?)```/.exec(await readme('../README.md')) ?? [];
    const token = jwt.sign({ sub: 'bob', name: 'Bob' }, await print('cat data/demo-secret'));
    const bob = await enter(url, BOB, token);

    await print(commands?.replace('http://127.0.0.1:3000', url));

    expect(await bob.next('message:new')).toMatchObject({ senderName: 'Alice', content: 'Hello' });
  });
});
