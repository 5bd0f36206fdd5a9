// The list of rooms, the heading and what is unread, in a real browser: what somebody sees who comes for the first time.
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { seedMessages, seedRoom } from '../support/seed';
import { Tab } from './pages';
import { aParty, LONG } from './party';

const LONG_NAME = 'Everything about the spring release and what follows it';

describe.each(BACKENDS)('the page on %s', (backend) => {
  const party = aParty(backend);

  test('a long name of a room leaves all else of the list in view', { timeout: LONG }, async () => {
    const room = await party.room(LONG_NAME);
    const [alice, bob] = await party.two(await party.room('Short'));
    await bob.link(LONG_NAME).click();
    await bob.isReady();
    await bob.send('hello');
    await bob.hasSent('hello');
    const sidebar = await alice.page.getByRole('navigation', { name: 'Rooms' }).boundingBox();
    const right = (sidebar?.x ?? 0) + (sidebar?.width ?? 0);
    for (const part of [
      alice.page.getByLabel('1 unread'),
      alice.page.getByRole('button', { name: 'New room' }),
      alice.page.getByRole('button', { name: 'New message' }),
    ]) {
      await part.waitFor();
      const box = await part.boundingBox();
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(right);
    }
    expect(room).toBeTruthy();
    await alice.keepScreen(`long-name-${backend}`);
  });

  test('a guest can join a room that another program has just made', { timeout: LONG }, async () => {
    const bob = await party.alone('Bob', await party.room('Desk'));
    await bob.link('Desk').waitFor();
    // The list that was just made for Bob lacks this one.
    const made = { id: `made-${backend}`, name: 'Made', type: 'public', members: ['bob'] };
    await seedRoom(party.server.database, made);
    const alice = await party.alone('Alice', made.id);
    await alice.page.getByRole('button', { name: 'Join', exact: true }).click();
    await alice.page.getByRole('button', { name: 'Leave room' }).waitFor();
  });

  test('the list keeps its order under the pointer', { timeout: LONG }, async () => {
    const [lower, upper] = [await party.room('Lower'), await party.room('Upper')];
    const at = Date.now() - 60_000;
    await seedMessages(party.server.database, lower, [
      { id: `${lower}-1`, senderId: 'bob', content: 'a', at },
    ]);
    await seedMessages(party.server.database, upper, [
      { id: `${upper}-1`, senderId: 'bob', content: 'b', at: at + 1 },
    ]);
    const alice = await party.alone('Alice', await party.room('Elsewhere'));
    const bob = await party.alone('Bob', lower);
    const order = async () => {
      const [one, other] = [await alice.link('Lower').boundingBox(), await alice.link('Upper').boundingBox()];
      return (one?.y ?? 0) < (other?.y ?? 0) ? ['Lower', 'Upper'] : ['Upper', 'Lower'];
    };
    expect(await order()).toEqual(['Upper', 'Lower']);
    await alice.link('Upper').hover();
    await bob.send('first now');
    await alice.page.getByRole('link', { name: /^Lower\s*2 unread$/ }).waitFor();
    expect(await order()).toEqual(['Upper', 'Lower']);
    await alice.composer.hover();
    await expect.poll(order).toEqual(['Lower', 'Upper']);
  });

  test('reading in one tab marks the room as read in the other at once', { timeout: LONG }, async () => {
    const news = await party.room('News');
    const alice = await party.person('Alice');
    const [one, other] = [await alice.open(await party.room('Desk')), await alice.open(news)];
    const bob = await party.alone('Bob', news);
    await other.page.goto(`${party.server.url}/#/`);
    await other.composer.waitFor({ state: 'detached' });
    await bob.send('read this');
    const badge = one.page.getByRole('link', { name: /^News\s*1 unread$/ });
    for (const tab of [one, other]) await tab.page.getByRole('link', { name: /^News\s*1 unread$/ }).waitFor();
    await other.link('News').click();
    await other.sees('read this');
    await badge.waitFor({ state: 'detached' });
    await one.link('News').waitFor();
  });

  test('the heading says that the room loads, and never its id', { timeout: LONG }, async () => {
    const room = await party.room('Heading');
    const page = await (await party.person('Alice')).visit(`/#/r/${room}`);
    let letGo: () => void = () => undefined;
    const end = new Promise<void>((resolve) => (letGo = resolve));
    await page.route('**/socket.io/**', (route) => end.then(() => route.continue()));
    await page.getByLabel('Your name').fill('Alice');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('heading', { name: 'Loading…' }).waitFor();
    expect(await page.getByText(room).count()).toBe(0);
    letGo();
    await page.getByRole('heading', { name: 'Heading' }).waitFor();
  });

  test('a room that one may not enter says so once, and takes no messages', { timeout: LONG }, async () => {
    await seedRoom(party.server.database, {
      id: 'closed',
      name: 'Closed',
      type: 'private',
      members: ['bob'],
    });
    const page = await (await party.person('Alice')).visit('/#/r/closed');
    await page.getByLabel('Your name').fill('Alice');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('alert').getByText('You cannot open this room').waitFor();
    await page.getByRole('heading', { name: 'Room not available' }).waitFor();
    expect(await page.getByText('You cannot open this room').count()).toBe(1);
    expect(await page.getByText('Loading…').count()).toBe(0);
    expect(await page.getByText('closed', { exact: true }).count()).toBe(0);
    const alice = new Tab('Alice', page);
    expect(await alice.composer.isDisabled()).toBe(true);
    await alice.keepScreen(`closed-${backend}`);
  });

  test(
    'Enter in the search for people makes no room, and a search without a hit says so',
    { timeout: LONG },
    async () => {
      const alice = await party.alone('Alice', await party.room('Lobby'));
      const { page } = alice;
      await page.getByRole('button', { name: 'New room' }).click();
      const dialog = page.getByRole('dialog', { name: 'New room' });
      await dialog.getByRole('textbox', { name: 'Name' }).fill('Not yet');
      const search = dialog.getByRole('searchbox', { name: 'Find people' });
      await search.fill('zzz');
      await dialog.getByText('Nobody is called “zzz”').waitFor();
      await search.press('Enter');
      await search.fill('bo');
      await dialog.getByRole('button', { name: 'Bob bob' }).waitFor();
      await search.press('Enter');
      await dialog.getByRole('button', { name: 'Bob bob' }).and(page.locator(':focus')).waitFor();
      expect(await alice.link('Not yet').count()).toBe(0);
      await page.keyboard.press('Enter');
      await dialog.getByRole('button', { name: 'Create with Bob' }).click();
      await page.getByRole('heading', { name: 'Not yet' }).waitFor();
    },
  );

  test('Ctrl+K goes to a room by the keyboard alone', { timeout: LONG }, async () => {
    const alice = await party.alone('Alice', await party.room('Start'));
    const { page } = alice;
    const target = await party.room('Goal');
    await party.room('Goat');
    await page.reload();
    await alice.link('Goal').waitFor();
    await alice.isReady();
    await page.keyboard.press('Control+k');
    const field = page.getByRole('combobox', { name: 'Find a room' });
    await field.and(page.locator(':focus')).waitFor();
    await page.keyboard.type('goa');
    await alice.keepScreens(`switcher-${backend}`);
    const names = await page.getByRole('option').allTextContents();
    expect([...names].sort()).toEqual(['Goal', 'Goat']);
    const [first = '', second = ''] = names;
    const isChosen = (name: string) => page.getByRole('option', { name, selected: true }).waitFor();
    await isChosen(first);
    // Down to the last, and on to the first; up again, and back.
    for (const [key, name] of [
      ['ArrowDown', second],
      ['ArrowDown', first],
      ['ArrowUp', second],
      ['ArrowUp', first],
    ] as const) {
      await page.keyboard.press(key);
      await isChosen(name);
    }
    await page.getByRole('option', { name: 'Goat' }).click();
    await page.getByRole('heading', { name: 'Goat' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('goal');
    await isChosen('Goal');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Goal' }).waitFor();
    await alice.isReady();
    expect(new URL(page.url()).hash).toBe(`#/r/${target}`);
    await alice.composer.and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('no such');
    await page.getByText('No rooms found').waitFor();
    await page.keyboard.press('Escape');
    await field.waitFor({ state: 'detached' });

    const skip = page.getByRole('link', { name: 'Skip to the messages' });
    await page.reload();
    await alice.isReady();
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await alice.tabTo(skip);
    await page.keyboard.press('Enter');
    await page.getByRole('main').and(page.locator(':focus')).waitFor();
  });

  test('a draft outlasts a reload, and a dropped file does not lead away', { timeout: LONG }, async () => {
    const alice = await party.alone('Alice', await party.room('Draft'));
    const { page } = alice;
    await alice.composer.fill('half a thought');
    await page.reload();
    await alice.isReady();
    expect(await alice.composer.inputValue()).toBe('half a thought');
    const isKept = (selector: string) =>
      page.evaluate((at) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File(['x'], 'x.txt'));
        const drop = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true });
        document.querySelector(at)?.dispatchEvent(drop);
        return drop.defaultPrevented;
      }, selector);
    expect(await isKept('.chat-list')).toBe(true);
    await page.getByText('Files cannot be sent here.').waitFor();
    expect(await isKept('.sidebar')).toBe(true);
  });

  test('one bar of actions is shown at a time', { timeout: LONG }, async () => {
    const alice = await party.alone('Alice', await party.room('Bars'));
    for (const text of ['one', 'two', 'three']) await alice.send(text);
    await alice.hasSent('three');
    const bars = () =>
      alice.page.$$eval(
        '.chat-actions',
        (all) => all.filter((bar) => getComputedStyle(bar).opacity === '1').length,
      );
    await alice.act('one', 'Add a reaction');
    await alice.message('three').hover();
    expect(await bars()).toBe(1);
    await alice.act('two', 'Delete');
    await alice.message('three').hover();
    expect(await bars()).toBe(1);
    await alice.keepScreen(`question-${backend}`);
  });
});
