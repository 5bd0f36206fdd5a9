// The page without a network and without a server, in a real browser: nothing is lost, and nothing comes twice.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CuttingProxy } from '../support/cutting_proxy';
import { BACKENDS } from '../support/databases';
import { aParty, LONG } from './party';

/** How long the network is away, in milliseconds. */
const AWAY = 10_000;

describe.each(BACKENDS)('the page on %s', (backend) => {
  const party = aParty(backend);
  let proxy: CuttingProxy;
  beforeAll(async () => void (proxy = await CuttingProxy.create(party.server.url)));
  afterAll(() => proxy.remove());

  test('ten seconds without a network lose nothing', { timeout: LONG }, async () => {
    const room = await party.room('Tunnel');
    const alice = await party.alone('Alice', room, 'desktop', proxy.url);
    const bob = await party.alone('Bob', room);
    const isBack = proxy.away(AWAY);
    await alice.isLost.waitFor();
    const meanwhile = ['are you there?', 'hello?', 'I go on, then'];
    for (const text of meanwhile) await bob.send(text);
    await bob.hasSent('I go on, then');
    const written = ['written in the dark', 'and this'];
    for (const text of written) await alice.send(text);
    await alice.keepsUntilOnline('and this');
    expect(await alice.texts()).toEqual(written);

    await isBack;
    await alice.isLost.waitFor({ state: 'detached' });
    await alice.hasSent('and this');
    for (const tab of [alice, bob]) await expect.poll(() => tab.texts()).toEqual([...meanwhile, ...written]);
  });

  test(
    'ten seconds in which nothing gets through and nobody is told lose nothing',
    { timeout: LONG },
    async () => {
      const room = await party.room('Silence');
      const alice = await party.alone('Alice', room, 'desktop', proxy.url);
      const bob = await party.alone('Bob', room);
      const isBack = proxy.cut('the server later', 0, AWAY);
      await bob.send('are you there?');
      await bob.send('hello?');
      await bob.hasSent('hello?');
      await alice.send('into the void');
      await alice.keeps('into the void');
      expect(await alice.texts()).toEqual(['into the void']);

      await isBack;
      await alice.hasSent('into the void');
      for (const tab of [alice, bob])
        await expect.poll(() => tab.texts()).toEqual(['are you there?', 'hello?', 'into the void']);
    },
  );

  test('a server that is killed loses and doubles nothing', { timeout: LONG }, async () => {
    const [alice, bob] = await party.two(await party.room('Killed'));
    const { server } = party;
    await bob.send('before');
    await alice.sees('before');
    await server.stop('SIGKILL');
    await alice.isLost.waitFor();
    const kept = ['kept one', 'kept two', 'kept three'];
    for (const text of kept) await alice.send(text);
    await alice.keepsUntilOnline('kept three');
    await server.start();
    await alice.hasSent('kept three');
    for (const tab of [alice, bob]) await expect.poll(() => tab.texts()).toEqual(['before', ...kept]);
  });

  test(
    'messages that wait outlast a reload without a server, and are sent once',
    { timeout: LONG },
    async () => {
      const [alice, bob] = await party.two(await party.room('Reload'));
      const { server } = party;
      await alice.keepPage();
      await server.stop('SIGKILL');
      await alice.isLost.waitFor();
      const waiting = ['before the reload', 'this too'];
      for (const text of waiting) {
        await alice.send(text);
        await alice.keepsUntilOnline(text);
      }

      await alice.page.reload();
      for (const text of waiting) await alice.keepsUntilOnline(text);
      expect(await alice.texts()).toEqual(waiting);
      // Only the server can bring them to Bob, and it has not been there.
      expect(await bob.texts()).toEqual([]);

      await server.start();
      await alice.hasSent('this too');
      for (const tab of [alice, bob]) await expect.poll(() => tab.texts()).toEqual(waiting);
      // A second reload has nothing left to send.
      await alice.page.reload();
      await alice.isReady();
      await alice.send('after all');
      await alice.hasSent('after all');
      for (const tab of [alice, bob]) await expect.poll(() => tab.texts()).toEqual([...waiting, 'after all']);
    },
  );
});
