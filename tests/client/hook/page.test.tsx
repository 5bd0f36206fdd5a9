// @vitest-environment jsdom
// The original's component, unmodified, as pages of several users beside each other in a browser.
import { act, cleanup, fireEvent, render, renderHook, waitFor, within } from '@testing-library/react';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { BACKENDS } from '../support/databases';
import { seedMessages } from '../support/seed';
import type { User } from '../support/tokens';
import { aWorld } from '../support/world';
import { loadForBrowser } from './browser_hook';
import type { OriginalHook } from './original_hook';

const PATIENCE = { timeout: 15_000 };
// What a room of `users` holds.
const WELCOME = 'message 0';

let original: OriginalHook;

beforeAll(async () => {
  // jsdom lays nothing out, so there is nothing to scroll.
  Element.prototype.scrollIntoView = () => {};
  original = await loadForBrowser();
});
afterAll(() => original.remove());
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
});

describe.each(BACKENDS)('pages on %s', (backend) => {
  const world = aWorld(backend);

  /** A user's page, once it is connected. */
  async function load(room: string, user: User) {
    process.env.NEXT_PUBLIC_CHAT_URL = world.server.url;
    const { ChatRoom } = original;
    const { container, unmount } = render(
      <ChatRoom roomId={room} currentUserId={user.id} token={world.tokenOf(user)} />,
    );
    const page = within(container);
    const all = (selector: string) => [...container.querySelectorAll(selector)];
    const texts = (selector: string) => all(selector).map((element) => element.textContent);
    const sees = (look: () => void) => waitFor(look, PATIENCE);
    await page.findByText(/Connected/, {}, PATIENCE);
    return {
      unmount,
      sees,
      texts,
      contents: () => texts('.message-content'),
      showsContents: (...expected: string[]) =>
        sees(() => expect(texts('.message-content')).toEqual([WELCOME, ...expected])),
      showsTyping: (expected: string[]) => sees(() => expect(texts('.typing-indicator')).toEqual(expected)),
      status: () => texts('.status-bar')[0],
      input: () => page.getByPlaceholderText<HTMLInputElement>('Type a message...'),
      reactions: () => all('.reactions span'),
      scrollToTop: () => fireEvent.scroll(all('.messages')[0]),
    };
  }
  type Page = Awaited<ReturnType<typeof load>>;

  /** A member's page, once the history is there: from then on it hears all. */
  async function open(room: string, user: User): Promise<Page> {
    const page = await load(room, user);
    await page.sees(() => expect(page.contents()).not.toEqual([]));
    return page;
  }

  const type = (page: Page, text: string) => fireEvent.change(page.input(), { target: { value: text } });

  /** Types a text and sends it; the page clears its input when the server has taken it. */
  async function send(page: Page, text: string): Promise<void> {
    type(page, text);
    fireEvent.submit(page.input());
    await page.sees(() => expect(page.input().value).toBe(''));
  }

  /** A private room of these users, with one message in it. */
  async function users(...names: string[]) {
    const members = names.map((name) => world.user(name));
    const room = await world.room({ type: 'private', members });
    await world.messages(room, members[0], 1);
    return { members, room };
  }

  test('three users talk; each sees all of it once, in order, with names and what is their own', async () => {
    const { room, members } = await users('alice', 'bob', 'carol');
    const [alice, bob, carol] = await Promise.all(members.map((user) => open(room, user)));

    await send(alice, 'one');
    await send(bob, 'two');
    await send(carol, 'three');

    for (const page of [alice, bob, carol]) {
      await page.showsContents('one', 'two', 'three');
      expect(page.texts('.message-header strong')).toEqual(['Alice', 'Alice', 'Bob', 'Carol']);
    }
    expect(alice.texts('.own .message-content')).toEqual([WELCOME, 'one']);
    expect(bob.texts('.other .message-content')).toEqual([WELCOME, 'one', 'three']);
  });

  test('typing of two is shown, and ends with an empty input, with sending and with going away', async () => {
    const { room, members } = await users('alice', 'bob', 'carol');
    const [alice, bob, carol] = await Promise.all(members.map((user) => open(room, user)));

    type(bob, 'h');
    await alice.showsTyping(['Bob typing...']);
    type(carol, 'h');
    await alice.showsTyping(['Bob, Carol typing...']);
    type(bob, '');
    await alice.showsTyping(['Carol typing...']);
    await send(carol, 'hello');
    await alice.showsTyping([]);
    type(bob, 'b');
    await alice.showsTyping(['Bob typing...']);
    bob.unmount();
    await alice.showsTyping([]);
  });

  test('who stops typing without a word is shown for some seconds and no longer', async () => {
    const { room, members } = await users('alice', 'bob');
    const [alice, bob] = await Promise.all(members.map((user) => open(room, user)));

    type(bob, 'hm');

    await alice.showsTyping(['Bob typing...']);
    await alice.showsTyping([]);
    expect(bob.input().value).toBe('hm');
  });

  test('a click on a reaction adds it; more clicks change nothing; a reload shows the same', async () => {
    const { room, members } = await users('alice', 'bob');
    const [one, two] = members;
    const [alice, bob] = await Promise.all(members.map((user) => open(room, user)));
    await send(alice, 'react to this');
    const { result } = await hookOf(room, two);
    await waitFor(() => expect(result().messages).toHaveLength(2), PATIENCE);
    act(() => result().addReaction(result().messages[1].id, '👍'));
    await alice.sees(() => expect(alice.reactions()).toHaveLength(1));

    fireEvent.click(alice.reactions()[0]);
    await alice.sees(() => expect(alice.reactions()).toHaveLength(2));
    for (const reaction of alice.reactions()) fireEvent.click(reaction);
    // What was said in between has been heard when this is.
    await send(alice, 'after');
    await bob.showsContents('react to this', 'after');
    for (const page of [alice, bob]) expect(page.texts('.reactions span')).toEqual(['👍', '👍']);

    alice.unmount();
    const again = await open(room, one);
    await again.showsContents('react to this', 'after');
    expect(again.texts('.reactions span')).toEqual(['👍', '👍']);
  });

  test('scrolling up reaches the beginning, past more messages of one moment than a page holds', async () => {
    const { room, members } = await users('alice');
    const from = Date.now() - 60_000;
    const contents = Array.from({ length: 190 }, (_, index) => `${room} ${String(index).padStart(3, '0')}`);
    // 40 of different moments, 110 of one moment, 40 of five moments.
    const at = (index: number) =>
      index < 40 ? index : index < 150 ? 40 : 41 + Math.floor((index - 150) / 8);
    const messages = contents.map((content, index) => ({
      id: content,
      senderId: members[0].id,
      content,
      at: from + at(index),
    }));
    await seedMessages(world.database, room, messages);
    const page = await open(room, members[0]);
    await page.sees(() => expect(page.contents().length).toBeGreaterThanOrEqual(50));

    for (let pages = 0; page.contents()[0] !== WELCOME; pages += 1) {
      expect(pages).toBeLessThan(5);
      const shown = page.contents().length;
      page.scrollToTop();
      await page.sees(() => expect(page.contents().length).toBeGreaterThan(shown));
    }

    await page.showsContents(...contents);
  });

  test('through a restart: the page says so, and what was sent meanwhile arrives once', async () => {
    const { room, members } = await users('alice', 'bob');
    const [alice, bob] = await Promise.all(members.map((user) => open(room, user)));
    const { result } = await hookOf(room, members[0]);
    await send(alice, 'before');

    await world.server.stop();
    await alice.sees(() => expect(alice.status()).toMatch(/Disconnected/));
    expect(alice.input().disabled).toBe(true);
    await waitFor(() => expect(result().connected).toBe(false), PATIENCE);
    const meanwhile = result().sendMessage('meanwhile');
    await world.server.start();

    expect((await meanwhile).content).toBe('meanwhile');
    for (const page of [alice, bob]) {
      await page.sees(() => expect(page.status()).toMatch(/ Connected/));
      await page.showsContents('before', 'meanwhile');
    }
    await waitFor(() => expect(result().messages).toHaveLength(3), PATIENCE);
    await send(bob, 'after');
    for (const page of [alice, bob]) await page.showsContents('before', 'meanwhile', 'after');
  });

  test('who is not a member of a private room sees nothing of it, and the page does not break', async () => {
    const { room, members } = await users('alice');
    const alice = await open(room, members[0]);
    const mallory = await load(room, world.user('mallory'));
    await send(alice, 'between us');

    const refused = vi.spyOn(console, 'error').mockImplementation(() => {});
    type(mallory, 'let me in');
    fireEvent.submit(mallory.input());
    // The page says on the console that it could not send, and keeps what was typed.
    await mallory.sees(() => expect(refused).toHaveBeenCalled());
    await send(alice, 'still between us');

    await alice.showsContents('between us', 'still between us');
    expect(alice.texts('.typing-indicator')).toEqual([]);
    expect(mallory.contents()).toEqual([]);
    expect(mallory.input().value).toBe('let me in');
  });

  /** The hook by itself: for what the component has no button for. */
  async function hookOf(room: string, user: User) {
    const token = world.tokenOf(user);
    const { result } = renderHook(() => original.useChat(room, token));
    await waitFor(() => expect(result.current.members.length).toBeGreaterThan(0), PATIENCE);
    return { result: () => result.current };
  }
});
