// room:update and member:remove: a room has a new name and topic, and its owner removes others.
import { expect, test } from 'vitest';
import { everywhere } from '../support/world';

everywhere('rooms that change', (world) => {
  test('a new name is heard in the room, by members who look at their list, and in messages:sync', async () => {
    const alice = await world.connect(world.user('alice'));
    const [bob, carol] = [await world.connect(world.user('bob')), await world.connect(world.user('carol'))];
    const made = { name: 'Plans', type: 'private', members: [bob.id, carol.id] };
    const { room } = await alice.ask('room:create', made);
    await world.join(room.id, alice, bob);
    await carol.ask('rooms:list', {});

    const answer = await alice.ask('room:update', { roomId: room.id, name: 'Ideas', topic: 'all of them' });

    const shown = { id: room.id, name: 'Ideas', type: 'private', createdAt: room.createdAt };
    expect(answer.room).toEqual({ ...shown, topic: 'all of them', ownerId: alice.id });
    const update = { roomId: room.id, name: 'Ideas', topic: 'all of them', by: alice.id, seq: 1 };
    for (const client of [alice, bob, carol]) expect(await client.next('room:updated')).toEqual(update);
    const { events } = await carol.ask('messages:sync', { roomId: room.id, since: 0 });
    expect(events).toEqual([{ event: 'room:updated', data: update }]);
    const listed = (await bob.ask('rooms:list', {})).rooms.find(({ id }) => id === room.id);
    expect(listed).toMatchObject({ name: 'Ideas', topic: 'all of them' });
  });

  test('the owner alone removes a member, who is out on all devices', async () => {
    const [alice, bob] = [await world.connect(world.user('alice')), await world.connect(world.user('bob'))];
    const phone = await world.connect(bob.user);
    const { room } = await alice.ask('room:create', { name: 'Plans', type: 'private', members: [bob.id] });
    await world.join(room.id, alice, bob, phone);

    const refused = await bob.ask('member:remove', { roomId: room.id, userId: alice.id });

    expect(refused).toMatchObject({ success: false, code: 'forbidden' });
    expect(await alice.ask('member:remove', { roomId: room.id, userId: bob.id })).toEqual({ success: true });
    for (const client of [bob, phone]) {
      expect(await client.next('member:left')).toEqual({ roomId: room.id });
      expect(await client.ask('room:join', room.id)).toMatchObject({ success: false, code: 'forbidden' });
    }
    expect((await alice.next('room:members')).members.map(({ id }) => id)).toEqual([alice.id]);
  });
});
