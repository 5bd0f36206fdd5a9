// The stored session: it survives a reload, and in demo mode it gets a new token before the last one expires.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { demoUsers, signInByName, signInByToken, store, storedSession, tokensOf } from '../src/session.js';

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A token for Alice that expires after so many milliseconds. */
const tokenFor = (millis: number, serial = 0) =>
  `${encode({ alg: 'none' })}.${encode({ sub: 'alice', name: 'Alice', exp: (Date.now() + millis) / 1000, serial })}.x`;
const HOUR = 3_600_000;
const demo = (token: string) => ({ user: { id: 'alice', name: 'Alice' }, isDemo: true, token });

const fetched = vi.fn<(path: string, options?: RequestInit) => Promise<Response>>();
const answers = (status: number, body: object) =>
  fetched.mockResolvedValueOnce(new Response(JSON.stringify(body), { status }));

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
  vi.stubGlobal('fetch', fetched);
});
afterEach(() => {
  fetched.mockReset();
  vi.unstubAllGlobals();
});

test('a session is kept until one signs out, and what is no session is none', () => {
  const session = demo(tokenFor(HOUR));
  store(session);
  expect(storedSession()).toEqual(session);
  store(null);
  expect(storedSession()).toBeNull();
  sessionStorage.setItem('chatoxide-session', 'not JSON');
  expect(storedSession()).toBeNull();
});

test('a token that lasts is used as it is', async () => {
  const session = demo(tokenFor(HOUR));
  expect(await tokensOf(session)()).toBe(session.token);
  expect(fetched).not.toHaveBeenCalled();
});

test.each([
  ['that is about to end', tokenFor(30_000)],
  ['that nobody can read', 'x'],
])('in demo mode a token %s is replaced once, by name, and the new one is kept', async (_, old) => {
  const renewed = demo(tokenFor(HOUR, 1));
  answers(200, { token: renewed.token, user: renewed.user });
  const token = tokensOf(demo(old));
  expect(await token()).toBe(renewed.token);
  expect(await token()).toBe(renewed.token);
  expect(fetched.mock.calls.map(([path, options]) => [path, options?.body])).toEqual([
    ['/demo/token', '{"name":"Alice"}'],
  ]);
  expect(storedSession()).toEqual(renewed);
});

test('a refusal is said as the server says it', async () => {
  answers(400, { detail: 'A name has letters.' });
  await expect(signInByName('!')).rejects.toThrow('A name has letters.');
  answers(500, {});
  await expect(signInByName('Alice')).rejects.toThrow('The server answered 500.');
});

test('where there is no demo mode there is nobody to come in as', async () => {
  answers(404, {});
  expect(await demoUsers()).toBeNull();
  answers(200, { users: [{ id: 'alice', name: 'Alice' }] });
  expect(await demoUsers()).toEqual([{ id: 'alice', name: 'Alice' }]);
});

test('a pasted token names its user', () => {
  const token = tokenFor(HOUR);
  expect(signInByToken(` ${token}\n`)).toEqual({ ...demo(token), isDemo: false });
  expect(() => signInByToken('not a token')).toThrow('This is not a token');
});
