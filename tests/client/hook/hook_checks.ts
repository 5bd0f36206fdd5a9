// Checks of any chat hook, whoever wrote it: the messages and states that users see through it.
import { expect, test } from 'vitest';
import { type Given, type HookPage, needs, pagesOf } from './pages';

/** The page of history that every server sends. */
const PAGE = 50;
/** More than a server shows anybody who was away. */
const AWAY = 520;

export function checkHook(given: () => Given): void {
  const { load, open } = pagesOf(given);

  /** Two users with a page each. */
  async function aliceAndBob() {
    const scene = await given().stage.scene('Alice', 'Bob');
    const [alice, bob] = await Promise.all([open(scene, scene.users.Alice), open(scene, scene.users.Bob)]);
    return { scene, alice, bob, both: [alice, bob] };
  }

  test('the history is there in order, and what two users say after it, once for each', async () => {
    const scene = await given().stage.scene('Alice', 'Bob');
    for (const words of ['one', 'two', 'three']) await scene.say(words);
    const [alice, bob] = await Promise.all([open(scene, scene.users.Alice), open(scene, scene.users.Bob)]);
    const old = ['welcome', 'one', 'two', 'three'];
    for (const page of [alice, bob]) await page.shows(...old);

    const sent = await alice.says('hello');
    await bob.says('hello yourself');
    await scene.say('hello all');

    expect(sent, 'what sendMessage promised').toMatchObject({
      content: scene.text('hello'),
      senderName: alice.user.name,
    });
    for (const page of [alice, bob]) {
      await page.shows(...old, 'hello', 'hello yourself', 'hello all');
      expect(page.message('hello yourself').senderName).toBe(bob.user.name);
      page.neverDoubled();
    }
  });

  test('an edit is seen by both, with its mark, and after a reload; only an author can edit', async (context) => {
    const { scene, alice, bob, both } = await aliceAndBob();
    needs(context, alice, 'editMessage');
    const { id } = await alice.says('frist');
    const kept = await alice.says('second');
    await bob.shows('welcome', 'frist', 'second');

    await alice.does((chat) => chat.editMessage(id, scene.text('first')));
    await expect(bob.does((chat) => chat.editMessage(kept.id, scene.text('not his')))).rejects.toThrow();

    for (const page of both) {
      await page.shows('welcome', 'first', 'second');
      await page.sees(() =>
        expect(page.message('first').updatedAt, 'updatedAt of what was edited').toBeTruthy(),
      );
      expect(page.message('second').updatedAt ?? null, 'updatedAt of what was not').toBeNull();
    }
    bob.unmount();
    const again = await open(scene, scene.users.Bob);
    await again.shows('welcome', 'first', 'second');
    expect(again.message('first').updatedAt, 'updatedAt after a reload').toBeTruthy();
  });

  test('a deletion is seen by both, and after a reload; only an author can delete', async (context) => {
    const { scene, alice, bob, both } = await aliceAndBob();
    needs(context, alice, 'deleteMessage');
    const { id } = await alice.says('gone soon');
    const kept = await alice.says('stays');
    await bob.shows('welcome', 'gone soon', 'stays');

    await tries(bob, (chat) => chat.deleteMessage(kept.id));
    await tries(alice, (chat) => chat.deleteMessage(id));
    for (const page of both) await page.shows('welcome', 'stays');
    // The server handles bob's events in order: when this message is acked, his deletion has been handled.
    await bob.says('after');

    for (const page of both) await page.shows('welcome', 'stays', 'after');
    alice.unmount();
    await (await open(scene, scene.users.Alice)).shows('welcome', 'stays', 'after');
  });

  test('a reaction is shown once, though it was added twice, and goes', async (context) => {
    const { alice, bob, both } = await aliceAndBob();
    needs(context, bob, 'addReaction', 'removeReaction');
    const { id } = await alice.says('react');
    await bob.shows('welcome', 'react');

    await tries(bob, (chat) => chat.addReaction(id, '👍'));
    await tries(bob, (chat) => chat.addReaction(id, '👍'));
    await tries(bob, (chat) => chat.addReaction(id, '🎉'));
    await tries(bob, (chat) => chat.removeReaction(id, '🎉'));
    await bob.says('after');

    for (const page of both) {
      await page.shows('welcome', 'react', 'after');
      await page.sees(() => expect(page.reactions('react'), 'the reactions').toEqual(['👍 Bob']));
    }
    await tries(bob, (chat) => chat.removeReaction(id, '👍'));
    for (const page of both) await page.sees(() => expect(page.reactions('react')).toEqual([]));
  });

  test('reactions are there after a reload', async (context) => {
    const { scene, alice, bob } = await aliceAndBob();
    needs(context, bob, 'addReaction');
    const { id } = await alice.says('react');
    await tries(alice, (chat) => chat.addReaction(id, '❤️'));
    await tries(bob, (chat) => chat.addReaction(id, '👍'));
    const shown = ['❤️ Alice', '👍 Bob'].sort();
    await bob.sees(() => expect(bob.reactions('react')).toEqual(shown));

    alice.unmount();
    const again = await open(scene, scene.users.Alice);

    await again.sees(() => expect(again.reactions('react'), 'the reactions after a reload').toEqual(shown));
  });

  test('typing is seen by the other, and is over with the message, with its end, and with the page', async (context) => {
    const { alice, bob } = await aliceAndBob();
    needs(context, bob, 'startTyping', 'stopTyping', 'typingUsers');
    const typing = (...names: string[]) =>
      alice.sees(() => expect(alice.typing, 'who is typing').toEqual(names));

    await bob.does((chat) => chat.startTyping());
    await typing('Bob');
    expect(bob.typing, 'who is typing, for the one who is').toEqual([]);
    await bob.says('typed');
    await typing();

    await bob.does((chat) => chat.startTyping());
    await typing('Bob');
    await bob.does((chat) => chat.stopTyping());
    await typing();

    await bob.does((chat) => chat.startTyping());
    await typing('Bob');
    bob.unmount();
    await typing();
  });

  test('typing of one who only stops is over by itself', async (context) => {
    const { alice, bob } = await aliceAndBob();
    needs(context, bob, 'startTyping', 'typingUsers');
    await bob.does((chat) => chat.startTyping());
    await alice.sees(() => expect(alice.typing).toEqual(['Bob']));
    await alice.sees(() => expect(alice.typing, 'who is typing').toEqual([]));
  });

  test('paging reaches the beginning with none missing and none doubled, past more of one moment than a page holds', async (context) => {
    const said = Array.from({ length: 230 }, (_, index) => `message ${index}`);
    const scene = await given().stage.sceneWith(said, 'Alice');
    const page = await open(scene, scene.users.Alice);
    needs(context, page, 'loadMore');
    await page.sees(() => expect(page.words.length).toBeGreaterThanOrEqual(PAGE));
    expect(page.words, 'the newest page').toEqual(said.slice(-page.words.length));

    for (let pages = 0; page.words.length < said.length; pages += 1) {
      const loaded = page.words.length;
      await page.does((chat) => chat.loadMore());
      await page.sees(() => expect(page.words.length, 'messages after loadMore').toBeGreaterThan(loaded));
      expect(page.words, `what is shown after ${pages + 1} older pages`).toEqual(
        said.slice(-page.words.length),
      );
    }
    if (scene.isOwn) await page.does((chat) => chat.loadMore());
    await page.shows(...said);
  });

  test('paging goes on after the long history of who was away', async (context) => {
    if (!given().stage.canInterrupt) context.skip('what is encrypted cannot be cut off');
    const before = Array.from({ length: 2 * PAGE }, (_, index) => `before ${index}`);
    const scene = await given().stage.sceneWith(before, 'Alice');
    const page = await open(scene, scene.users.Alice);
    needs(context, page, 'loadMore');

    // All of it, however long that takes: what came after the return would lengthen the history.
    await given().stage.cutDuring(async () => {
      for (let index = 0; index < AWAY; index += 1) await scene.say(`meanwhile ${index}`);
    });
    await page.sees(() => expect(page.words.at(-1), 'the newest message').toBe(`meanwhile ${AWAY - 1}`));
    const shown = page.words.length;
    await page.does((chat) => chat.loadMore());

    try {
      await page.sees(() => expect(page.words.length).toBeGreaterThan(shown));
    } catch {
      // Only the scroll stays where it is, so it is a warning.
      console.log(
        `! the hook loads no older page after a history of ${shown} messages. If it takes a length of ${PAGE} ` +
          'for the sign that there are more (`length === limit`), let it be `length >= limit`.',
      );
    }
  });

  test('reading sends a read mark to the others', async (context) => {
    const { scene, alice } = await aliceAndBob();
    needs(context, alice, 'markAsRead');
    await scene.say('news');
    await alice.shows('welcome', 'news');

    await alice.does((chat) => chat.markAsRead());

    const read = await scene.client.next('room:user-read');
    expect(read).toMatchObject({ roomId: scene.room, userId: alice.user.id });
  });

  test('the members of the room are listed', async (context) => {
    const { scene, alice } = await aliceAndBob();
    needs(context, alice, 'members');
    if (!scene.isOwn) context.skip('the room is one that was there, with members of its own');
    const { users, host } = scene;
    const names = () => alice.chat.members.map(({ name }) => name).sort();
    const expected = [users.Alice, users.Bob, host].map(({ name }) => name).sort();
    await alice.sees(() => expect(names(), 'the names of the members').toEqual(expected));
  });

  test('messages sent while the network was gone are there when it is back, once and in order', async (context) => {
    if (!given().stage.canInterrupt) context.skip('what is encrypted cannot be cut off');
    const { scene, alice, both } = await aliceAndBob();
    await alice.says('before');

    await given().stage.cutDuring(async () => {
      for (const words of ['meanwhile', 'and still']) await scene.say(words);
    });

    for (const page of both) {
      await page.shows('welcome', 'before', 'meanwhile', 'and still');
      await page.sees(() => expect(page.chat.connected, `${page.user.name} is connected again`).toBe(true));
    }
    await alice.says('after');
    for (const page of both) await page.shows('welcome', 'before', 'meanwhile', 'and still', 'after');
  });

  test('`connected` follows a restart of the server, and what is sent meanwhile arrives once', async (context) => {
    const { stage } = given();
    if (!stage.canInterrupt) context.skip('what is encrypted cannot be cut off');
    const { alice, both } = await aliceAndBob();
    await alice.says('before');

    await stage.interrupt();
    for (const page of both)
      await page.sees(() => expect(page.chat.connected, '`connected` without a server').toBe(false));
    const meanwhile = alice.says('meanwhile');
    await stage.resume();
    await meanwhile;

    for (const page of both) {
      await page.sees(() => expect(page.chat.connected, '`connected` when it is back').toBe(true));
      await page.shows('welcome', 'before', 'meanwhile');
    }
    await alice.says('after');
    for (const page of both) await page.shows('welcome', 'before', 'meanwhile', 'after');
  });

  test('a user who is no member of a private room can neither read nor write in it', async (context) => {
    const { scene, alice } = await aliceAndBob();
    if (!scene.isOwn) context.skip('the server makes no private rooms');
    const mallory = load(scene, await given().stage.stranger());
    await mallory.sees(() => expect(mallory.chat.connected).toBe(true));
    await scene.say('between us');

    // When this is refused, all that was sent to mallory before has come.
    await expect(mallory.says('let me in')).rejects.toThrow();

    expect(mallory.words.filter((words) => words !== 'let me in')).toEqual([]);
    await scene.say('still between us');
    await alice.shows('welcome', 'between us', 'still between us');
  });
}

/** Calls the hook and ignores a rejection: hooks may report a failure or not, so checks look at the messages. */
async function tries(page: HookPage, work: Parameters<HookPage['does']>[0]): Promise<void> {
  await page.does(async (chat) => {
    try {
      await work(chat);
    } catch {
      // The check looks at the messages instead.
    }
  });
}
