// Every state of the page, from a phone to a wide screen, in light, dark and the system's forced colours: nothing is wider than
// the page, nothing leaves the list of rooms, axe finds nothing, and all of it is kept as pictures.
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { seedMessages, seedRoom } from '../support/seed';
import { COLOURS, SCREENS, Tab, WIDTHS } from './pages';
import { aParty, LONG } from './party';

const LONGEST = 20;
const party = aParty('sqlite', { JWT_SECRET: '', DEMO: 'true', MAX_MESSAGE_LENGTH: String(LONGEST) });

const LONG_NAME = 'Everything about the spring release and what follows it';

let garden: Promise<string> | undefined;

/** A room beside another that has a long name and unread messages. */
async function makeGarden(): Promise<string> {
  const room = await party.room('Garden');
  const busy = await party.room(LONG_NAME);
  const at = Date.now() - 600_000;
  const said = (serial: number, senderId: string, content: string) => ({
    id: `${room}-${serial}`,
    senderId,
    content,
    at: at + serial * 1000,
  });
  await seedMessages(party.server.database, room, [
    said(1, 'bob', 'who waters the beans?'),
    said(2, 'alice', 'I do'),
  ]);
  const many = Array.from({ length: 120 }, (_, serial) => ({
    id: `${busy}-${serial}`,
    senderId: 'bob',
    content: `news ${serial}`,
    at: at + serial,
  }));
  await seedMessages(party.server.database, busy, many);
  return room;
}

async function alice(): Promise<Tab> {
  const tab = await party.alone('Alice', await (garden ??= makeGarden()));
  await tab.sees('I do');
  await tab.page.getByLabel('99+ unread').first().waitFor();
  return tab;
}

async function signInPage(name: string, hash: string): Promise<Tab> {
  const page = await (await party.person(name)).visit(hash);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  return new Tab(name, page);
}

async function dialogOf(tab: Tab, button: string): Promise<Tab> {
  await tab.page.getByRole('button', { name: button, exact: true }).first().click();
  await tab.page.getByRole('dialog').waitFor();
  return tab;
}

/** Alice has searched for this, in her own words of a moment ago. */
async function searching(words: string): Promise<Tab> {
  const tab = await alice();
  await tab.send(`${words} ${Date.now() % 100_000}`);
  const results = (await dialogOf(tab, 'Search messages')).page.getByRole('option', {
    name: /Alice\s*Garden/,
  });
  await tab.page.keyboard.type(words);
  // It is indexed behind the commit.
  await expect
    .poll(async () => {
      await tab.page.keyboard.press('Enter');
      return results.count();
    })
    .toBeGreaterThan(0);
  return tab;
}

interface State {
  name: string;
  open: () => Promise<Tab>;
  /** Before each picture, at its width. */
  at?: (tab: Tab, width: number) => Promise<void>;
}

