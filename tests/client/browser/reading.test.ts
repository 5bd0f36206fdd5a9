// Reading in a long room, in a real browser: up to its beginning, above what comes, and from where one stopped.
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { seedMessages, type SeedMessage } from '../support/seed';
import type { Tab } from './pages';
import { aParty, LONG } from './party';

/** The maximum number of wheel turns, far more than a test needs. */
const TURNS = 400;

/** So many messages of the past, `apart` milliseconds from each other. */
function past(room: string, count: number, apart: number): SeedMessage[] {
  const from = Date.now() - (count + 1) * apart;
  return Array.from({ length: count }, (_, index) => ({
    id: `${room}-${index}`,
    senderId: index % 3 ? 'carol' : 'bob',
    content: `message ${index}`,
    at: from + index * apart,
  }));
}

/** The numbers of the messages that are drawn; they follow each other without a hole, and none is there twice. */
async function drawn(tab: Tab): Promise<number[]> {
  const numbers = (await tab.texts()).map((text) => Number(text.replace('message ', '')));
  const [first = 0] = numbers;
  expect(numbers).toEqual(numbers.map((_, index) => first + index));
  return numbers;
}

describe.each(BACKENDS)('the page on %s', (backend) => {
  const party = aParty(backend);

  test('scrolling up goes through 500 messages to the beginning, each once', { timeout: LONG }, async () => {
    const room = await party.room('Long');
    await seedMessages(party.server.database, room, past(room, 500, 1000));
    const alice = await party.alone('Alice', room);
    await alice.page.getByRole('button', { name: '99+ new messages' }).click();
    await alice.sees('message 499');

    const seen = new Set(await drawn(alice));
    const beginning = alice.page.getByText('This is the start of the conversation.');
    for (let turns = 0; !(await beginning.isVisible()); turns += 1) {
      expect(turns).toBeLessThan(TURNS);
      await alice.scroll(-500);
      for (const number of await drawn(alice)) seen.add(number);
    }
    for (const number of await drawn(alice)) seen.add(number);
    expect([...seen].sort((one, other) => one - other)).toEqual(
      Array.from({ length: 500 }, (_, index) => index),
    );
    await alice.page.getByRole('button', { name: 'Jump to newest' }).click();
    await alice.sees('message 499');
    await drawn(alice);
  });

  test('a reader above the end is not scrolled, and jumps to newer messages', { timeout: LONG }, async () => {
    const room = await party.room('Busy');
    await seedMessages(party.server.database, room, past(room, 60, 600_000));
    const [alice, bob] = await party.two(room);
    await alice.page.getByRole('button', { name: '60 new messages' }).click();
    await alice.sees('message 59');
    // Whatever is still on its way to the newest: who turns the wheel has the last word.
    await alice.scroll(-500);
    await alice.page.getByRole('button', { name: 'Jump to newest' }).waitFor();
    const read = alice.message(await firstInView(alice));
    const before = await read.boundingBox();

    await bob.send('meanwhile');
    await alice.page.getByRole('button', { name: '1 new message' }).waitFor();
    expect(await read.boundingBox()).toEqual(before);
    await alice.page.getByRole('button', { name: '1 new message' }).click();
    await alice.sees('meanwhile');
    // At the end, it stays there.
    await bob.send('and more');
    await alice.sees('and more');
    await expect.poll(() => isInView(alice, 'and more')).toBe(true);
  });

  test('a room opens where one stopped, at the line above what is new', { timeout: LONG }, async () => {
    await party.room('Elsewhere');
    const room = await party.room('Return');
    await seedMessages(party.server.database, room, past(room, 60, 60_000));
    const [alice, bob] = await party.two(room);
    const { page } = alice;
    await bob.send('have you read all this?');
    await page.getByRole('button', { name: /new messages$/ }).click();
    await alice.sees('have you read all this?');
    await bob.page.getByText('Read by Alice').waitFor();
    await alice.link('Elsewhere').click();
    await page.getByRole('heading', { name: 'Elsewhere' }).waitFor();
    await alice.isReady();
    await sendMany(bob, 'missed');
    const link = page.getByRole('link', { name: /^Return\s*40 unread$/ });
    await link.waitFor();
    // A reload drops the page's state, as when the user returns the next day.
    await page.reload();
    await link.click();
    await opensAt(alice, 'missed 1');
    // Messages that were never in view are not marked as read.
    expect(await bob.page.getByText('Read by Alice').count()).toBe(0);
    await page.getByRole('button', { name: '40 new messages' }).click();
    await expect.poll(() => isInView(alice, 'missed 40')).toBe(true);
    await bob.page.getByText('Read by Alice').waitFor();

    // The same with the room's URL: the list of rooms and the room load at the same time.
    await page.goto('about:blank');
    await sendMany(bob, 'missed again');
    await page.goto(`${party.server.url}/#/r/${room}`);
    await opensAt(alice, 'missed again 1');
    expect(await bob.page.getByText('Read by Alice').count()).toBe(0);
  });
});

/** Forty messages that begin with these words. */
async function sendMany(tab: Tab, words: string): Promise<void> {
  for (let number = 1; number <= 40; number += 1) await tab.send(`${words} ${number}`);
  await tab.hasSent(`${words} 40`);
}

/** The room is shown from this message on, under the line above what is new. */
async function opensAt(tab: Tab, text: string): Promise<void> {
  await tab.isReady();
  const line = tab.page.getByRole('separator', { name: 'New messages' });
  await line.waitFor();
  await tab.sees(text);
  await expect.poll(() => isInView(tab, text)).toBe(true);
  const [top, list] = [await line.boundingBox(), await tab.list.boundingBox()];
  expect((top?.y ?? 0) - (list?.y ?? 0)).toBeLessThan((list?.height ?? 0) / 2);
  expect(await isInView(tab, text.replace(/1$/, '40'))).toBe(false);
}

/** The message that one reads first. */
async function firstInView(tab: Tab): Promise<string> {
  for (const text of await tab.texts()) if (await isInView(tab, text)) return text;
  throw new Error('nothing is in view');
}

/** Whether a message is in the visible part of the list. */
async function isInView(tab: Tab, text: string): Promise<boolean> {
  const list = await tab.list.boundingBox();
  const all = await tab.message(text).all();
  // A message that is not rendered has no bounding box.
  const box = all.length === 1 ? await all[0].boundingBox() : null;
  if (!box || !list) return false;
  return box.y >= list.y - 1 && box.y + box.height <= list.y + list.height + 1;
}
