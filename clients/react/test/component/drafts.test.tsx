// @vitest-environment jsdom
// Drafts: unsent text is kept per user and room. It survives a reload, within limits on number and length.
import { cleanup, fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import { field, press, show, type } from './page.js';
import { aChat } from './samples.js';

beforeAll(layOut);
beforeEach(() => sessionStorage.clear());
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
  const { draftKey, draftOf } = await reloaded();
  expect(draftOf(draftKey('alice', 'kept'))).toBe('half of a sent');
  expect(draftOf(draftKey('bob', 'kept'))).toBe('');
  press(field(), 'Enter');
  expect((await reloaded()).draftOf(draftKey('alice', 'kept'))).toBe('');
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
  const { draftKey, draftOf } = await reloaded();
  expect(draftOf(draftKey('alice', 'early'))).toBe('early');
});

test('fifty are kept, and long ones not on disk', async () => {
  const { draftKey, draftOf, setDraft } = await reloaded();
  const key = (index: number) => draftKey('alice', `room ${index}`);
  for (let index = 0; index < 51; index += 1) setDraft(key(index), 'x');
  expect([draftOf(key(0)), draftOf(key(1)), sessionStorage.length]).toEqual(['', 'x', 50]);
  setDraft(key(50), 'x'.repeat(100_001));
  expect([draftOf(key(50)).length, sessionStorage.length]).toEqual([100_001, 49]);
});

test('lasts as long as the page where the browser keeps nothing', async () => {
  const refuse = () => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  const spies = (['setItem', 'getItem', 'removeItem'] as const).map((name) =>
    vi.spyOn(Storage.prototype, name).mockImplementation(refuse),
  );
  const { draftKey, draftOf, setDraft } = await reloaded();
  setDraft(draftKey('alice', 'full'), 'kept');
  expect(draftOf(draftKey('alice', 'full'))).toBe('kept');
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
