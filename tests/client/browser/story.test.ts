// Two people on the page that the server serves, in a real browser: all that one does with a chat.
import { describe, expect, test } from 'vitest';
import { BACKENDS } from '../support/databases';
import { seedMessages } from '../support/seed';
import { aParty, LONG } from './party';

/** A picture of 8 by 8 pixels. */
const LOGO =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mPQz3+LFTEMLQkAZoJiwT3mGGQAAAAASUVORK5CYII=';

describe.each(BACKENDS)('the page on %s', (backend) => {
  // A tab that is closed while it changes over to its websocket is noticed by a ping, as in Node.
  const party = aParty(backend, {
    JWT_SECRET: '',
    DEMO: 'true',
    PING_INTERVAL: '4000',
    PING_TIMEOUT: '4000',
  });

  test('two people chat, react, answer, edit and delete', { timeout: LONG }, async () => {
    const [alice, bob] = await party.two(await party.room('General'));
    await alice.send('Good morning');
    await bob.sees('Good morning');
    await bob.send('Good morning, Alice');
    await alice.sees('Good morning, Alice');

    await bob.act('Good morning', 'Add a reaction');
    await bob.page.getByRole('button', { name: '🎉', exact: true }).click();
    const reaction = alice.message('Good morning').getByRole('button', { name: '🎉 1 by Bob' });
    await reaction.click();
    await bob.message('Good morning').getByRole('button', { name: '🎉 2 by you and Alice' }).waitFor();
    await bob.page.reload();
    await bob.message('Good morning').getByRole('button', { name: '🎉 2 by you and Alice' }).waitFor();

    await bob.act('Good morning', 'Reply');
    await bob.send('What a day');
    await alice.message('What a day').getByRole('button', { name: 'Good morning' }).waitFor();
    await bob.hasSent('What a day');
    await bob.composer.press('ArrowUp');
    const field = bob.page.getByRole('textbox', { name: 'Edit the message' });
    await field.fill('What a beautiful day');
    await field.press('Enter');
    await alice.message('What a beautiful day').getByText('edited').waitFor();

    await bob.act('What a beautiful day', 'Delete');
    const question = bob.page.getByRole('group', { name: 'Delete this message?' });
    await question.getByRole('button', { name: 'Delete', exact: true }).click();
    await alice.message('What a beautiful day').waitFor({ state: 'detached' });
    await bob.composer.pressSequentially('h');
    await alice.page.getByText('Bob is typing…').waitFor();
    await bob.composer.fill('');
    await alice.page.getByText('Bob is typing…').waitFor({ state: 'detached' });
  });

  test('a person in two tabs sees one conversation in both', { timeout: LONG }, async () => {
    const room = await party.room('Tabs');
    const alice = await party.person('Alice');
    const [one, other] = [await alice.open(room), await alice.open(room)];
    const bob = await party.alone('Bob', room);
    await one.send('from one tab');
    await other.send('from the other');
    await bob.send('from Bob');
    for (const tab of [one, other, bob]) {
      for (const text of ['from one tab', 'from the other', 'from Bob']) await tab.sees(text);
    }
  });

  test(
    'a direct message reaches who is elsewhere, counts as unread, and is answered',
    { timeout: LONG },
    async () => {
      const [alice, bob] = await party.two(await party.room('Elsewhere'));
      await alice.page.getByRole('button', { name: 'New message' }).click();
      await alice.page.getByRole('searchbox', { name: 'Find people' }).fill('bob');
      await alice.page.getByRole('button', { name: 'Bob bob' }).click();
      await alice.page.getByRole('heading', { name: 'Bob' }).waitFor();
      await alice.isReady();
      await alice.send('between us');
      await bob.page.getByRole('link', { name: /^Alice\s*1 unread$/ }).click();
      await bob.sees('between us');
      await bob.send('and only us');
      await alice.sees('and only us');
      for (const tab of [alice, bob]) expect(await tab.texts()).toEqual(['between us', 'and only us']);
    },
  );

  test('a room is made with somebody, and somebody else is invited', { timeout: LONG }, async () => {
    const hall = await party.room('Hall');
    const [alice, bob] = await party.two(hall);
    const carol = await party.alone('Carol', hall);
    await alice.page.getByRole('button', { name: 'New room' }).click();
    const dialog = alice.page.getByRole('dialog', { name: 'New room' });
    await dialog.getByRole('textbox', { name: 'Name' }).fill('Surprise');
    await dialog.getByRole('radio', { name: 'Only people who are invited' }).check();
    await dialog.getByRole('searchbox', { name: 'Find people' }).fill('bo');
    await dialog.getByRole('button', { name: 'Bob bob' }).click();
    await dialog.getByRole('button', { name: 'Create with Bob' }).click();
    await alice.page.getByRole('heading', { name: 'Surprise' }).waitFor();
    await alice.isReady();
    await alice.send('Carol must not know');

    await bob.link('Surprise').click();
    await bob.sees('Carol must not know');
    // Events arrive in order. When Carol sees the second message, every earlier event has reached her, too.
    await bob.send('as little as today');
    await bob.hasSent('as little as today');
    await bob.link('Hall').click();
    await bob.isReady();
    await bob.send('hello, Carol');
    await carol.sees('hello, Carol');
    expect(await carol.link('Surprise').count()).toBe(0);

    await alice.page.getByRole('button', { name: 'Invite people' }).click();
    const invitation = alice.page.getByRole('dialog', { name: 'Invite people' });
    await invitation.getByRole('searchbox', { name: 'Find people' }).fill('car');
    await invitation.getByRole('button', { name: 'Carol carol' }).click();
    await invitation.getByText('Carol is now a member.').waitFor();
    await invitation.getByRole('button', { name: 'Close' }).click();
    await carol.link('Surprise').click();
    await carol.sees('as little as today');
    await carol.send('thank you');
    await alice.sees('thank you');
    expect(await alice.texts()).toEqual(['Carol must not know', 'as little as today', 'thank you']);
  });

  test('it is shown which members are online, and which are offline', { timeout: LONG }, async () => {
    const room = await party.room('Presence');
    const alice = await party.alone('Alice', room);
    await alice.member('Alice', 'online').waitFor();
    await alice.member('Bob', 'offline').waitFor();
    await alice.page.getByText('1 online', { exact: true }).waitFor();

    const bob = await party.alone('Bob', room);
    for (const tab of [alice, bob]) {
      for (const name of ['Alice', 'Bob']) await tab.member(name, 'online').waitFor();
      await tab.member('Carol', 'offline').waitFor();
      await tab.page.getByText('2 online', { exact: true }).waitFor();
    }

    await bob.page.close();
    await alice.member('Bob', 'offline').waitFor();
    await alice.member('Alice', 'online').waitFor();
  });

  test(
    'images and files are shown by what they are, and a phone answers a message',
    { timeout: LONG },
    async () => {
      const files = await party.room('Files');
      const { url, database } = party.server;
      const at = Date.now() - 60_000;
      await seedMessages(database, files, [
        { id: 'image', senderId: 'bob', content: 'our logo', type: 'image', metadata: { url: LOGO }, at },
        {
          id: 'file',
          senderId: 'bob',
          content: 'plan',
          type: 'file',
          metadata: { url: `${url}/plan.pdf`, name: 'plan.pdf', size: 52_000 },
          at: at + 1000,
        },
      ]);
      const alice = await party.alone('Alice', files);
      const image = alice.page.getByRole('img', { name: 'our logo' });
      await image.waitFor();
      expect(
        await image.evaluate((node: HTMLImageElement) => node.decode().then(() => node.naturalWidth)),
      ).toBe(8);
      const file = alice.page.getByRole('link', { name: /plan\.pdf.*52 kB/ });
      expect(await file.getAttribute('href')).toBe(`${url}/plan.pdf`);

      const bob = await party.alone('Bob', files, 'phone');
      const plan = bob.page.locator('article').filter({ hasText: 'plan.pdf' });
      // A phone has no pointer to hover with: a message that is tapped shows what can be done with it.
      await plan.locator('.chat-message-header, .chat-time').first().tap();
      await plan.getByRole('button', { name: 'Reply', exact: true }).tap();
      await bob.send('looks good');
      await alice.message('looks good').getByRole('button', { name: 'plan' }).waitFor();
    },
  );
});
