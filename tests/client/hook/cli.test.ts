// `npm run test:hook` as a process: what it says of a good hook, and of hooks with one fault each.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SECRET } from '../support/tokens';
import { aWorld } from '../support/world';

const CLI = path.resolve(import.meta.dirname, 'cli.js');
const SAMPLE = path.resolve(import.meta.dirname, 'sample.tsx');
// Each begins a runner of its own.
const SLOW = 120_000;

interface Run {
  code: number;
  said: string;
}

async function run(...args: string[]): Promise<Run> {
  // What this run of the tests tells its own processes is not for that one.
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, JWT_SECRET: SECRET };
  const ended = promisify(execFile)(process.execPath, [CLI, ...args], { env });
  return ended.then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      said: stdout + stderr,
    }),
  );
}

const lines = ({ said }: Run, mark: string) => said.split('\n').filter((line) => line.startsWith(mark));

/** The sample with a fault: what it replaces, by what, and a part of the title of the check that must see it. */
const FAULTS: [title: string, check: string, from: string, to: string][] = [
  ['shows its own messages twice', 'once for each', '[...all, message]', '[...all, message, { ...message }]'],
  ['shows the newest first', 'history is there in order', 'messages.toReversed())', 'messages)'],
  ['forgets edits', 'an edit is seen', 'change(message.id, () => message)', 'void message'],
  ['forgets deletions', 'a deletion is seen', 'id !== messageId', 'id !== "" + roomId'],
  ['forgets reactions that go', 'a reaction is shown once', "'reaction:removed'", "'reaction:gone'"],
  [
    'drops the reactions of the history',
    'after a reload',
    'setMessages(messages.toReversed())',
    'setMessages(messages.toReversed().map((message) => ({ ...message, reactions: [] })))',
  ],
  ['never says that typing has ended', 'with its end', "tell('typing:stop', roomId);", ''],
  ['turns older pages around', 'paging reaches', 'page.messages.toReversed()', 'page.messages'],
  ['never reads', 'who reads says so', "tell('room:read', roomId)", 'undefined'],
  ['joins once and not again', 'once and in order', "chat.on('connect'", "chat.once('connect'"],
  ['is always connected', 'follows a restart', "chat.on('disconnect'", "chat.on('gone'"],
  ['does not mark what was edited', 'the page marks what', '<i>edited</i>', '<i></i>'],
  ['sends and keeps the text', 'the page shows what is said', "setText(''))", 'undefined)'],
  ['does not page', 'scrolling up', 'void chat.loadMore()', 'undefined'],
  ['does not say who is typing', 'the page says who', '`${userName} is writing`', "''"],
  [
    'does not look at the focus',
    'marks the room as read',
    "addEventListener('focus', markAsRead)",
    'focus()',
  ],
];

describe('npm run test:hook', () => {
  const world = aWorld('sqlite');
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), 'chatoxide-hook-'))));
  afterAll(() => rm(folder, { recursive: true }));

  async function faulty(from: string, to: string): Promise<string> {
    const source = await readFile(SAMPLE, 'utf8');
    expect(source.split(from), `${from} is in the sample once`).toHaveLength(2);
    const file = path.join(await mkdtemp(path.join(folder, 'fault-')), 'Chat.tsx');
    await writeFile(
      file,
      source.replace(from, () => to),
    );
    return file;
  }

  test('a good hook passes every check, and the exit code is 0', { timeout: SLOW }, async () => {
    const good = await run('--hook', SAMPLE, '--url', world.server.url);

    expect(good.said).toMatch(/^20 passed, 0 failed, 0 not run$/m);
    expect(lines(good, '✓')).toHaveLength(20);
    expect(good.code).toBe(0);
  });

  test.each(FAULTS)('a hook that %s is found out by "%s"', { timeout: SLOW }, async (_, check, from, to) => {
    const file = await faulty(from, to);

    const bad = await run('--hook', file, '--url', world.server.url, '--only', check, '--patience', '4');

    expect(lines(bad, '✗').join('\n'), bad.said).toContain(check);
    expect(bad.said).toMatch(/ 0 not run$/m);
    expect(bad.code).toBe(1);
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

    const named = await run('--hook', file, '--url', world.server.url, ...names);

    expect(named.said).toMatch(/^13 passed, 0 failed, 0 not run$/m);
    expect(named.code).toBe(0);
  });

  test('what a hook does not have is not run, and not counted as passed', { timeout: SLOW }, async () => {
    const file = await faulty("markAsRead: () => tell('room:read', roomId),", "'mark-as-read': null,");

    const partial = await run('--hook', file, '--url', world.server.url, '--only', 'who reads');

    expect(partial.said).toContain('not run: the hook returns no markAsRead');
    expect(partial.said).toMatch(/^0 passed, 0 failed, 1 not run$/m);
    expect(partial.code).toBe(0);
  });

  test('a wrong command is refused in a sentence, with 2', async () => {
    for (const [args, sentence] of [
      [['--url', world.server.url], '--hook is missing'],
      [['--hook', 'nowhere.tsx', '--url', world.server.url], '--hook: there is no'],
      [['--hook', SAMPLE], '--url wants a URL'],
      [['--hook', SAMPLE, '--url', 'localhost'], '--url wants a URL'],
      [['--hook', SAMPLE, '--url', world.server.url, '--patience', 'none'], '--patience wants a number'],
      [['--hooks', SAMPLE], "Unknown option '--hooks'"],
    ] as const) {
      const wrong = await run(...args);
      expect(wrong.said).toContain(sentence);
      expect(wrong.code).toBe(2);
    }
  });

  test(
    'a file that is no hook, and a server that is not there, are told in a sentence',
    { timeout: SLOW },
    async () => {
      const file = path.join(folder, 'broken.tsx');
      await writeFile(file, 'export const useChat = ;');
      const broken = await run('--hook', file, '--url', world.server.url);
      expect(broken.said).toContain("the hook's file cannot be built");
      expect(broken.code).toBe(1);

      await writeFile(file, 'export const useTalk = () => ({});');
      const nameless = await run('--hook', file, '--url', world.server.url);
      expect(nameless.said).toContain('exports no hook of the name useChat');
      expect(nameless.code).toBe(1);

      // Nobody listens on port 9 of this machine.
      const away = await run('--hook', SAMPLE, '--url', 'http://127.0.0.1:9', '--only', 'history is there');
      expect(away.said).toContain('✗ the history is there in order');
      expect(away.code).toBe(1);
    },
  );
});
