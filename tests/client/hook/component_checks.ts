// Checks of any chat component, whoever wrote it: the messages and states that users see on its page.
import { expect, test } from 'vitest';
import { ComponentPage, withoutDigits } from './component_page';
import { type Given, pagesOf } from './pages';
import type { Guest, Scene } from './stage';

export function checkComponent(given: () => Given): void {
  const { open } = pagesOf(given);

  /** A member's page, once the history is there. */
  async function show(scene: Scene, user: Guest): Promise<ComponentPage> {
    const page = new ComponentPage(given(), scene, user);
    await page.sees(() => expect(page.words, `what ${user.name} sees of the history`).not.toEqual([]));
    return page;
  }

  /** A page of alice with the component, and one of bob with the hook. */
  async function aliceAndBob() {
    const scene = await given().stage.scene('Alice', 'Bob');
    const [alice, bob] = await Promise.all([show(scene, scene.users.Alice), open(scene, scene.users.Bob)]);
    return { scene, alice, bob };
  }

  test('the page shows what is said, with names, and sends what is typed, once', async () => {
    const { alice, bob } = await aliceAndBob();

    await alice.sends('typed on the page');
    await bob.shows('welcome', 'typed on the page');
    await bob.says('an answer');

    await alice.shows('welcome', 'typed on the page', 'an answer');
    expect(alice.row('an answer').textContent, 'the row of the answer').toContain(bob.user.name);
    await bob.shows('welcome', 'typed on the page', 'an answer');
    await alice.sends('and more');
    await bob.shows('welcome', 'typed on the page', 'an answer', 'and more');
    await alice.shows('welcome', 'typed on the page', 'an answer', 'and more');
  });

  test('the page marks what was edited, and shows no longer what was deleted', async () => {
    const { scene, alice, bob } = await aliceAndBob();
    const { id } = await bob.says('frist');
    const gone = await bob.says('gone soon');
    await alice.shows('welcome', 'frist', 'gone soon');
    const without = (words: string) => alice.row(words).textContent?.replace(scene.text(words), '');
    const before = without('frist');

    await bob.does((chat) => chat.editMessage(id, scene.text('first')));
    await bob.does((chat) => chat.deleteMessage(gone.id));

    await alice.shows('welcome', 'first');
    expect(without('first'), 'what stands beside the edited text').not.toBe(before);
  });

  test('the page shows reactions, and a click on one adds one of ours', async () => {
    const { scene, alice, bob } = await aliceAndBob();
    const { id } = await bob.says('react');
    await bob.does((chat) => chat.addReaction(id, '🎉'));
    await alice.sees(() => expect(alice.emoji('react', '🎉'), 'the reaction on the page').toBeDefined());

    const reaction = alice.emoji('react', '🎉');
    if (reaction) alice.click(reaction);
    await bob.sees(() => expect(bob.reactions('react')).toEqual(['🎉 Alice', '🎉 Bob']));

    alice.unmount();
    const again = await show(scene, scene.users.Alice);
    await again.sees(() => expect(again.emoji('react', '🎉'), 'the reaction after a reload').toBeDefined());
  });

  test('the page says who is typing, and tells when its user is', async () => {
    const { alice, bob } = await aliceAndBob();
    const quiet = alice.text;
    const named = () => alice.text.split(withoutDigits(bob.user.name)).length;
    const before = named();
    await bob.does((chat) => chat.startTyping());
    await alice.sees(() => expect(named(), "how often the other's name is there").toBeGreaterThan(before));
    await bob.does((chat) => chat.stopTyping());
    await alice.sees(() => expect(alice.text).toBe(quiet));

    alice.type('h');
    await bob.sees(() => expect(bob.typing, 'who is typing').toEqual(['Alice']));
    alice.type('');
    await bob.sees(() => expect(bob.typing, 'who is typing').toEqual([]));
  });

  test('scrolling up reaches the beginning, with none missing and none doubled', async () => {
    const said = Array.from({ length: 230 }, (_, index) => `message ${index}`);
    const scene = await given().stage.sceneWith(said, 'Alice');
    const page = await show(scene, scene.users.Alice);
    // A list may draw only what is in view.
    const seen = new Set<string>();
    const look = () => {
      const first = said.indexOf(page.words[0] ?? '');
      expect(page.words, 'what is in view').toEqual(said.slice(first, first + page.words.length));
      page.words.forEach((words) => seen.add(words));
    };
    await page.sees(look);

    while (!seen.has(said[0])) {
      const before = seen.size;
      page.scrollUp();
      await page.sees(() => {
        look();
        expect(seen.size, 'messages that were seen').toBeGreaterThan(before);
      });
    }
  });

  test('the page marks the room as read when its user comes back to it', async () => {
    const { scene, alice } = await aliceAndBob();
    await scene.say('news');
    await alice.shows('welcome', 'news');

    alice.focus();

    const read = await scene.client.next('room:user-read');
    expect(read).toMatchObject({ roomId: scene.room, userId: alice.user.id });
  });

  test('the page says that the connection is gone, and no longer when it is back', async (context) => {
    const { stage } = given();
    if (!stage.canInterrupt) context.skip('what is encrypted cannot be cut off');
    const { alice, bob } = await aliceAndBob();
    // Somebody else's: a page may say of one's own that they are on their way, and that they are read.
    await bob.says('before');
    await alice.shows('welcome', 'before');
    const online = alice.text;

    await stage.interrupt();
    await alice.sees(() => expect(alice.text, 'the page without a connection').not.toBe(online));
    await stage.resume();

    await alice.sees(() => expect(alice.text, 'the page when it is back').toBe(online));
    await bob.sees(() => expect(bob.chat.connected).toBe(true));
    await bob.says('after');
    await alice.shows('welcome', 'before', 'after');
  });
}
