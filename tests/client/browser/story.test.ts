// Two people on the page that the server serves, in a real browser: all that one does with a chat, and all that goes wrong.
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { seedMessages, seedRoom, seedUsers } from '../support/seed';
import { Server } from '../support/server';
import { type Device, launch, Person, type Tab } from './pages';

const LONG = 120_000;
/** A picture of 8 by 8 pixels. */
const LOGO =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mPQz3+LFTEMLQkAZoJiwT3mGGQAAAAASUVORK5CYII=';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

describe.each(BACKENDS)('the page on %s', (backend) => {
  let server: Server;
  let people: Person[] = [];

  beforeAll(async () => {
    // Nothing says who may sign in: demo mode.
    server = await Server.start(backend, { JWT_SECRET: '' });
    await seedUsers(server.database, [
      { id: 'alice', name: 'Alice' },
      { id: 'bob', name: 'Bob' },
    ]);
    await seedRoom(server.database, {
      id: 'general',
      name: 'General',
      type: 'public',
      members: ['alice', 'bob'],
    });
  });
  afterAll(() => server.remove());
  afterEach(async () => {
    const faults = people.flatMap((person) => person.faults.map((fault) => `${person.name}: ${fault}`));
    await Promise.all(people.map((person) => person.context.close()));
    people = [];
    expect(faults).toEqual([]);
  });

  async function person(name: string, device: Device = 'desktop'): Promise<Person> {
    const made = await Person.create(browser, server.url, name, device);
    people.push(made);
    return made;
  }

  async function two(room = 'general'): Promise<[Tab, Tab]> {
    return Promise.all([(await person('Alice')).open(room), (await person('Bob')).open(room)]);
  }

  test('two people chat, react, answer, edit and delete', { timeout: LONG }, async () => {
    const [alice, bob] = await two();
    await alice.send('Good morning');
    await bob.sees('Good morning');
    await bob.send('Good morning, Alice');
    await alice.sees('Good morning, Alice');

    await bob.act('Good morning', 'Add a reaction');
    await bob.page.getByRole('button', { name: '🎉', exact: true }).click();
    const reaction = alice.message('Good morning').getByRole('button', { name: '🎉 1 by Bob' });
    await reaction.click();
    await bob.message('Good morning').getByRole('button', { name: '🎉 2 by You and Alice' }).waitFor();
    await bob.page.reload();
    await bob.message('Good morning').getByRole('button', { name: '🎉 2 by You and Alice' }).waitFor();

    await bob.act('Good morning', 'Reply');
    await bob.send('What a day');
    await alice.message('What a day').getByRole('button', { name: 'Good morning' }).waitFor();
    await bob.composer.press('ArrowUp');
    const field = bob.page.getByRole('textbox', { name: 'Edit the message' });
    await field.fill('What a beautiful day');
    await field.press('Enter');
    await alice.message('What a beautiful day').getByText('edited').waitFor();

    await bob.act('What a beautiful day', 'Delete');
    const question = bob.page.getByRole('group', { name: 'Delete this message?' });
    await question.getByRole('button', { name: 'Delete', exact: true }).click();
    await alice.message('What a beautiful day').waitFor({ state: 'detached' });
    await bob.composer.pressSequentially('h');
    await alice.page.getByText('Bob is typing…').waitFor();
    await bob.composer.fill('');
    await alice.page.getByText('Bob is typing…').waitFor({ state: 'detached' });
    await alice.keepScreens(`room-${backend}`);
  });

  test('a person in two tabs sees one conversation in both', { timeout: LONG }, async () => {
    const alice = await person('Alice');
    const [one, other] = [await alice.open('general'), await alice.open('general')];
    const bob = await (await person('Bob')).open('general');
    await one.send('from one tab');
    await other.send('from the other');
    await bob.send('from Bob');
    for (const tab of [one, other, bob]) {
      for (const text of ['from one tab', 'from the other', 'from Bob']) await tab.sees(text);
    }
  });

  test('a direct message reaches who is elsewhere, and counts as unread', { timeout: LONG }, async () => {
    const [alice, bob] = await two();
    await alice.page.getByRole('button', { name: 'New message' }).click();
    await alice.page.getByRole('searchbox', { name: 'Find people' }).fill('bob');
    await alice.keepScreens(`dialog-${backend}`);
    await alice.page.getByRole('button', { name: 'Bob bob' }).click();
    await alice.page.getByRole('heading', { name: 'Bob' }).waitFor();
    await alice.isReady();
    await alice.send('between us');
    await bob.page.getByRole('link', { name: /^Alice\s*1 unread$/ }).click();
    await bob.sees('between us');
  });

  test('scrolling up goes through 500 messages to the beginning', { timeout: LONG }, async () => {
    await seedRoom(server.database, { id: 'long', name: 'Long', type: 'public', members: ['alice', 'bob'] });
    const messages = Array.from({ length: 500 }, (_, index) => ({
      id: `long-${index}`,
      senderId: index % 3 ? 'alice' : 'bob',
      content: `message ${index}`,
      at: Date.now() - 3_600_000 + index * 1000,
    }));
    await seedMessages(server.database, 'long', messages);
    const alice = await (await person('Alice')).open('long');
    await alice.sees('message 499');

    const seen = new Set<string>();
    for (let turns = 0; !(await alice.page.getByText('This is the beginning.').isVisible()); turns += 1) {
      expect(turns).toBeLessThan(400);
      for (const text of await alice.page.locator('.chat-text').allTextContents()) seen.add(text);
      await alice.scroll(-500);
    }
    for (const text of await alice.page.locator('.chat-text').allTextContents()) seen.add(text);
    const expected = messages.map(({ content }) => content);
    expect(expected.filter((content) => !seen.has(content))).toEqual([]);
    await alice.page.getByRole('button', { name: 'Jump to newest' }).click();
    await alice.sees('message 499');
  });

  test('who reads above is not pushed, and jumps to what came meanwhile', { timeout: LONG }, async () => {
    await seedRoom(server.database, { id: 'busy', name: 'Busy', type: 'public', members: ['alice', 'bob'] });
    const messages = Array.from({ length: 60 }, (_, index) => ({
      id: `busy-${index}`,
      senderId: 'bob',
      content: `message ${index}`,
      at: Date.now() - 3_600_000 + index * 600_000,
    }));
    await seedMessages(server.database, 'busy', messages);
    const [alice, bob] = await two('busy');
    await alice.sees('message 59');
    const jump = alice.page.getByRole('button', { name: 'Jump to newest' });
    // It goes to the newest when it opens: the wheel may be turned too early.
    for (let turns = 0; !(await jump.isVisible()); turns += 1) {
      expect(turns).toBeLessThan(400);
      await alice.scroll(-500);
    }
    const read = alice.page.locator('article').first();
    const text = await read.textContent();
    const before = await read.boundingBox();

    await bob.send('meanwhile');
    await alice.page.getByRole('button', { name: '1 new message' }).waitFor();
    expect(await read.textContent()).toBe(text);
    expect(await read.boundingBox()).toEqual(before);
    await alice.page.getByRole('button', { name: '1 new message' }).click();
    await alice.sees('meanwhile');
    // At the end, it stays there.
    await bob.send('and more');
    await alice.sees('and more');
    await expect.poll(() => alice.message('and more').isVisible()).toBe(true);
  });

  test(
    'images and files are shown by what they are, and a phone answers a message',
    { timeout: LONG },
    async () => {
      await seedRoom(server.database, {
        id: 'files',
        name: 'Files',
        type: 'public',
        members: ['alice', 'bob'],
      });
      const at = Date.now() - 60_000;
      await seedMessages(server.database, 'files', [
        { id: 'image', senderId: 'bob', content: 'our logo', type: 'image', metadata: { url: LOGO }, at },
        {
          id: 'file',
          senderId: 'bob',
          content: 'plan',
          type: 'file',
          metadata: { url: `${server.url}/plan.pdf`, name: 'plan.pdf', size: 52_000 },
          at: at + 1000,
        },
      ]);
      const alice = await (await person('Alice')).open('files');
      const image = alice.page.getByRole('img', { name: 'our logo' });
      await image.waitFor();
      expect(
        await image.evaluate((node: HTMLImageElement) => node.decode().then(() => node.naturalWidth)),
      ).toBe(8);
      const file = alice.page.getByRole('link', { name: /plan\.pdf.*52 kB/ });
      expect(await file.getAttribute('href')).toBe(`${server.url}/plan.pdf`);

      const bob = await (await person('Bob', 'phone')).open('files');
      const plan = bob.page.locator('article').filter({ hasText: 'plan.pdf' });
      // A phone has no pointer to hover with: a message that is tapped shows what can be done with it.
      await plan.locator('.chat-message-header, .chat-time').first().tap();
      await plan.getByRole('button', { name: 'Reply', exact: true }).tap();
      await bob.send('looks good');
      await alice.message('looks good').getByRole('button', { name: 'plan' }).waitFor();
      await bob.keepScreens(`files-${backend}`);
    },
  );

  test('ten seconds without a network lose nothing', { timeout: LONG }, async () => {
    const [alice, bob] = await two();
    await alice.page.context().setOffline(true);
    // The browser keeps a websocket that is open: the server ends it, and the page cannot come back.
    await server.stop();
    await server.start();
    await alice.page.getByText('The connection is lost.', { exact: false }).waitFor();
    await bob.page.getByText('The connection is lost.', { exact: false }).waitFor({ state: 'detached' });
    await bob.send('are you there?');
    await bob.hasSent('are you there?');
    await alice.send('written offline');
    // What is tried is just this: a network that is away for so long.
    await alice.page.waitForTimeout(10_000);
    await alice.page.context().setOffline(false);
    for (const tab of [alice, bob])
      for (const text of ['are you there?', 'written offline']) await tab.sees(text);
    await alice.hasSent('written offline');
  });

  test(
    'a server that is killed, and a reload with messages that wait, lose and double nothing',
    { timeout: LONG },
    async () => {
      const [alice, bob] = await two();
      await server.stop('SIGKILL');
      await alice.page.getByText('The connection is lost.', { exact: false }).waitFor();
      for (const text of ['kept one', 'kept two', 'kept three']) await alice.send(text);
      await alice.message('kept three').getByText('Sending…').waitFor();
      await alice.keepScreens(`offline-${backend}`);
      await server.start();
      await alice.hasSent('kept three');
      for (const text of ['kept one', 'kept two', 'kept three']) await bob.sees(text);

      await server.stop('SIGKILL');
      await alice.page.getByText('The connection is lost.', { exact: false }).waitFor();
      await alice.send('before the reload');
      await alice.message('before the reload').getByText('Sending…').waitFor();
      // The page comes from the server: it is back before the page asks.
      await server.start();
      await alice.page.reload();
      await alice.isReady();
      await alice.hasSent('before the reload');
      await alice.sees('before the reload');
      await bob.sees('before the reload');
      const order = await bob.page.locator('.chat-text').allTextContents();
      const mine = order.filter((text) => text.startsWith('kept') || text.startsWith('before'));
      expect(mine).toEqual(['kept one', 'kept two', 'kept three', 'before the reload']);
    },
  );

  test('signing in and the list look right', { timeout: LONG }, async () => {
    const alice = await person('Alice');
    const tab = await alice.open('general');
    await tab.page.goto(`${server.url}/#/`);
    await tab.page.getByRole('link', { name: 'General' }).waitFor();
    await tab.keepScreens(`list-${backend}`);
    await tab.page.getByRole('button', { name: 'Sign out' }).click();
    await tab.page.getByLabel('Your name').waitFor();
    await tab.keepScreens(`sign-in-${backend}`);
  });
});
