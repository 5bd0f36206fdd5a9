// Long messages in a real browser: they are written, sent in chunks with their progress, and shown by their beginning.
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { aParty, LONG } from './party';

describe.each(BACKENDS)('the page on %s', (backend) => {
  const party = aParty(backend);

  test('a text of a megabyte is written, sent, and shown by its beginning', { timeout: LONG }, async () => {
    const room = await party.room('Long');
    const [alice, bob] = await party.two(room);
    const text = `The beginning.\n${'A line of a long text, 語 and 😀.\n'.repeat(26_000)}The end.`;
    await alice.composer.fill(text);
    await alice.composer.press('Enter');

    const row = bob.page.locator('article').filter({ hasText: 'The beginning.' });
    await row.getByRole('button', { name: 'Show all' }).waitFor();
    expect(await row.getByText('The end.').count()).toBe(0);
    await bob.keepScreen(`long-excerpt-${backend}`);
    await row.getByRole('button', { name: 'Show all' }).click();
    await row.getByRole('button', { name: 'Show less' }).waitFor();
    expect((await row.textContent())?.includes('The end.')).toBe(true);
    await row.getByRole('button', { name: 'Show less' }).click();
    await bob.keepScreen(`long-less-${backend}`);
    const own = alice.page.locator('article').filter({ hasText: 'The beginning.' });
    await own.getByRole('button', { name: 'Show all' }).waitFor();
    expect(await own.count()).toBe(1);
  });
});