const STATES: State[] = [
  {
    name: 'sign-in',
    open: async () => {
      const page = await (await party.person('Alice')).visit('/');
      await page.getByLabel('Your name').waitFor();
      return new Tab('Alice', page);
    },
  },
  { name: 'room', open: alice },
  {
    // On a phone it is a screen of its own.
    name: 'list',
    open: async () => {
      const tab = await alice();
      await tab.page.goto(`${party.server.url}/#/`);
      await tab.page.getByRole('heading', { name: 'Choose a room or start a conversation' }).waitFor();
      return tab;
    },
  },
  {
    name: 'switcher',
    open: async () => {
      const tab = await alice();
      await tab.page.keyboard.press('Control+k');
      await tab.page.getByRole('option').first().waitFor();
      return tab;
    },
  },
  {
    name: 'new-room',
    open: async () => {
      const tab = await dialogOf(await alice(), 'New room');
      await tab.page.getByRole('textbox', { name: 'Name' }).fill(LONG_NAME);
      await tab.page.getByRole('button', { name: 'Bob bob' }).click();
      return tab;
    },
  },
  {
    name: 'nobody-found',
    open: async () => {
      const tab = await dialogOf(await alice(), 'New message');
      await tab.page.getByRole('searchbox', { name: 'Find people' }).fill('zzz');
      await tab.page.getByText('Nobody is called “zzz”').waitFor();
      return tab;
    },
  },
  { name: 'invite', open: async () => dialogOf(await alice(), 'Invite people') },
  { name: 'status', open: async () => dialogOf(await alice(), 'Your status, Alice') },
  {
    name: 'guest',
    open: async () => {
      const guest = await signInPage('Dora', `/#/r/${await party.room('Square')}`);
      await guest.page.getByRole('button', { name: 'Join', exact: true }).waitFor();
      return guest;
    },
  },
  {
    name: 'thread',
    open: async () => {
      const tab = await alice();
      await tab.act('who waters the beans?', 'Reply in a thread');
      const thread = tab.page.getByRole('region', { name: 'Thread' });
      const field = thread.getByRole('textbox', { name: 'Write a message' });
      await field.fill('every other day');
      await field.press('Enter');
      await thread.locator('.chat-message--sent').filter({ hasText: 'every other day' }).waitFor();
      return tab;
    },
  },
  {
    name: 'threads',
    open: async () => {
      const room = await (garden ??= makeGarden());
      const tab = await alice();
      await tab.send('who mends the fence?');
      const bob = await party.alone('Bob', room);
      await bob.act('who mends the fence?', 'Reply in a thread');
      const thread = bob.page.getByRole('region', { name: 'Thread' });
      const field = thread.getByRole('textbox', { name: 'Write a message' });
      await field.fill('nobody has yet');
      await field.press('Enter');
      await tab.page.getByRole('button', { name: /^Threads 1 unread/ }).click();
      await tab.page.getByRole('button', { name: /who mends the fence.*unread/ }).waitFor();
      return tab;
    },
  },
  {
    name: 'leave',
    open: async () => {
      const tab = await alice();
      await tab.page.getByRole('button', { name: 'Leave room' }).click();
      await tab.page.getByRole('dialog', { name: 'Leave Garden?' }).waitFor();
      return tab;
    },
  },
  {
    name: 'refused-room',
    open: async () => {
      await seedRoom(party.server.database, { id: 'closed', name: 'C', type: 'private', members: ['bob'] });
      const tab = await signInPage('Alice', '/#/r/closed');
      await tab.page.getByRole('alert').getByText('You cannot open this room').waitFor();
      return tab;
    },
  },
  {
    name: 'palette',
    open: async () => {
      const tab = await alice();
      await tab.act('who waters the beans?', 'Add a reaction');
      await tab.page.getByRole('group', { name: 'Add a reaction' }).waitFor();
      return tab;
    },
  },
  {
    name: 'delete',
    open: async () => {
      const tab = await alice();
      await tab.act('I do', 'Delete');
      await tab.page.getByRole('group', { name: 'Delete this message?' }).waitFor();
      return tab;
    },
  },
  {
    // Beside the room where there is space, else a drawer.
    name: 'members',
    open: alice,
    at: async (tab, width) => {
      const button = tab.page.getByRole('button', { name: 'Members', exact: true });
      if (width < 1080 && (await button.getAttribute('aria-expanded')) === 'false') await button.click();
      await tab.member('Alice', 'online').waitFor();
    },
  },
  {
    name: 'answer',
    open: async () => {
      const tab = await alice();
      await tab.act('who waters the beans?', 'Reply');
      await tab.composer.fill('half of an answer');
      return tab;
    },
  },
  {
    name: 'search',
    open: async () => {
      const tab = await searching('beans');
      await tab.page.keyboard.press('ArrowDown');
      return tab;
    },
  },
  {
    name: 'search-operators',
    open: async () => {
      const tab = await dialogOf(await alice(), 'Search messages');
      await tab.page.getByRole('option', { name: /^has:/ }).waitFor();
      return tab;
    },
  },
  {
    name: 'search-fault',
    open: async () => {
      const tab = await dialogOf(await alice(), 'Search messages');
      await tab.page.keyboard.type('beans has:video');
      await tab.page.keyboard.press('Enter');
      await tab.page.getByText('“has:video” does not work: it takes link, image or file').waitFor();
      return tab;
    },
  },
  {
    name: 'search-found',
    open: async () => {
      const tab = await searching('beans');
      await tab.page
        .getByRole('option', { name: /Alice\s*Garden/ })
        .first()
        .click();
      await tab.page.locator('article:focus').waitFor();
      return tab;
    },
  },
  {
    name: 'inbox',
    open: async () => {
      const room = await (garden ??= makeGarden());
      const bob = await party.alone('Bob', room);
      await bob.send('@Alice, or @room?');
      await bob.hasSent('@Alice, or @room?');
      const tab = await dialogOf(await alice(), 'Mentions');
      await tab.page.getByRole('button', { name: /Bob\s*Garden/ }).waitFor();
      return tab;
    },
  },
  { name: 'settings', open: async () => dialogOf(await alice(), 'Settings') },
  {
    name: 'mention-picker',
    open: async () => {
      const tab = await alice();
      await tab.composer.pressSequentially('hello @');
      await tab.page.getByRole('listbox', { name: 'Mention somebody' }).waitFor();
      return tab;
    },
  },
  {
    name: 'readers',
    open: async () => {
      const tab = await alice();
      await tab.send('who reads?');
      await tab.hasSent('who reads?');
      await tab.act('who reads?', 'Seen by');
      await tab.page.getByText('Nobody has seen this message yet.').waitFor();
      return tab;
    },
  },
  {
    name: 'not-sent',
    open: async () => {
      const tab = await alice();
      await tab.send('x'.repeat(LONGEST + 1));
      await tab.page.getByText('it is too long (at most 20 characters)').waitFor();
      return tab;
    },
  },
];

