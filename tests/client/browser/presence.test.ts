// Presence and statuses in real browsers: the dialog, the list of members, the header of a direct room, away by itself, and
// hiding. Kept as pictures, in which axe finds nothing.
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import type { Tab } from './pages';
import { aParty, LONG } from './party';

/** Opens the dialog of one's own status. */
async function openStatus(tab: Tab): Promise<void> {
  await tab.page.getByRole('button', { name: new RegExp(`^Your status, ${tab.name}`, 'u') }).click();
  await tab.page.getByRole('dialog', { name: 'Your status' }).waitFor();
}

describe.each(BACKENDS)('presence on %s', (backend) => {
  const party = aParty(backend);

  test('is shown to others as it changes, and hidden from them', { timeout: LONG }, async () => {
    const room = await party.room('Garden');
    const alice = await party.alone('Alice', room);
    const person = await party.person('Bob');
    await person.context.clock.install();
    const bob = await person.open(room);
    await alice.member('Bob', 'online').waitFor();

    await openStatus(bob);
    await bob.page.getByLabel('Emoji').fill('🍜');
    await bob.page.getByLabel('Status', { exact: true }).fill('Lunch with the whole team in the garden');
    await bob.page.getByLabel('Ends').selectOption('In an hour');
    await bob.keepScreens(`presence-dialog-${backend}`);
    await bob.page.getByRole('button', { name: 'Save' }).click();
    await alice.member('Bob', 'online').getByText('Lunch with').waitFor();
    await bob.page
      .getByRole('button', { name: /^Your status, Bob/u })
      .getByText('Lunch with')
      .waitFor();

    // Nobody touches Bob's page for a while.
    await bob.page.clock.fastForward('06:00');
    await alice.member('Bob', 'away').waitFor();
    await alice.keepScreens(`presence-members-${backend}`);
    await alice.page.getByRole('button', { name: 'New message' }).click();
    await alice.page.getByRole('button', { name: 'Bob bob' }).click();
    await alice.page.getByRole('heading', { name: 'Bob' }).waitFor();
    const header = alice.page.locator('.room-header');
    await header.getByRole('img', { name: 'away' }).waitFor();
    await header.getByText('Lunch with').waitFor();
    await alice.keepScreens(`presence-direct-${backend}`);
    await bob.page.mouse.move(200, 200);
    await header.getByRole('img', { name: 'online' }).waitFor();

    await openStatus(bob);
    await bob.page.getByLabel('Show me as offline to others').check();
    await header.getByRole('img', { name: 'offline' }).waitFor();
    expect(await header.getByText('Lunch with').count()).toBe(0);
    await bob.page.getByLabel('Show me as offline to others').uncheck();
    await header.getByText('Lunch with').waitFor();
    await bob.page.getByRole('button', { name: 'Clear status' }).click();
    await header.getByText('Lunch with').waitFor({ state: 'detached' });

    await bob.page.close();
    await header.getByText(/^last seen/u).waitFor();
    await alice.keepScreen(`presence-last-seen-${backend}`);
  });
});
