// room:read: the others see how far somebody has read.
import { expect, test } from 'vitest';
import { everywhere, expectSilence, settled } from '../support/world';

everywhere('room:read', (world) => {
  test('the others are told who has read, and when; the reader is not', async () => {
    const { room, alice, bob, carol } = await world.meet('alice', 'bob', 'carol');
    const before = Date.now();

    expect(await alice.ask('room:read', room)).toEqual({ success: true });

    for (const other of [bob, carol]) {
      const read = await other.next('room:user-read');
      expect(read).toMatchObject({ roomId: room, userId: alice.id });
      expect(Date.parse(read.timestamp)).toBeGreaterThanOrEqual(before - 1);
      expect(Date.parse(read.timestamp)).toBeLessThanOrEqual(Date.now() + 1);
    }
    await expectSilence(alice);
  });

  test('reading again is told again, and later', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');

    await alice.ask('room:read', room);
    await alice.ask('room:read', room);

    await settled(bob);
    const [first, second] = bob.all('room:user-read');
    expect(Date.parse(second.timestamp)).toBeGreaterThanOrEqual(Date.parse(first.timestamp));
  });

  test('a user in another room gets no read mark', async () => {
    const { room, alice } = await world.meet('alice');
    const { carol } = await world.meet('carol');

    await alice.ask('room:read', room);

    await expectSilence(carol);
  });
});
