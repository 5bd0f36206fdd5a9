// rooms:list, room:create, room:invite, room:presence and users:find: what a page needs beyond the original's events.
import { describe, expect, test } from 'vitest';
import { aWorld, everywhere, expectSilence, forgotten, settled } from '../support/world';

everywhere('rooms', (world) => {
  const people = async (...names: string[]) =>
    Promise.all(names.map((name) => world.connect(world.user(name))));

  test('a room is made, its members find it in their lists, talk there, and read it', async () => {
    const [alice, bob, carol] = await people('alice', 'bob', 'carol');

    const { room } = await alice.ask('room:create', { name: 'Plans', type: 'private', members: [bob.id] });

    expect(room).toMatchObject({ name: 'Plans', type: 'private', members: [alice.id, bob.id].sort() });
    expect(await bob.next('room:invited')).toEqual({ room, from: { id: alice.id, name: 'Alice' } });
    await alice.ask('message:send', { roomId: room.id, content: 'hello' });
    const listed = (await bob.ask('rooms:list', {})).rooms.find(({ id }) => id === room.id);
    expect(listed).toMatchObject({ name: 'Plans', isMember: true, with: null, unreadCount: 1 });
    await world.join(room.id, bob);
    await bob.ask('room:read', room.id);
    const read = (await bob.ask('rooms:list', {})).rooms.find(({ id }) => id === room.id);
    expect(read).toMatchObject({ unreadCount: 0 });
    const strangers = (await carol.ask('rooms:list', {})).rooms.map(({ id }) => id);
    expect(strangers).not.toContain(room.id);
    await expectSilence(carol);
  });

  test('an invited user gets the room on every socket, and the room gets its members', async () => {
    const { room, alice, bob } = await world.meetIn({ type: 'private' }, 'alice', 'bob');
    const [carol] = await people('carol');
    const tab = await world.connect(carol.user);

    const { members } = await alice.ask('room:invite', { roomId: room, userId: carol.id });

    expect(members).toContainEqual({ id: carol.id, name: 'Carol', avatar: null });
    await settled(alice, bob, carol, tab);
    for (const client of [alice, bob])
      expect(await client.next('room:members')).toEqual({ roomId: room, members });
    for (const client of [carol, tab]) {
      expect(client.events()).toEqual(['room:invited']);
      expect((await client.next('room:invited')).room.id).toBe(room);
    }
    expect(await carol.ask('room:join', room)).toEqual({ success: true });
  });

  test('a user who listed rooms gets activity of rooms that they have not joined', async () => {
    const { room, alice, bob } = await world.meetIn({ type: 'private' }, 'alice', 'bob');
    const [carol] = await people('carol');
    await alice.ask('room:invite', { roomId: room, userId: carol.id });
    await carol.ask('rooms:list', {});

    const { message } = await alice.ask('message:send', { roomId: room, content: 'hello' });

    expect(await carol.next('room:activity')).toEqual({
      roomId: room,
      lastMessageAt: message.createdAt,
      by: [{ userId: alice.id, count: 1 }],
    });
    await settled(alice, bob);
    for (const client of [alice, bob]) expect(client.events()).not.toContain('room:activity');
  });

  test('presence lists users, and users are found by a part of the name', async () => {
    const { room, alice, bob } = await world.meet('alice', 'bob');
    const both = [alice.id, bob.id].sort();
    const present = await alice.ask('room:presence', room);
    expect({ users: [...present.users].sort(), count: present.count }).toMatchObject({
      users: both,
      count: 2,
    });
    await bob.ask('room:leave', room);
    expect(await alice.ask('room:presence', room)).toMatchObject({ users: [alice.id], count: 1 });

    const { users } = await alice.ask('users:find', { query: bob.id.toUpperCase() });
    expect(users).toEqual([{ id: bob.id, name: 'Bob', avatar: null }]);
  });

  test('a direct room is listed by the other one', async () => {
    const [alice, bob] = await people('alice', 'bob');
    const { room } = await alice.ask('dm:start', bob.id);
    for (const [one, other, name] of [
      [alice, bob, 'Bob'],
      [bob, alice, 'Alice'],
    ] as const) {
      const { rooms } = await one.ask('rooms:list', {});
      const listed = rooms.find(({ id }) => id === room.id);
      expect(listed).toMatchObject({ type: 'direct', with: { id: other.id, name }, lastMessageAt: null });
    }
  });
});

describe('refusals', () => {
  const world = aWorld('sqlite');

  test('is answered, and changes nothing', async () => {
    const { room, alice, bob } = await world.meetIn({ type: 'private' }, 'alice', 'bob');
    const carol = await world.connect(world.user('carol'));
    const { room: direct } = await alice.ask('dm:start', bob.id);
    await forgotten(bob);
    for (const [client, event, argument, code] of [
      [carol, 'room:invite', { roomId: room, userId: carol.id }, 'forbidden'],
      [alice, 'room:invite', { roomId: direct.id, userId: carol.id }, 'forbidden'],
      [alice, 'room:invite', { roomId: room, userId: 'nobody' }, 'user_not_found'],
      [alice, 'room:create', { name: ' ' }, 'bad_input'],
      [alice, 'room:create', { name: 'Plans', type: 'direct' }, 'bad_input'],
      [alice, 'room:create', { name: 'Plans', members: ['nobody'] }, 'user_not_found'],
      [carol, 'room:presence', room, 'forbidden'],
      [carol, 'users:find', { query: 7 }, 'bad_input'],
      [carol, 'rooms:list', null, 'bad_input'],
    ] as const) {
      expect(await client.ask(event, argument), `${event} ${JSON.stringify(argument)}`).toMatchObject({
        success: false,
        code,
      });
    }
    await expectSilence(bob);
  });
});
