// @vitest-environment jsdom
// Drafts: unsent text is kept per user and room. It survives a reload, within limits on number and length.
import { cleanup, fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import { button, field, press, show, type } from './page.js';
import { aChat, later, message, NOON } from './samples.js';

beforeAll(layOut);
beforeEach(() => {
  sessionStorage.clear();
  localStorage.clear();
});
afterEach(cleanup);

const text = () => (field() as HTMLTextAreaElement).value;

/** The store of drafts in a freshly loaded page. */
async function reloaded() {
  vi.resetModules();
  return import('../../src/component/drafts.js');
}

test('outlasts a reload, and is gone when it was sent', async () => {
  await show(aChat([], { roomId: 'kept' }));
  type(field(), 'half of a sent');
  const { draftKey, drafts } = await reloaded();
  expect(drafts.get(draftKey('alice', 'kept'))).toBe('half of a sent');
  expect(drafts.get(draftKey('bob', 'kept'))).toBe('');
  press(field(), 'Enter');
  expect((await reloaded()).drafts.get(draftKey('alice', 'kept'))).toBe('');
});

test('is there when one comes back to the room, and not in another, nor for another user', async () => {
  await show(aChat([], { roomId: 'here' }));
  type(field(), 'begun here');
  cleanup();
  await show(aChat([], { roomId: 'there' }));
  expect(text()).toBe('');
  cleanup();
  await show(aChat([], { roomId: 'here', userId: 'bob' }));
  expect(text()).toBe('');
  cleanup();
  await show(aChat([], { roomId: 'here' }));
  expect(text()).toBe('begun here');
});

test('that is begun before it is known by whom is kept nowhere, and then that user’s', async () => {
  const chat = aChat([], { roomId: 'early', userId: null });
  const { showAnew } = await show(chat);
  type(field(), 'early');
  expect(sessionStorage).toHaveLength(0);
  await showAnew({ ...chat, userId: 'alice' });
  expect(text()).toBe('early');
  const { draftKey, drafts } = await reloaded();
  expect(drafts.get(draftKey('alice', 'early'))).toBe('early');
});

test('keeps what it answers', async () => {
  const talk = [message('first', NOON), message('second', later(1), { senderId: 'bob', senderName: 'Bob' })];
  const chat = aChat(talk, { roomId: 'answers' });
  await show(chat);
  fireEvent.click(button('second', 'Reply'));
  type(field(), 'half of an answer');
  cleanup();

  await show(aChat(talk, { roomId: 'elsewhere' }));
  expect(screen.queryByText('Replying to Bob')).toBeNull();
  cleanup();
  await show(aChat(talk, { roomId: 'answers', userId: 'bob' }));
  expect(screen.queryByText('Replying to Bob')).toBeNull();
  cleanup();

  const { answered, draftKey } = await reloaded();
  expect(JSON.parse(answered.get(draftKey('alice', 'answers')))).toMatchObject({ id: 'second' });
  // The page that is loaded anew shows it at once, and also where the message is older than what is loaded.
  const loading = aChat([], { roomId: 'answers', isReady: false });
  const { showAnew } = await show(loading);
  expect(screen.getByText('Replying to Bob')).toBeTruthy();
  await showAnew({ ...loading, isReady: true, hasMore: true, messages: [message('third', later(2))] });
  expect(screen.getByText('Replying to Bob')).toBeTruthy();
  press(field(), 'Enter');
  expect(loading.sendMessage).toHaveBeenCalledExactlyOnceWith('half of an answer', { replyTo: 'second' });
  expect(screen.queryByText('Replying to Bob')).toBeNull();
  expect(sessionStorage).toHaveLength(0);
});

test('answers nothing when the message was deleted in the meantime, which is said once', async () => {
  const talk = [message('first', NOON), message('second', later(1))];
  await show(aChat(talk, { roomId: 'gone' }));
  fireEvent.click(button('second', 'Reply'));
  cleanup();
  const { showAnew } = await show(aChat([], { roomId: 'gone', isReady: false }));
  await showAnew(aChat(talk.slice(0, 1), { roomId: 'gone' }));
  expect(screen.queryByText('Replying to Alice')).toBeNull();
  expect(screen.getByText(/That message was not found/)).toBeTruthy();
  expect(sessionStorage).toHaveLength(0);
  cleanup();
  await show(aChat(talk.slice(0, 1), { roomId: 'gone' }));
  expect(screen.queryByText(/That message was not found/)).toBeNull();
});

test.each(['{', 'null', '1', '{"id":1}', '[]'])('answers nothing when %s is kept', async (kept) => {
  const { answered, draftKey } = await import('../../src/component/drafts.js');
  answered.set(draftKey('alice', 'spoilt'), kept);
  await show(aChat([], { roomId: 'spoilt' }));
  expect(screen.queryByText(/Replying to/)).toBeNull();
});

test('fifty are kept, and long ones not on disk', async () => {
  const { draftKey, drafts } = await reloaded();
  const key = (index: number) => draftKey('alice', `room ${index}`);
  for (let index = 0; index < 51; index += 1) drafts.set(key(index), 'x');
  expect([drafts.get(key(0)), drafts.get(key(1)), sessionStorage.length]).toEqual(['', 'x', 50]);
  drafts.set(key(50), 'x'.repeat(100_001));
  expect([drafts.get(key(50)).length, sessionStorage.length]).toEqual([100_001, 49]);
});

test('lasts as long as the page where the browser keeps nothing', async () => {
  const refuse = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  const spies = (['setItem', 'getItem', 'removeItem'] as const).map((name) =>
    vi.spyOn(Storage.prototype, name).mockImplementation(refuse),
  );
  const { draftKey, drafts } = await reloaded();
  drafts.set(draftKey('alice', 'full'), 'kept');
  expect(drafts.get(draftKey('alice', 'full'))).toBe('kept');
  spies.forEach((spy) => spy.mockRestore());
});

test('the composer takes the focus where it is told to, and not on a touch screen', async () => {
  await show(aChat([]));
  expect(document.activeElement).toBe(document.body);
  cleanup();
  await show(aChat([]), { autoFocus: true });
  expect(document.activeElement).toBe(field());
  cleanup();
  vi.stubGlobal('matchMedia', (query: string) => ({ matches: query === '(pointer: coarse)' }));
  await show(aChat([]), { autoFocus: true });
  expect(document.activeElement).toBe(document.body);
  vi.unstubAllGlobals();
  fireEvent.click(screen.getByRole('button', { name: 'Send' }));
});

test('outlasts its tab, and a tab without a text of its own follows the one that writes', async () => {
  const { draftKey, drafts } = await reloaded();
  const key = draftKey('alice', 'general');
  drafts.set(key, 'begun in a tab that was killed');
  sessionStorage.clear();
  const other = await reloaded();
  expect(other.drafts.get(key)).toBe('begun in a tab that was killed');

  const name = `chatoxide-draft ${key}`;
  const told = (newValue: string | null) =>
    window.dispatchEvent(new StorageEvent('storage', { key: name, newValue, storageArea: localStorage }));
  told('written on');
  expect(other.drafts.get(key)).toBe('written on');
  told(null);
  expect(other.drafts.get(key), 'it was sent there').toBe('');
  other.drafts.set(key, 'my own');
  told('theirs');
  expect(other.drafts.get(key)).toBe('my own');
});

test('is erased with all others of a user who signs out, and what they answer', async () => {
  const { answered, draftKey, drafts, forgetDrafts } = await reloaded();
  drafts.set(draftKey('alice', 'one'), 'a text');
  answered.set(draftKey('alice', 'two'), '{}');
  drafts.set(draftKey('alice2', 'one'), 'of another');
  forgetDrafts('alice');
  for (const storage of [sessionStorage, localStorage]) {
    expect(storage).toHaveLength(1);
    expect(storage.getItem(`chatoxide-draft ${draftKey('alice2', 'one')}`)).toBe('of another');
  }
  expect(drafts.get(draftKey('alice', 'one'))).toBe('');
});
