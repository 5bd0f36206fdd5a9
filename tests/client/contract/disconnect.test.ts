// A connection that ends: each room that its user was in is told, once, whether it was closed or cut.
import { expect, test } from 'vitest';
import type { Client } from '../support/client';
import { everywhere, expectSilence, forgotten, settled } from '../support/world';

everywhere('disconnect', (world) => {
  test('the others in each of the rooms are told, and nobody else', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const { room: second, carol } = await world.meet('carol');
    const { dave } = await world.meet('dave');
    await world.join(second, alice);
    await forgotten(carol);

    alice.close();

    expect(await bob.next('room:user-left')).toEqual({ roomId: room, userId: alice.id });
    expect(await carol.next('room:user-left')).toEqual({ roomId: second, userId: alice.id });
    await settled(bob, carol);
    expect(bob.events()).toEqual(['room:user-left']);
    expect(carol.events()).toEqual(['room:user-left']);
    await expectSilence(dave);
  });

  test('one tab of two closes: nobody is told, and the other tab still hears', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const tab = await world.connect(alice.user);
    await world.join(room, tab);

    tab.close();
    // Another user's leaving is told: had the tab's closing been told, it would stand before it.
    const carol = await world.connect(world.user('carol'));
    await carol.ask('room:join', room);
    carol.close();

    expect(await bob.next('room:user-left')).toEqual({ roomId: room, userId: carol.id });
    expect(await alice.next('room:user-left')).toEqual({ roomId: room, userId: carol.id });
    await bob.ask('message:send', { roomId: room, content: 'still there?' });
    expect(await alice.next('message:new')).toMatchObject({ content: 'still there?' });
    await settled(bob);
    expect(bob.all('room:user-left')).toHaveLength(1);
  });

  test('the last tab closes: the others are told once', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const tab = await world.connect(alice.user);
    await world.join(room, tab);

    tab.close();
    alice.close();

    expect(await bob.next('room:user-left')).toEqual({ roomId: room, userId: alice.id });
    const carol = await world.connect(world.user('carol'));
    await carol.ask('room:join', room);
    await bob.next('room:user-joined');
    expect(bob.all('room:user-left')).toHaveLength(1);
  });

  test('closing while typing stops the typing', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    await alice.ask('typing:start', room);

    alice.close();

    expect(await bob.next('typing:stopped')).toEqual({ roomId: room, userId: alice.id });
    await bob.next('room:user-left');
  });

  test('a user who left the room before is not announced a second time', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const { room: second, carol } = await world.meet('carol');
    await world.join(second, alice);
    await alice.ask('room:leave', room);

    alice.close();

    await carol.next('room:user-left');
    await settled(bob);
    expect(bob.all('room:user-left')).toEqual([{ roomId: room, userId: alice.id }]);
  });

  test('a client whose connection is cut has left as well', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');

    cut(alice);

    expect(await bob.next('room:user-left')).toEqual({ roomId: room, userId: alice.id });
  });
});

// Ends the transport without a word of Socket.IO's own goodbye.
function cut(client: Client): void {
  client.socket.io.engine.close();
}
