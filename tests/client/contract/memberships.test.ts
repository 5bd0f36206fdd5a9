// member:join, member:leave and users:watch: who is a member, and who is online by any device.
import { expect, test } from 'vitest';
import { everywhere, settled } from '../support/world';

everywhere('memberships', (world) => {
  test('a guest of a public room becomes a member on all devices, and leaves again', async () => {
    const alice = await world.connect(world.user('alice'));
    const { room } = await alice.ask('room:create', { name: 'Open' });
    await world.join(room.id, alice);
    const bob = await world.connect(world.user('bob'));
    const phone = await world.connect(bob.user);

    const joined = await bob.ask('member:join', room.id);

    expect(joined.room).toEqual({ ...room, members: [alice.id, bob.id].sort() });
    expect((await phone.next('room:invited')).room).toEqual(joined.room);
    expect((await alice.next('room:members')).members.map(({ id }) => id)).toEqual([alice.id, bob.id].sort());
    await phone.ask('rooms:list', {});
    await alice.ask('message:send', { roomId: room.id, content: 'welcome' });
    expect(await phone.next('room:activity')).toMatchObject({ by: [{ userId: alice.id, count: 1 }] });

    expect(await phone.ask('member:leave', room.id)).toEqual({ success: true });

    for (const client of [bob, phone]) expect(await client.next('member:left')).toEqual({ roomId: room.id });
    expect((await alice.next('room:members')).members.map(({ id }) => id)).toEqual([alice.id]);
    await settled(alice, bob, phone);
    const listed = (await phone.ask('rooms:list', {})).rooms.find(({ id }) => id === room.id);
    expect(listed).toMatchObject({ isMember: false });
  });

  test('a user is online by any device, and offline when the last one has gone', async () => {
    const { alice, bob } = await world.meetIn({ type: 'private' }, 'alice', 'bob');
    const phone = await world.connect(bob.user);
    const stranger = await world.connect(world.user('stranger'));

    const { online } = await alice.ask('users:watch', { userIds: [bob.id, stranger.id] });

    expect(online).toEqual([bob.id]);
    bob.close();
    stranger.close();
    phone.close();
    expect(await alice.next('users:presence')).toEqual({ online: [], offline: [bob.id] });
    await world.connect(bob.user);
    expect(await alice.next('users:presence')).toEqual({ online: [bob.id], offline: [] });
  });
});
