// The page without a network, in a real browser: it opens, it can be read and written in, and nothing comes twice or is left.
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { type Person, Tab } from './pages';
import { aParty, LONG } from './party';
import { leftOn } from './storage';

/** The service worker has kept the page. */
const isKept = (page: Page) => page.evaluate(() => navigator.serviceWorker.ready.then(() => true));

/** Ends a tab as a crash does. */
async function crash(person: Person, { page }: Tab): Promise<void> {
  const session = await person.context.newCDPSession(page);
  const isGone = page.waitForEvent('crash');
  session.send('Page.crash').catch(() => undefined);
  await isGone;
  await page.close();
}

describe.each(BACKENDS)('the page on %s', (backend) => {
  const party = aParty(backend);

  /** Somebody whose browser keeps the page. */
  async function keeper(name: string, room: string): Promise<[Person, Tab]> {
    const person = await party.person(name, 'desktop', undefined, true);
    const tab = await person.open(room);
    await isKept(tab.page);
    return [person, tab];
  }

  test(
    'is read and written in without a network, over a reload and a restart',
    { timeout: LONG },
    async () => {
      const room = await party.room('Train');
      const [person, alice] = await keeper('Alice', room);
      const bob = await party.alone('Bob', room);
      await bob.send('hello');
      for (const text of ['mine', 'wrong']) {
        await alice.send(text);
        await alice.hasSent(text);
      }
      await alice.sees('hello');

      await person.context.setOffline(true);
      await alice.isLost.waitFor();
      await alice.act('mine', 'Edit');
      await alice.page.getByRole('textbox', { name: 'Edit the message' }).fill('mine, mended');
      await alice.page.keyboard.press('Enter');
      await alice.sees('mine, mended');
      await alice.message('mine, mended').getByText('Will be saved when you are back online').waitFor();
      await alice.send('written teh train');
      await alice.keepsUntilOnline('written teh train');
      await alice.message('written teh train').getByRole('button', { name: 'Edit', exact: true }).click();
      await alice.page.getByRole('textbox', { name: 'Edit the message' }).fill('written on the train');
      await alice.page.keyboard.press('Enter');
      await alice.keepsUntilOnline('written on the train');
      await alice.act('wrong', 'Delete');
      await alice.page.getByRole('button', { name: 'Delete', exact: true }).last().click();
      await alice.message('wrong').waitFor({ state: 'detached' });
      await alice.act('hello', 'Add a reaction');
      await alice.page.getByRole('button', { name: '👍', exact: true }).click();
      await alice.composer.fill('a draft');
      await alice.keepScreen('offline-written');

      await bob.send('meanwhile');
      await bob.hasSent('meanwhile');
      await party.server.stop('SIGKILL');
      await alice.page.reload();
      const written = ['hello', 'mine, mended', 'written on the train'];
      await expect.poll(() => alice.texts()).toEqual(written);
      await expect.poll(() => alice.composer.inputValue()).toBe('a draft');
      await alice.link('Train').waitFor();
      await alice.message('hello').getByRole('button', { name: /👍/ }).waitFor();
      await alice.keepScreen('offline-reloaded');

      await party.server.start();
      await person.context.setOffline(false);
      await alice.hasSent('written on the train');
      const all = ['hello', 'mine, mended', 'meanwhile', 'written on the train'];
      for (const tab of [alice, bob]) await expect.poll(() => tab.texts()).toEqual(all);
      await bob.message('hello').getByRole('button', { name: /👍/ }).waitFor();
      expect(await bob.message('written on the train').getByText('edited').count()).toBe(0);
    },
  );

  test(
    'two tabs show what both have written, and one sends it when the other has crashed',
    { timeout: LONG },
    async () => {
      const room = await party.room('Tabs');
      const [person, one] = await keeper('Alice', room);
      const two = await person.open(room);
      const bob = await party.alone('Bob', room);
      await person.context.setOffline(true);
      for (const tab of [one, two]) await tab.isLost.waitFor();
      await one.send('from one');
      await two.keepsUntilOnline('from one');
      await two.send('from two');
      await one.keepsUntilOnline('from two');
      await one.send('from one again');
      await two.keepsUntilOnline('from one again');
      await two.keepScreen('offline-tabs');
      await crash(person, one);

      await person.context.setOffline(false);
      const written = ['from one', 'from two', 'from one again'];
      await two.hasSent('from one again');
      for (const tab of [two, bob]) await expect.poll(() => tab.texts()).toEqual(written);
      await two.page.reload();
      await two.isReady();
      await two.send('after all');
      for (const tab of [two, bob]) await expect.poll(() => tab.texts()).toEqual([...written, 'after all']);
    },
  );

  test(
    'signing out asks while something is not sent, and leaves nothing of the user',
    { timeout: LONG },
    async () => {
      const room = await party.room('Public computer');
      const [person, alice] = await keeper('Alice', room);
      await alice.send('a sent secret');
      await alice.hasSent('a sent secret');
      await expect.poll(() => leftOn(alice.page)).toContain('a sent secret');
      await person.context.setOffline(true);
      await alice.isLost.waitFor();
      await alice.send('an unsent secret');
      await alice.keepsUntilOnline('an unsent secret');
      await alice.composer.fill('a drafted secret');
      await alice.page.getByRole('button', { name: 'Sign out', exact: true }).click();
      const dialog = alice.page.getByRole('dialog', { name: 'Sign out?' });
      await dialog.waitFor();
      await alice.keepScreen('offline-sign-out');
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await alice.keepsUntilOnline('an unsent secret');
      expect(await leftOn(alice.page)).toMatch(/a sent secret.*an unsent secret|a drafted secret/);

      await alice.page.getByRole('button', { name: 'Sign out', exact: true }).click();
      await dialog.getByRole('button', { name: 'Sign out and discard' }).click();
      await alice.composer.waitFor({ state: 'detached' });
      const left = await leftOn(alice.page);
      expect(left).not.toMatch(/secret|public computer/i);
      expect(left, 'no user is named').not.toMatch(/alice/i);
      const kept = await alice.page.evaluate(async () => {
        const urls = [];
        for (const name of await caches.keys()) urls.push(...(await (await caches.open(name)).keys()));
        return urls.map(({ url }) => new URL(url).pathname);
      });
      expect(kept.filter((path) => path !== '/' && !path.startsWith('/assets/'))).toEqual([]);
    },
  );

  test('comes from the server while there is one, whatever is kept', { timeout: LONG }, async () => {
    const room = await party.room('Upgraded');
    const [person, alice] = await keeper('Alice', room);
    await alice.page.evaluate(async () => {
      const [name = ''] = await caches.keys();
      // Like the page it names an icon; the browser would ask for one otherwise.
      const html = '<link rel="icon" href="data:,"><p>An earlier version</p>';
      const old = new Response(html, { headers: { 'content-type': 'text/html' } });
      await (await caches.open(name)).put('/', old);
      await caches.open('chatoxide-page-of-an-earlier-version');
    });
    await alice.page.reload();
    await alice.isReady();
    await person.context.setOffline(true);
    await alice.page.reload();
    await alice.page.getByText('An earlier version').waitFor();
    await person.context.setOffline(false);

    // A worker of another version removes what the others have kept.
    await alice.page.evaluate(async () => (await navigator.serviceWorker.ready).unregister());
    await alice.page.reload();
    await alice.isReady();
    await isKept(alice.page);
    await expect.poll(() => alice.page.evaluate(() => caches.keys())).toHaveLength(1);
  });
});
