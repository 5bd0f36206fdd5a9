// The page from a phone to a wide screen, in light, dark and the system's forced colours, kept as pictures.
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { expect, test } from 'vitest';
import { seedMessages, seedReactions } from '../support/seed';
import { COLOURS, SCREENS, type Tab, WIDTHS } from './pages';
import { aParty, LONG } from './party';

const party = aParty('sqlite');

const LONG_TEXT = 'A sentence that goes on and on, as some people write them when nobody stops them. '.repeat(
  6,
);
const FORMATTED = [
  'Before the **release** on *Friday*, see www.example.org/plan or write to team@example.org:',
  '- run `make test`',
  '- read the ~~old~~ new notes',
  '',
  '> Is the changelog done?',
  'Yes. This is what is left:',
  '```',
  'if (a < b) return;',
  '```',
].join('\n');

async function lively(): Promise<Tab> {
  const { database } = party.server;
  const room = await party.room('Everything about the spring release and what follows it');
  await party.room('Design');
  const at = Date.now() - 600_000;
  await seedMessages(database, room, [
    { id: `${room}-long`, senderId: 'bob', content: LONG_TEXT, at },
    { id: `${room}-formatted`, senderId: 'carol', content: FORMATTED, at: at + 1000 },
    {
      id: `${room}-reply`,
      senderId: 'bob',
      content: 'an answer to nothing',
      replyTo: 'never-was',
      at: at + 2000,
    },
    { id: `${room}-own`, senderId: 'alice', content: 'my own', at: at + 3000 },
    {
      id: `${room}-broken`,
      senderId: 'bob',
      content: 'a picture',
      type: 'image',
      metadata: { url: 'data:image/png;base64,AAAA' },
      at: at + 4000,
    },
  ]);
  await seedReactions(database, [
    { messageId: `${room}-own`, userId: 'alice', emoji: '🎉' },
    { messageId: `${room}-own`, userId: 'bob', emoji: '👍' },
  ]);
  const alice = await party.alone('Alice', room);
  await alice.list.press('End');
  await alice.page.getByText('This image could not be loaded').waitFor();
  return alice;
}

/** The left and the right end of an element. */
async function ends(part: Locator): Promise<[left: number, right: number]> {
  const { x, width } = (await part.boundingBox()) ?? { x: 0, width: 0 };
  return [x, x + width];
}

test(
  'nothing is wider than the page, lines have a measure, and axe finds nothing',
  { timeout: 2 * LONG },
  async () => {
    const alice = await lively();
    const { page } = alice;
    const faults: string[] = [];
    for (const width of WIDTHS) {
      for (const { name, ...media } of COLOURS) {
        await page.setViewportSize({ width, height: Math.min(1100, width * 2) });
        await page.emulateMedia(media);
        await alice.frame();
        await alice.message('my own').hover();
        await page.screenshot({ path: path.join(SCREENS, `layout-${width}-${name}.png`) });
        const all = await alice.accessibilityFaults();
        faults.push(...all.map((fault) => `${width} ${name}: ${fault}`));
        expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBe(width);
      }
    }
    expect(faults).toEqual([]);

    const [left, right] = await ends(page.locator('.chat-text').filter({ hasText: 'A sentence that goes' }));
    expect(right - left).toBeLessThan(720);
    await alice.message('my own').hover();
    const [, actions] = await ends(alice.message('my own').locator('.chat-actions'));
    expect(actions - left).toBeLessThan(900);
  },
);

test(
  'an answer to what is gone, links, code, lists and quotes are shown as what they are',
  { timeout: LONG },
  async () => {
    const { page } = await lively();
    await page.getByText('Deleted message').waitFor();
    const message = page.locator('article').filter({ hasText: 'Before the' });
    await message.locator('strong', { hasText: 'release' }).waitFor();
    const marks = await message
      .locator('li')
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).listStyleType));
    expect(marks).toEqual(['disc', 'disc']);
    expect(await message.locator('pre').textContent()).toBe('if (a < b) return;');
    expect(await message.locator('blockquote').textContent()).toBe('Is the changelog done?');
    const links = await message
      .getByRole('link')
      .evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    expect(links).toEqual(['https://www.example.org/plan', 'mailto:team@example.org']);
  },
);

test('forced colours tell which room is open and who is online', { timeout: LONG }, async () => {
  const alice = await lively();
  const { page } = alice;
  await page.emulateMedia({ forcedColors: 'active' });
  await alice.frame();
  const outline = (link: Locator) => link.evaluate((one) => getComputedStyle(one).outlineStyle);
  expect(await outline(page.locator('a[aria-current=page]'))).toBe('solid');
  expect(await outline(alice.link('Design').first())).toBe('none');
  const dot = (name: string, presence: 'online' | 'offline') =>
    alice
      .member(name, presence)
      .locator('.dot')
      .evaluate((one) => getComputedStyle(one).backgroundColor);
  expect(await dot('Alice', 'online')).not.toBe(await dot('Bob', 'offline'));
});
