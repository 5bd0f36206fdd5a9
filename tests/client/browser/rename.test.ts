// A room that is renamed over REST, in real browsers: the list of rooms and the header show it at once.
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { aParty, LONG } from './party';

describe.each(BACKENDS)('a renamed room on %s', (backend) => {
  const party = aParty(backend);

  test('has its new name and topic in every tab, open there or not', { timeout: LONG }, async () => {
    const [weekly, other] = [await party.room('Weekly'), await party.room('Other')];
    const alice = await party.alone('Alice', weekly);
    const bob = await party.alone('Bob', other, 'phone');
    const signedIn = await fetch(`${party.server.url}/demo/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Carol' }),
    });
    const { token } = (await signedIn.json()) as { token: string };

    const renamed = await fetch(`${party.server.url}/api/v1/rooms/${weekly}`, {
      method: 'PATCH',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ name: 'Mondays', topic: 'What is planned, and by whom' }),
    });

    expect(renamed.status).toBe(200);
    await alice.page.getByRole('heading', { name: 'Mondays' }).waitFor();
    await alice.page.getByText('What is planned, and by whom').waitFor();
    await alice.link('Mondays').waitFor();
    await bob.page.getByRole('button', { name: 'Back to rooms' }).click();
    await bob.link('Mondays').waitFor();
    await alice.send('found it');
    await alice.hasSent('found it');
  });
});
