// `npm run test:hook` as a process: what it says of a good hook, and of hooks with one fault each.
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import jwt from 'jsonwebtoken';
import { Server as SocketServer } from 'socket.io';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SECRET } from '../support/tokens';
import { aWorld } from '../support/world';
import { faulty, IMPATIENT, lines, run, runWith, type Run, SAMPLE, SLOW } from './command';

/** A chat server as small as can be, with one room, and no way to make another. */
async function serveOneRoom(room: string) {
  const http = createServer();
  const sockets = new SocketServer(http, { cors: { origin: '*' } });
  const messages: object[] = [];
  sockets.on('connection', (socket) => {
    const { sub: senderId, name: senderName } = jwt.verify(socket.handshake.auth.token as string, SECRET) as {
      sub: string;
      name: string;
    };
    socket.on('room:join', async (roomId: string, ack?: (answer: object) => void) => {
      await socket.join(roomId);
      socket.emit('room:history', { roomId, messages: roomId === room ? messages : [] });
      ack?.({ success: true });
    });
    socket.on(
      'message:send',
      ({ roomId, content }: Record<string, string>, ack: (answer: object) => void) => {
        if (roomId !== room) return ack({ success: false, error: `there is no room ${roomId}` });
        const id = String(messages.length);
        const message = { id, roomId, senderId, senderName, content, createdAt: new Date().toISOString() };
        messages.unshift(message);
        sockets.to(room).emit('message:new', message);
        ack({ success: true, message });
      },
    );
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => sockets.close() };
}

/** A fault of the sample: what is replaced in it, by what, and a part of the title of the check that must see it. */
type Fault = readonly [check: string, from: string, to: string];

/**
 * Hooks with faults, each seen by its own check and by no other of those that are run: so many faults cost one start of
 * the command.
 */
const FAULTY: Record<string, readonly Fault[]> = {
  'shows its own messages twice': [
    ['once for each', '[...all, message]', '[...all, message, { ...message }]'],
  ],
  'shows the newest first': [['history is there in order', 'messages.toReversed())', 'messages)']],
  'joins once and not again': [['once and in order', "chat.on('connect'", "chat.once('connect'"]],
  'has faults in its events and functions': [
    // It forgets edits, deletions, reactions that go, and the reactions of the history.
    ['an edit is seen', 'change(message.id, () => message)', 'void message'],
    ['a deletion is seen', 'id !== messageId', 'id !== "" + roomId'],
    ['a reaction is shown once', "'reaction:removed'", "'reaction:gone'"],
    [
      'reactions are there after a reload',
      'setMessages(messages.toReversed())',
      'setMessages(messages.toReversed().map((message) => ({ ...message, reactions: [] })))',
    ],
    // It never says that typing has ended, turns older pages around, never reads, and is always connected.
    ['with its end', "tell('typing:stop', roomId);", ''],
    ['paging reaches', 'page.messages.toReversed()', 'page.messages'],
    ['sends a read mark', "tell('room:read', roomId)", 'undefined'],
    ['follows a restart', "chat.on('disconnect'", "chat.on('gone'"],
  ],
  'has faults in its component': [
    // It does not mark what was edited, keeps the text it sent, and does not page.
    ['the page marks what', '<i>edited</i>', '<i></i>'],
    ['the page shows what is said', "setText(''))", 'undefined)'],
    ['scrolling up', 'void chat.loadMore()', 'undefined'],
    // It does not say who is typing, and does not look at the focus.
    ['the page says who', '`${userName} is writing`', "''"],
    ['marks the room as read', "addEventListener('focus', markAsRead)", 'focus()'],
  ],
};

// The tests run processes that share nothing but the servers, and that wait for much of their time.
describe.concurrent('npm run test:hook', () => {
  const world = aWorld('sqlite');
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'chatoxide-hook-'))));
  afterAll(() => rm(folder, { recursive: true }));

  test('a good hook passes every check, and the exit code is 0', { timeout: SLOW }, async () => {
    // A warning comes when the patience has ended, which a good hook does not come near.
    const good = await run('--hook', SAMPLE, '--url', world.server.url, '--patience', '60');

    expect(good.said).toMatch(/^21 passed, 0 failed, 0 not run$/m);
    expect(lines(good, '✓')).toHaveLength(21);
    expect(lines(good, '!')).toEqual([]);
    expect(good.code).toBe(0);
  });

  test.each(Object.entries(FAULTY))('a hook that %s is found out', { timeout: SLOW }, async (_, faults) => {
    const file = await faulty(folder, ...faults.map(([, from, to]) => [from, to] as const));
    const only = faults.flatMap(([check]) => ['--only', check]);

    const bad = await run('--hook', file, '--url', world.server.url, ...only, ...IMPATIENT);

    const failed = lines(bad, '✗').join('\n');
    for (const [check] of faults) expect(failed, bad.said).toContain(check);
    expect(bad.said).toMatch(new RegExp(`^0 passed, ${faults.length} failed, 0 not run$`, 'm'));
    expect(bad.code).toBe(1);
  });

  test('a hook that takes only a length of 50 for more is warned', { timeout: SLOW }, async () => {
    const source = (await readFile(SAMPLE, 'utf8'))
      .replace('setMessages(messages.toReversed())', '{ more = messages.length === 50; $& }')
      .replace('loadMore: async () => {', '$& if (!more) return;')
      .replace('export function useChat', 'let more = true;\n$&');
    const file = path.join(folder, 'equal.tsx');
    await writeFile(file, source);
    const some = ['--only', 'long history', '--patience', '20'];

    const equal = await run('--hook', file, '--url', world.server.url, ...some);

    expect(lines(equal, '!').join()).toContain('let it be `length >= limit`');
    expect(equal.said).toMatch(/^1 passed, 0 failed, 0 not run$/m);
  });

  test('other names, another variable, and no component', { timeout: SLOW }, async () => {
    const source = (await readFile(SAMPLE, 'utf8'))
      .replaceAll('useChat', 'useRoomChat')
      .replace('process.env.NEXT_PUBLIC_CHAT_URL', 'import.meta.env.VITE_CHAT')
      .replace('export function ChatRoom', "import './chat.css';\nexport function Unused");
    const file = path.join(folder, 'named.tsx');
    await writeFile(file, source);
    await writeFile(path.join(folder, 'chat.css'), 'main { color: red }');
    const names = ['--hook-export', 'useRoomChat', '--env', 'VITE_CHAT'];

    const some = ['--only', 'history is there', '--only', 'the page shows'];
    const named = await run('--hook', file, '--url', world.server.url, ...names, ...some);

    expect(lines(named, '✓').join()).toContain('the history is there in order');
    expect(named.said).toMatch(/^1 passed, 0 failed, 0 not run$/m);
    expect(named.code).toBe(0);
  });

  describe('without a secret', () => {
    const demo = aWorld('sqlite', { JWT_SECRET: '', DEMO: 'true' });

    test('a server in demo mode is asked for tokens', { timeout: SLOW }, async () => {
      const some = ['--only', 'history is there', '--only', 'no member of a private room'];

      const good = await runWith({}, '--hook', SAMPLE, '--url', demo.server.url, ...some);

      expect(good.said).toMatch(/^2 passed, 0 failed, 0 not run$/m);
      expect(good.code).toBe(0);
    });

    test('any other server is told from it in a sentence', { timeout: SLOW }, async () => {
      const refused = await runWith({}, '--hook', SAMPLE, '--url', world.server.url, '--only', 'history is');

      expect(refused.said).toContain('is not in demo mode (404): say what it signs tokens with, by --secret');
      expect(lines(refused, '✓')).toEqual([]);
      expect(refused.code).toBe(1);
    });
  });

  describe('on a server for one front end', () => {
    const ORIGIN = 'http://front.example.org:8080';
    const strict = aWorld('sqlite', { CORS_ORIGIN: ORIGIN });
    const OPTIONS = { secret: SECRET, origin: ORIGIN, 'component-export': 'Talk' };

    /** A component of another name is checked with these options, and with a variable that holds the wrong secret. */
    async function check(options: Record<string, string>, ...more: string[]): Promise<Run> {
      const file = await faulty(folder, ['export function ChatRoom', 'export function Talk']);
      const given = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
      const some = ['--only', 'the page shows what is said', ...more];
      const variables = { JWT_SECRET: `not ${SECRET}` };
      return runWith(variables, '--hook', file, '--url', strict.server.url, ...given, ...some);
    }

    test('a secret, an origin and the name of a component are used', { timeout: SLOW }, async () => {
      const good = await check(OPTIONS);

      expect(good.said).toMatch(/^1 passed, 0 failed, 0 not run$/m);
      expect(good.code).toBe(0);
    });

    test.each([
      ['secret', /^✗ the page shows what is said[^]*Authentication failed/m],
      ['origin', /^✗ the page shows what is said[^]*what Alice sees of the history/m],
      // Nothing is checked, as there is no component of the usual name.
      ['component-export', /^with React [\d.]+\s*$/m],
    ] as const)('without the %s the check does not pass', { timeout: SLOW }, async (name, said) => {
      const others = Object.entries(OPTIONS).filter(([other]) => other !== name);

      const without = await check(Object.fromEntries(others), ...IMPATIENT);

      expect(without.said).toMatch(said);
      expect(lines(without, '✓')).toEqual([]);
    });
  });

  test('on a server that makes no rooms, --room is the one for all', { timeout: SLOW }, async () => {
    const server = await serveOneRoom('lobby');
    const args = ['--hook', SAMPLE, '--url', server.url, '--only', 'history is there'];

    const [named, unnamed] = await Promise.all([run(...args, '--room', 'lobby'), run(...args, ...IMPATIENT)]);
    await server.close();

    expect(named.said).toMatch(/^1 passed, 0 failed, 0 not run$/m);
    expect(named.code).toBe(0);
    expect(unnamed.said).toContain('the host could not send: there is no room general');
    expect(unnamed.code).toBe(1);
  });

  test(
    'checks of a feature that the hook lacks are not run, and not counted as passed',
    { timeout: SLOW },
    async () => {
      const file = await faulty(folder, [
        "markAsRead: () => tell('room:read', roomId),",
        "'mark-as-read': null,",
      ]);

      const partial = await run('--hook', file, '--url', world.server.url, '--only', 'sends a read mark');

      expect(partial.said).toContain('not run: the hook returns no markAsRead');
      expect(partial.said).toMatch(/^0 passed, 0 failed, 1 not run$/m);
      expect(partial.code).toBe(0);
    },
  );

  test('a wrong command is refused in a sentence, with 2', async () => {
    for (const [args, sentence] of [
      [['--url', world.server.url], '--hook is missing'],
      [['--hook', 'nowhere.tsx', '--url', world.server.url], '--hook: there is no'],
      [['--hook', SAMPLE], '--url must be a URL'],
      [['--hook', SAMPLE, '--url', 'localhost'], '--url must be a URL'],
      [['--hook', SAMPLE, '--url', world.server.url, '--patience', 'none'], '--patience must be a number'],
      [['--hooks', SAMPLE], "Unknown option '--hooks'"],
    ] as const) {
      const wrong = await run(...args);
      expect(wrong.said).toContain(sentence);
      expect(wrong.code).toBe(2);
    }
  });

  test('a file that is no hook is told in a sentence', { timeout: SLOW }, async () => {
    const file = path.join(folder, 'broken.tsx');
    await writeFile(file, 'export const useChat = ;');
    const broken = await run('--hook', file, '--url', world.server.url);
    expect(broken.said).toContain("the hook's file cannot be built");
    expect(broken.code).toBe(1);

    await writeFile(file, 'export const useTalk = () => ({});');
    const nameless = await run('--hook', file, '--url', world.server.url);
    expect(nameless.said).toContain('exports no hook of the name useChat');
    expect(nameless.code).toBe(1);
    const without = await run('--hook', SAMPLE, '--url', world.server.url, '--component-export', 'Talk');
    expect(without.said).toContain('exports no component of the name Talk');
    expect(without.code).toBe(1);
  });
});
