// Messages that are found, in a real browser: by a search, by who is mentioned, and by what is unread.
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { Tab } from './pages';
import { aParty, LONG, type Party } from './party';

const PAGE = 50;

describe.each(BACKENDS)('the page on %s', (backend) => {
  const party = aParty(backend);

  test('a search leads to a message far back in another room', { timeout: LONG }, async () => {
    const room = await party.room('Kitchen');
    const [bob, carol] = await Promise.all([api(party, 'Bob'), api(party, 'Carol')]);
    await bob.send(room, 'the oven is at 220 degrees, and the sourdough rests for an hour before that');
    await carol.send(room, 'my sourdough rests longer');
    for (let serial = 0; serial < 3 * PAGE; serial += 1) await bob.send(room, `crumbs ${serial}`);
    // Messages are indexed behind their commit.
    await expect.poll(() => bob.countFound(`sourdough in:${room}`)).toBe(2);
    const alice = await party.alone('Alice', await party.room('Elsewhere'));
    const { page } = alice;
    await page.keyboard.press('Control+f');
    const field = page.getByRole('combobox', { name: 'Search messages' });
    await field.and(page.locator(':focus')).waitFor();
    await page.getByRole('option', { name: /^from:/ }).waitFor();
    await alice.keepScreens(`search-empty-${backend}`);
    await field.fill('sourdough');
    const results = page.getByRole('listbox', { name: 'Results' });
    await results.getByRole('option', { name: /Bob\s*Kitchen/ }).waitFor();
    await page.getByText('2 messages').waitFor();
    expect(await results.locator('mark').allTextContents()).toEqual(['sourdough', 'sourdough']);
    await alice.keepScreens(`search-results-${backend}`);

    await field.press('End');
    await field.pressSequentially(' from:bo');
    await page.getByRole('option', { name: /from:Bob/ }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await field.inputValue()).toBe('sourdough from:Bob ');
    await page.getByText('1 message', { exact: true }).waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Kitchen' }).waitFor();
    const found = page.locator('article:focus').filter({ hasText: '220 degrees' });
    await found.waitFor();
    await expect.poll(() => isInView(alice, found)).toBe(true);
    await alice.keepScreens(`search-found-${backend}`);
    expect(new URL(page.url()).hash).toBe(`#/r/${room}`);
  });

  test('a mention is written with the keyboard, counted, and led to', { timeout: LONG }, async () => {
    const garden = await party.room('Garden');
    const [alice, bob] = await Promise.all([
      party.alone('Alice', await party.room('Elsewhere')),
      party.alone('Bob', garden),
    ]);
    await bob.composer.pressSequentially('who waters the beans, @');
    const offered = bob.page.getByRole('listbox', { name: 'Mention somebody' });
    await offered.getByRole('option', { name: /room.*Everyone in this room/ }).waitFor();
    await bob.keepScreens(`mention-picker-${backend}`);
    await bob.composer.pressSequentially('al');
    await offered.getByRole('option', { name: /Alice/, selected: true }).waitFor();
    await bob.page.keyboard.press('Enter');
    expect(await bob.composer.inputValue()).toBe('who waters the beans, @Alice ');
    await offered.waitFor({ state: 'detached' });
    await bob.composer.pressSequentially('or @Carol?');
    await bob.page.keyboard.press('Enter');
    await bob.hasSent('who waters the beans');

    await alice.page.getByRole('link', { name: /^Garden\s*1 mention\s*1 unread$/ }).waitFor();
    await expect.poll(() => alice.page.title()).toMatch(/@1\) chatoxide$/);
    await alice.page.getByRole('button', { name: 'Mentions, 1 unread' }).click();
    const inbox = alice.page.getByRole('dialog', { name: 'Mentions' });
    const mention = inbox.getByRole('button', { name: /Unread\s*Bob\s*Garden/ });
    await mention.waitFor();
    await alice.keepScreens(`inbox-${backend}`);
    await mention.click();
    await alice.page.getByRole('heading', { name: 'Garden' }).waitFor();
    await alice.page.locator('article:focus').filter({ hasText: 'who waters the beans' }).waitFor();
    expect(await alice.page.locator('.chat-mention').allTextContents()).toEqual(['@Alice', '@Carol']);
    expect(await alice.page.locator('.chat-mention--own').allTextContents()).toEqual(['@Alice']);
    await alice.page.getByRole('button', { name: 'Mentions', exact: true }).waitFor();
    await expect.poll(() => alice.page.title()).not.toContain('@');
    await alice.keepScreens(`mentioned-${backend}`);
  });

  test('a room that is marked as unread stays so until it is left', { timeout: LONG }, async () => {
    await party.room('Attic');
    const room = await party.room('Cellar');
    const [desktop, bob] = await party.two(room);
    for (const text of ['one', 'two', 'three']) await bob.send(text);
    await bob.hasSent('three');
    await desktop.sees('three');
    const phone = await party.alone('Alice', room, 'phone');
    await phone.page.getByRole('button', { name: 'Back to rooms' }).click();

    await desktop.act('two', 'Mark unread from here');
    await desktop.page.getByRole('separator', { name: 'New messages' }).waitFor();
    const unread = (tab: Tab) => tab.page.getByRole('link', { name: /^Cellar\s*2 unread$/ });
    await Promise.all([unread(desktop).waitFor(), unread(phone).waitFor()]);
    await desktop.keepScreens(`marked-unread-${backend}`);
    // Looking at it does not count as reading.
    await bob.send('four');
    await desktop.sees('four');
    await desktop.page.getByRole('link', { name: /^Cellar\s*3 unread$/ }).waitFor();
    await desktop.link('Attic').click();
    await desktop.isReady();
    await desktop.link('Cellar').click();
    await desktop.isReady();
    await phone.page.getByRole('link', { name: /^Cellar$/ }).waitFor();
  });

  test('one sees who has seen a message, but for those who read in private', { timeout: LONG }, async () => {
    const [alice, bob] = await party.two(await party.room('Shed'));
    const carol = await party.alone('Carol', await party.room('Away'));
    await carol.page.getByRole('button', { name: 'Settings' }).click();
    const settings = carol.page.getByRole('dialog', { name: 'Settings' });
    await settings.getByRole('checkbox', { name: 'Read in private' }).check();
    await carol.keepScreens(`settings-${backend}`);
    await settings.getByRole('button', { name: 'Close' }).click();
    await carol.link('Shed').click();
    await carol.isReady();
    await alice.send('the key is under the mat');
    await alice.hasSent('the key is under the mat');
    await Promise.all([bob.sees('the key is under the mat'), carol.sees('the key is under the mat')]);

    await alice.act('the key is under the mat', 'Seen by');
    const readers = alice.page.getByRole('group', { name: 'Seen by' });
    await readers.getByText('Bob', { exact: true }).waitFor();
    expect(await readers.getByRole('listitem').count()).toBe(1);
    await alice.keepScreens(`readers-${backend}`);
    await alice.page.keyboard.press('Escape');
    await readers.waitFor({ state: 'detached' });
  });
});

async function isInView(tab: Tab, message: ReturnType<Tab['message']>): Promise<boolean> {
  const [list, box] = [await tab.list.boundingBox(), await message.boundingBox()];
  if (!list || !box) return false;
  return box.y >= list.y - 1 && box.y + box.height <= list.y + list.height + 1;
}

/** The REST API, as somebody who is signed in by name. */
async function api({ server }: Party, name: string) {
  const ask = async (path: string, token?: string, body?: object) => {
    const response = await fetch(server.url + path, {
      method: body ? 'POST' : 'GET',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: body && JSON.stringify(body),
    });
    expect(response.ok, path).toBe(true);
    return (await response.json()) as { token: string; results: unknown[] };
  };
  const { token } = await ask('/demo/token', undefined, { name });
  return {
    send: (room: string, content: string) => ask(`/api/v1/rooms/${room}/messages`, token, { content }),
    countFound: async (query: string) =>
      (await ask(`/api/v1/search?query=${encodeURIComponent(query)}`, token)).results.length,
  };
}