/** The parts that leave their place: of the page, of the list of rooms, and of a dialog. */
function misplaced(): string[] {
  const faults: string[] = [];
  const root = document.documentElement;
  if (root.scrollWidth !== window.innerWidth) faults.push(`the page is ${root.scrollWidth} wide`);
  const isWithin = (part: Element, { left, right }: DOMRect) => {
    const box = part.getBoundingClientRect();
    return box.width === 0 || (box.left >= left - 0.5 && box.right <= right + 0.5);
  };
  const frames = { '.sidebar': '*', '.dialog': '*', '.members': '*', '.room-header': 'button, h1' };
  for (const [frame, parts] of Object.entries(frames))
    for (const one of document.querySelectorAll(frame))
      for (const part of one.querySelectorAll(parts))
        if (!part.closest('.hidden, .chat-hidden') && !isWithin(part, one.getBoundingClientRect()))
          faults.push(`${part.tagName}.${part.getAttribute('class')} leaves ${frame}`);
  return faults;
}

async function look(tab: Tab, { name, at }: State): Promise<string[]> {
  const faults: string[] = [];
  for (const width of WIDTHS) {
    await tab.page.setViewportSize({ width, height: Math.min(1100, width * 2) });
    await tab.page.emulateMedia(COLOURS[0]);
    await at?.(tab, width);
    for (const { name: colours, ...media } of COLOURS) {
      await tab.page.emulateMedia(media);
      await tab.frame();
      await tab.page.screenshot({ path: path.join(SCREENS, `states/${name}-${width}-${colours}.png`) });
      const all = [...(await tab.page.evaluate(misplaced)), ...(await tab.accessibilityFaults())];
      faults.push(...all.map((fault) => `${width} ${colours}: ${fault}`));
    }
  }
  return faults;
}

describe('each width and each set of colours shows', () => {
  test.each(STATES)('$name', { timeout: LONG }, async (state) => {
    expect(await look(await state.open(), state)).toEqual([]);
  });

  test('a message that waits, and that the connection is lost', { timeout: LONG }, async () => {
    const tab = await alice();
    await party.server.stop('SIGKILL');
    await tab.isLost.waitFor();
    await tab.send('it waits');
    await tab.keepsUntilOnline('it waits');
    expect(await look(tab, { name: 'offline', open: alice })).toEqual([]);
    await party.server.start();
    await tab.hasSent('it waits');
  });
});
