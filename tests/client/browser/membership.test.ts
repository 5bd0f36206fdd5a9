// Somebody who signs in by name, in a real browser: the first screen, joining and leaving a room, and being online on two devices.
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { type Device, Tab } from './pages';
import { aParty, LONG } from './party';

describe.each(BACKENDS)('the page on %s', (backend) => {
  const party = aParty(backend);

  /** The first screen of Dora, who is a member of no room. */
  async function dora(device: Device): Promise<Tab> {
    const page = await (await party.person('Dora', device)).visit('/');
    await page.getByLabel('Your name').fill('Dora');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    return new Tab('Dora', page);
  }

  test(
    'a guest sees the most recent room, joins it, gets badges on all devices, and leaves it',
    { timeout: LONG },
    async () => {
      await party.room('Shed');
      const bob = await party.alone('Bob', await party.room('Garden'));
      await bob.send('who waters the beans?');
      await bob.hasSent('who waters the beans?');

      const desktop = await dora('desktop');
      await desktop.page.getByRole('heading', { name: 'Garden' }).waitFor();
      await desktop.sees('who waters the beans?');
      const guests = bob.members.getByRole('region', { name: 'Guests' });
      await guests.getByText('Dora', { exact: true }).waitFor();
      await desktop.keepScreens(`guest-${backend}`);

      const join = desktop.page.getByRole('button', { name: 'Join', exact: true });
      const background = await join.evaluate((button) => getComputedStyle(button).backgroundColor);
      expect(background, "the page's own style, not that of the room around it").not.toBe('rgba(0, 0, 0, 0)');
      await join.click();
      await guests.waitFor({ state: 'detached' });
      await bob.member('Dora', 'online').waitFor();
      await desktop.page.getByRole('button', { name: 'Leave room' }).waitFor();
      expect(await join.count()).toBe(0);

      const phone = await dora('phone');
      await phone.link('Garden').waitFor();
      expect(await phone.composer.count(), 'the list is the first screen').toBe(0);
      await desktop.link('Shed').click();
      await desktop.isReady();
      await bob.send('nobody?');
      for (const { page } of [desktop, phone]) {
        await page.getByRole('link', { name: /^Garden\s*1 unread$/ }).waitFor();
        await expect.poll(() => page.title()).toBe('(1) chatoxide');
      }

      await desktop.link('Garden').click();
      await desktop.isReady();
      await desktop.page.getByRole('button', { name: 'Leave room' }).click();
      const question = desktop.page.getByRole('dialog', { name: 'Leave Garden?' });
      await desktop.keepScreen(`leave-${backend}`);
      await question.getByRole('button', { name: 'Leave' }).click();
      await desktop.page.getByRole('heading', { name: 'Shed' }).waitFor();
      await bob.members.getByText('Dora', { exact: true }).waitFor({ state: 'detached' });
    },
  );

  test('a guest sees a member online who has another room open', { timeout: LONG }, async () => {
    await party.alone('Bob', await party.room('Workshop'));
    const guest = await party.alone('Dora', await party.room('Porch'));
    await guest.member('Bob', 'online').waitFor();
    await guest.member('Carol', 'offline').waitFor();
  });

  test('a user is online until the last device has gone', { timeout: LONG }, async () => {
    const bob = await party.alone('Bob', await party.room('Kitchen'));
    const [desktop, phone] = [
      await party.alone('Alice', await party.room('Cellar')),
      await party.alone('Alice', await party.room('Attic'), 'phone'),
    ];
    const carol = await party.alone('Carol', await party.room('Balcony'));
    for (const name of ['Alice', 'Carol']) await bob.member(name, 'online').waitFor();
    await desktop.page.close();
    // Carol goes after Alice's desktop. When she counts as offline, Alice would, too, if her phone did not count.
    await carol.page.close();
    await bob.member('Carol', 'offline').waitFor();
    expect(await bob.member('Alice', 'online').count()).toBe(1);
    await phone.page.close();
    await bob.member('Alice', 'offline').waitFor();
  });
});
