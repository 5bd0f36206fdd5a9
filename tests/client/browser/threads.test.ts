// Threads, in a real browser: what the others of a room see of one, and where it is found again.
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import type { Tab } from './pages';
import { aParty, LONG } from './party';
import { leftOn } from './storage';

describe.each(BACKENDS)('the page on %s', (backend) => {
  const party = aParty(backend);

  const threadOf = ({ page }: Tab) => page.getByRole('region', { name: 'Thread' });
  const textsOf = (tab: Tab) => threadOf(tab).locator('article .chat-text').allTextContents();
  const roomOf = ({ page }: Tab) => page.getByRole('log', { name: 'Messages' }).first();
  const roomTexts = (tab: Tab) => roomOf(tab).locator('article .chat-text').allTextContents();

  async function reply(tab: Tab, text: string): Promise<void> {
    const field = threadOf(tab).getByRole('textbox', { name: 'Write a message' });
    await field.fill(text);
    await field.press('Enter');
  }

  test('a question is answered beside the room, by two people', { timeout: LONG }, async () => {
    const room = await party.room('Lunch');
    const [alice, bob] = await party.two(room);
    await alice.send('where do we eat?');
    await bob.sees('where do we eat?');
    await bob.act('where do we eat?', 'Reply in a thread');
    await reply(bob, 'at the lake');
    await threadOf(bob).getByText('at the lake').waitFor();

    const summary = roomOf(alice).getByRole('button', { name: /1 reply/ });
    await summary.waitFor();
    expect(await roomTexts(alice)).toEqual(['where do we eat?']);
    await summary.click();
    await expect.poll(() => textsOf(alice)).toEqual(['where do we eat?', 'at the lake']);
    await reply(alice, 'see you there');
    await expect.poll(() => textsOf(bob)).toEqual(['where do we eat?', 'at the lake', 'see you there']);
    await threadOf(bob).getByRole('checkbox', { name: 'Also send to the room' }).check();
    await reply(bob, 'all are welcome');
    for (const tab of [alice, bob])
      await expect.poll(() => roomTexts(tab)).toEqual(['where do we eat?', 'all are welcome']);
    await roomOf(alice)
      .getByRole('button', { name: /3 replies/ })
      .waitFor();
    await alice.keepScreen(`thread-${backend}`);

    // The address names it.
    await alice.page.reload();
    await expect.poll(() => textsOf(alice)).toHaveLength(4);
    await threadOf(alice).getByRole('button', { name: 'Close', exact: true }).click();
    await threadOf(alice).waitFor({ state: 'detached' });
    await alice.page.goBack();
    await threadOf(alice).waitFor();
  });

  test('the room under a thread on a phone is neither reached nor read', { timeout: LONG }, async () => {
    const [room, desk] = [await party.room('Covered'), await party.room('Desk')];
    const bob = await party.alone('Bob', room);
    const other = await party.alone('Alice', desk);
    const alice = await party.alone('Alice', room, 'phone');
    await bob.send('who locks up?');
    await alice.sees('who locks up?');
    await bob.act('who locks up?', 'Reply in a thread');
    await reply(bob, 'I do');
    await roomOf(alice)
      .getByRole('button', { name: /1 reply/ })
      .tap();
    await threadOf(alice).getByText('I do').waitFor();
    expect(await alice.page.getByRole('textbox', { name: 'Write a message' }).count()).toBe(1);
    await bob.composer.first().fill('are all out?');
    await bob.composer.first().press('Enter');
    const unread = other.page.getByRole('link', { name: /^Covered\s*1 unread$/ });
    await unread.waitFor();
    await alice.keepScreen(`thread-phone-${backend}`);
    expect(await unread.count()).toBe(1);
    await threadOf(alice).getByRole('button', { name: 'Close', exact: true }).tap();
    await unread.waitFor({ state: 'detached' });
  });

  test('the threads of all rooms are listed, and count until they are read', { timeout: LONG }, async () => {
    const room = await party.room('Kitchen');
    await party.room('Office');
    const bob = await party.alone('Bob', room);
    const alice = await party.alone('Alice', room);
    await alice.send('who washes up?');
    await bob.sees('who washes up?');
    await alice.link('Office').click();
    await alice.page.getByRole('heading', { level: 1, name: 'Office' }).waitFor();
    await bob.act('who washes up?', 'Reply in a thread');
    await reply(bob, 'it is your turn');
    await alice.page.getByRole('button', { name: 'Threads 1 unread' }).click();
    const row = alice.page.getByRole('dialog', { name: 'Threads' }).getByRole('button', {
      name: /Alice\s*Kitchen\s*who washes up\?.*1 reply.*1 unread/,
    });
    await row.waitFor();
    await alice.keepScreens(`thread-list-${backend}`);
    await row.click();
    await expect.poll(() => textsOf(alice)).toEqual(['who washes up?', 'it is your turn']);
    await alice.page.getByRole('button', { name: 'Threads', exact: true }).waitFor();

    // Told in the room of what comes in its threads.
    await threadOf(alice).getByRole('button', { name: 'Close', exact: true }).click();
    await reply(bob, 'and on Sunday, too');
    await roomOf(alice)
      .getByRole('button', { name: /2 replies.*1 unread/ })
      .waitFor();
    await alice.keepScreen(`thread-unread-${backend}`);
  });

  test('a reply that waits outlives a reload without a network', { timeout: LONG }, async () => {
    const room = await party.room('Train');
    const person = await party.person('Alice', 'desktop', undefined, true);
    const alice = await person.open(room);
    await alice.page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    const bob = await party.alone('Bob', room);
    await bob.send('are you on it?');
    await alice.sees('are you on it?');
    await alice.act('are you on it?', 'Reply in a thread');
    await reply(alice, 'nearly');
    await threadOf(alice).locator('.chat-message--sent').filter({ hasText: 'nearly' }).waitFor();
    await expect.poll(() => leftOn(alice.page)).toContain('nearly');
    await person.context.setOffline(true);
    await alice.isLost.first().waitFor();
    await reply(alice, 'now I am');
    await threadOf(alice).getByText('Will be sent when you are back online').waitFor();
    await alice.page.reload();
    await expect.poll(() => textsOf(alice)).toEqual(['are you on it?', 'nearly', 'now I am']);
    expect(await roomTexts(alice)).toEqual(['are you on it?']);
    await alice.keepScreen(`thread-offline-${backend}`);
    await person.context.setOffline(false);
    await roomOf(bob)
      .getByRole('button', { name: /2 replies/ })
      .click();
    await expect.poll(() => textsOf(bob)).toEqual(['are you on it?', 'nearly', 'now I am']);
    await threadOf(alice).locator('.chat-message--sent').filter({ hasText: 'now I am' }).waitFor();
    expect(await textsOf(alice)).toEqual(['are you on it?', 'nearly', 'now I am']);
  });

  test('a reply waits for the server, and its thread outlives the root', { timeout: LONG }, async () => {
    const room = await party.room('Night');
    const [alice, bob] = await party.two(room);
    await alice.send('who keeps watch?');
    await alice.hasSent('who keeps watch?');
    await alice.act('who keeps watch?', 'Reply in a thread');
    await reply(alice, 'not me');
    await roomOf(bob)
      .getByRole('button', { name: /1 reply/ })
      .click();
    await party.server.stop('SIGKILL');
    await bob.isLost.first().waitFor();
    await reply(bob, 'I do');
    await threadOf(bob).getByText('Will be sent when you are back online').waitFor();
    await party.server.start();
    for (const tab of [alice, bob])
      await expect
        .poll(() => textsOf(tab), { timeout: 30_000 })
        .toEqual(['who keeps watch?', 'not me', 'I do']);

    await alice.message('who keeps watch?').first().hover();
    await alice
      .message('who keeps watch?')
      .first()
      .getByRole('button', { name: 'Delete', exact: true })
      .click();
    await alice.message('who keeps watch?').first().getByRole('button', { name: 'Delete' }).last().click();
    for (const tab of [alice, bob]) {
      await threadOf(tab).getByText('The message that this thread began with was deleted.').waitFor();
      await expect.poll(() => textsOf(tab)).toEqual(['not me', 'I do']);
    }
  });
});
