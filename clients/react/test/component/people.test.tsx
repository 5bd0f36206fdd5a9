// @vitest-environment jsdom
// The owner of a draft, the height of the composer, and the avatars of users.
import { cleanup, fireEvent } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { layOut } from '../../../../tests/client/hook/layout.js';
import { field, press, rowOf, show, type } from './page.js';
import { aChat, message, NOON } from './samples.js';

beforeAll(layOut);
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const value = () => (field() as HTMLTextAreaElement).value;

describe('a draft', () => {
  test('is there again when its user is, and no other sees it', async () => {
    const { showAnew } = await show(aChat([]));
    type(field(), 'alice writes');
    await showAnew(aChat([], { userId: 'bob' }));
    expect(value()).toBe('');
    type(field(), 'bob writes');
    cleanup();
    await show(aChat([]));
    expect(value()).toBe('alice writes');
    press(field(), 'Enter');
    cleanup();
    await show(aChat([]));
    expect(value()).toBe('');
    cleanup();
    await show(aChat([], { userId: 'bob', roomId: 'other' }));
    expect(value()).toBe('');
    cleanup();
    await show(aChat([], { userId: 'bob' }));
    expect(value()).toBe('bob writes');
  });

  test('that was begun before the token is known is its user’s', async () => {
    const { showAnew } = await show(aChat([], { userId: null, roomId: 'early' }));
    type(field(), 'early');
    await showAnew(aChat([], { roomId: 'early' }));
    expect(value()).toBe('early');
  });
});

describe('the field', () => {
  beforeEach(() => {
    vi.spyOn(HTMLTextAreaElement.prototype, 'scrollHeight', 'get').mockImplementation(function (
      this: HTMLTextAreaElement,
    ) {
      return 20 * this.value.split('\n').length;
    });
    return () => vi.restoreAllMocks();
  });

  test('grows with its text where the browser does not do it', async () => {
    vi.stubGlobal('CSS', { supports: () => false });
    await show(aChat([], { roomId: 'grows' }));
    const before = parseInt(field().style.height);
    type(field(), 'one\ntwo\nthree');
    expect(parseInt(field().style.height)).toBe(before + 40);
    press(field(), 'Enter');
    expect(parseInt(field().style.height)).toBe(before);
  });

  test('is left alone where it does', async () => {
    vi.stubGlobal('CSS', { supports: () => true });
    await show(aChat([], { roomId: 'grows' }));
    type(field(), 'one\ntwo\nthree');
    expect(field().style.height).toBe('');
  });
});

describe('a picture', () => {
  const pictureOf = () => rowOf('first').querySelector('img');
  const showWith = (avatar: string | null) =>
    show(aChat([message('first', NOON)], { members: [{ id: 'alice', name: 'Alice', avatar }] }));

  test.each(['https://example.org/alice.png', 'data:image/png;base64,AAAA', '/alice.png'])(
    'of %s is shown, and the letters when it cannot be',
    async (avatar) => {
      await showWith(avatar);
      const picture = pictureOf() as HTMLImageElement;
      expect(picture.src).toBe(new URL(avatar, document.baseURI).href);
      fireEvent.error(picture);
      expect(pictureOf()).toBeNull();
      expect(rowOf('first').querySelector('.chat-avatar')?.textContent).toBe('A');
    },
  );

  // This includes a plain HTTP URL of another origin, which the page's Content-Security-Policy blocks.
  test.each([null, 'fox', 'javascript:alert(1)', 'data:text/html,x', 'http://example.org/alice.png'])(
    'of %s is not',
    async (avatar) => {
      await showWith(avatar);
      expect(pictureOf()).toBeNull();
    },
  );
});
