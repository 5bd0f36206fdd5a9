// Long messages in a real browser: they are written, sent in chunks with their progress, and shown by their beginning.
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { aParty, LONG } from './party';

/** In milliseconds. */
const PATIENCE = 60_000;

describe.each(BACKENDS)('the page on %s', (backend) => {
  const party = aParty(backend);

  test('a long text is written, sent, and shown by its beginning', { timeout: LONG }, async () => {
    const room = await party.room('Long');
    const [alice, bob] = await party.two(room);
    const line = `${'words of a long text '.repeat(10)}\n`;
    const text = `The beginning.\n${line.repeat(2_000)}The end.`;
    // The browser's own commands insert a long text too slowly for a test.
    await alice.composer.evaluate((field, value) => {
      const own = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value');
      own?.set?.call(field, value);
      field.dispatchEvent(new Event('input', { bubbles: true }));
    }, text);
    await alice.composer.press('Enter', { timeout: PATIENCE });

    const row = bob.page.locator('article').filter({ hasText: 'The beginning.' });
    await row.getByRole('button', { name: 'Show all' }).waitFor({ timeout: PATIENCE });
    expect(await row.getByText('The end.').count()).toBe(0);
    await bob.keepScreen(`long-excerpt-${backend}`);
    await row.getByRole('button', { name: 'Show all' }).click();
    await row.getByRole('button', { name: 'Show less' }).waitFor({ timeout: PATIENCE });
    expect((await row.textContent())?.includes('The end.')).toBe(true);
    await row.getByRole('button', { name: 'Show less' }).click();
    await bob.keepScreen(`long-less-${backend}`);
    const own = alice.page.locator('article').filter({ hasText: 'The beginning.' });
    await own.getByRole('button', { name: 'Show all' }).waitFor({ timeout: PATIENCE });
    expect(await own.count()).toBe(1);
  });
});
