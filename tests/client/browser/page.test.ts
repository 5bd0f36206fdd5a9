// The page around the rooms, in a real browser: coming in, colours, a phone, and a keyboard alone.
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { SECRET, tokenOf } from '../support/tokens';
import { Tab } from './pages';
import { aParty, LONG } from './party';

/** The computed background colour of the body. */
const background = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

describe.each(BACKENDS)('the page on %s', (backend) => {
  describe('of a server with a secret', () => {
    const party = aParty(backend, { JWT_SECRET: SECRET });

    test('a token opens it, and one that is not taken says why', { timeout: LONG }, async () => {
      const room = await party.room('Members');
      const page = await (await party.person('Alice')).visit(`/#/r/${room}`);
      const come = async (token: string) => {
        await page.getByLabel('Token').fill(token);
        await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      };
      await come('not a token');
      await page.getByRole('alert').getByText('This is not a token').waitFor();
      await come(tokenOf({ id: 'alice', name: 'Alice' }, {}, { expiresIn: -60 }));
      await page.getByRole('alert').getByText('The server refused your token').waitFor();
      await page.getByRole('button', { name: 'Sign in again' }).click();
      await come(tokenOf({ id: 'alice', name: 'Alice' }));
      await page.getByRole('link', { name: 'Members' }).click();
      const alice = new Tab('Alice', page);
      await alice.isReady();
      await alice.send('here I am');
      await alice.hasSent('here I am');
      await page.reload();
      await alice.sees('here I am');
    });
  });

  describe('in demo mode', () => {
    const party = aParty(backend);

    test('colours are as one likes them, also after a reload', { timeout: LONG }, async () => {
      const { page } = await party.alone('Alice', await party.room('Colours'));
      await page.emulateMedia({ colorScheme: 'light' });
      const light = await background(page);
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await background(page);
      expect(dark).not.toBe(light);

      await page.getByRole('button', { name: 'Theme: system' }).click();
      expect(await background(page)).toBe(light);
      await page.getByRole('button', { name: 'Theme: light' }).click();
      expect(await background(page)).toBe(dark);
      await page.emulateMedia({ colorScheme: 'light' });
      await page.reload();
      await page.getByRole('button', { name: 'Theme: dark' }).waitFor();
      expect(await background(page)).toBe(dark);
      await page.getByRole('button', { name: 'Theme: dark' }).click();
      expect(await background(page)).toBe(light);
    });

    test(
      'on a phone one goes from the rooms into one and back, and sees who is online',
      { timeout: LONG },
      async () => {
        const [here, other] = [await party.room('Here'), await party.room('Other')];
        const alice = await party.alone('Alice', here, 'phone');
        const { page } = alice;
        await alice.link('Other').waitFor({ state: 'hidden' });
        await alice.members.waitFor({ state: 'hidden' });
        await page.getByRole('button', { name: 'Members' }).tap();
        await alice.member('Alice', 'online').waitFor();
        await alice.keepScreen(`phone-members-${backend}`);
        await page.getByRole('button', { name: 'Members' }).tap();
        await alice.members.waitFor({ state: 'hidden' });
        await page.getByRole('button', { name: 'Members' }).tap();
        await alice.members.waitFor();
        // Beside it.
        await page.touchscreen.tap(20, 400);
        await alice.members.waitFor({ state: 'hidden' });

        await page.getByRole('button', { name: 'Back to rooms' }).tap();
        await alice.composer.waitFor({ state: 'detached' });
        await alice.keepScreen(`phone-rooms-${backend}`);
        await alice.link('Other').tap();
        await page.getByRole('heading', { name: 'Other' }).waitFor();
        expect(new URL(page.url()).hash).toBe(`#/r/${other}`);
        // As wide as the phone and no wider.
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
        await page.goBack();
        await page.goBack();
        await page.getByRole('heading', { name: 'Here' }).waitFor();
      },
    );

    test('a keyboard is enough, and each thing that opens is accessible', { timeout: LONG }, async () => {
      const room = await party.room('Keys');
      const page = await (await party.person('Alice')).visit(`/#/r/${room}`);
      const alice = new Tab('Alice', page);
      const { keyboard } = page;
      await page.getByLabel('Your name').waitFor();
      await alice.keepScreens(`sign-in-${backend}`);
      await keyboard.type('Alice');
      await keyboard.press('Enter');
      await alice.isReady();
      // Opening a room moves the focus to its composer.
      await alice.composer.and(page.locator(':focus')).waitFor();
      await keyboard.type('typed');
      await keyboard.press('Enter');
      await alice.hasSent('typed');

      // All messages are one Tab stop; the arrow keys lead on from there.
      await alice.tabTo(alice.list, 'Shift+Tab');
      await keyboard.press('ArrowUp');
      await alice.message('typed').and(page.locator(':focus')).waitFor();
      await keyboard.press('ArrowRight');
      const react = alice.message('typed').getByRole('button', { name: 'Add a reaction' });
      await react.and(page.locator(':focus')).waitFor();
      await keyboard.press('Enter');
      await page.getByRole('button', { name: '👍', exact: true }).and(page.locator(':focus')).waitFor();
      await alice.keepScreen(`palette-${backend}`);
      await keyboard.press('ArrowRight');
      await keyboard.press('Enter');
      await alice.message('typed').getByRole('button', { name: '❤️ 1 by you' }).waitFor();

      await alice.tabTo(alice.composer);
      await keyboard.press('ArrowUp');
      const field = page.getByRole('textbox', { name: 'Edit the message' });
      await field.and(page.locator(':focus')).waitFor();
      expect(await alice.accessibilityFaults()).toEqual([]);
      await keyboard.press('End');
      await keyboard.type(' by hand');
      await keyboard.press('Enter');
      await alice.message('typed by hand').getByText('edited').waitFor();

      await alice.tabTo(page.getByRole('button', { name: 'New room' }), 'Shift+Tab');
      await keyboard.press('Enter');
      await page.getByRole('textbox', { name: 'Name' }).and(page.locator(':focus')).waitFor();
      await alice.keepScreens(`dialog-${backend}`);
      await keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'New room' }).and(page.locator(':focus')).waitFor();
    });
  });
});
