// Refusals in a real browser: a message that is too long, a reaction without a connection, and pictures that are broken.
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { aParty, LONG } from './party';

/** An address of a picture that is none. */
const BROKEN = 'data:image/png;base64,AAAA';
const USERS = [
  { id: 'alice', name: 'Alice' },
  { id: 'bob', name: 'Bob', avatar: BROKEN },
];

describe.each(BACKENDS)('the page on %s', (backend) => {
  const party = aParty(backend, { JWT_SECRET: '', DEMO: 'true', MAX_MESSAGE_LENGTH: '20' }, USERS);

  test('a message that is too long says so, is shortened, and is sent', { timeout: LONG }, async () => {
    const [alice, bob] = await party.two(await party.room('Short'));
    await alice.send('one letter too many for it');
    const refused = alice.message('one letter too many for it');
    await refused.getByText('Not sent: it is too long (at most 20 characters)').waitFor();
    await refused.getByRole('button', { name: 'Edit', exact: true }).click();
    await alice.composer.and(alice.page.locator(':focus')).waitFor();
    expect(await alice.composer.inputValue()).toBe('one letter too many for it');
    expect(await refused.count()).toBe(0);
    await alice.send('short enough');
    await alice.hasSent('short enough');
    await bob.sees('short enough');
    expect(await bob.texts()).toEqual(['short enough']);
  });

  test('an edit that is too long says so, and its text can be edited again', { timeout: LONG }, async () => {
    const alice = await party.alone('Alice', await party.room('Edits'));
    await alice.send('before');
    await alice.hasSent('before');
    await alice.act('before', 'Edit');
    const field = alice.page.getByRole('textbox', { name: 'Edit the message' });
    await field.fill('after that it is too long');
    await field.press('Enter');
    const why = 'Your edit was not saved: it is too long (at most 20 characters)';
    await alice.message('before').getByText(why).waitFor();
    await alice.message('before').getByRole('alert').getByRole('button', { name: 'Edit' }).click();
    expect(await field.inputValue()).toBe('after that it is too long');
    await field.fill('after');
    await field.press('Enter');
    await alice.message('after').getByText('edited').waitFor();
  });

  test('a picture that is broken makes room for letters', { timeout: LONG }, async () => {
    const [alice, bob] = await party.two(await party.room('Faces'));
    await bob.send('how do I look?');
    await alice.sees('how do I look?');
    for (const part of [alice.message('how do I look?'), alice.member('Bob', 'online')]) {
      await part.locator('.chat-avatar').getByText('B', { exact: true }).waitFor();
      expect(await part.locator('img').count()).toBe(0);
    }
  });

  test(
    'a reaction without a connection waits, and is made when there is one',
    { timeout: LONG },
    async () => {
      const [alice, bob] = await party.two(await party.room('Cut'));
      await bob.send('do you like it?');
      await alice.sees('do you like it?');
      await party.server.stop('SIGKILL');
      await alice.isLost.waitFor();
      await alice.act('do you like it?', 'Add a reaction');
      await alice.page.getByRole('button', { name: '🎉', exact: true }).click();
      await alice.message('do you like it?').getByText('Will be saved when you are back online').waitFor();
      expect(await alice.message('do you like it?').locator('.chat-reaction').count()).toBe(1);
      await party.server.start();
      await alice.isLost.waitFor({ state: 'detached' });
      await bob.message('do you like it?').getByRole('button', { name: '🎉 1 by Alice' }).waitFor();
    },
  );
});
