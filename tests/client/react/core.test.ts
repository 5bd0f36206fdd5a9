// @vitest-environment jsdom
// The client of @chatoxide/react by itself: tokens, rooms that come and go, the list of rooms.
import { ChatClient, type ClientOptions, MemoryOutbox } from '@chatoxide/react/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { BACKENDS } from '../support/databases';
import type { User } from '../support/tokens';
import { aWorld } from '../support/world';

const PATIENCE = { timeout: 15_000 };

describe.each(BACKENDS)('the client on %s', (backend) => {
  const world = aWorld(backend);
  let clients: ChatClient[] = [];
  afterEach(() => {
    clients.forEach((client) => client.close());
    clients = [];
  });

  function open(token: ClientOptions['token'], isReading = () => true): ChatClient {
    const options = { url: world.server.url, token, outbox: new MemoryOutbox(), reading: { isReading } };
    const client = new ChatClient(options);
    clients.push(client);
    client.retain();
    return client;
  }

  async function signIn(user: User, isReading?: () => boolean): Promise<ChatClient> {
    const client = open(world.tokenOf(user), isReading);
    await vi.waitFor(() => expect(client.get().status).toBe('connected'), PATIENCE);
    return client;
  }

  const contents = (client: ChatClient, room: string) =>
    client
      .room(room)
      .get()
      .messages.map(({ content }) => content);

  test('a token that is not taken is refused, and a new one lets in', async () => {
    const alice = world.user('alice');
    const tokens = ['no token', 'no token, either', world.tokenOf(alice)];
    const asked: string[] = [];
    const client = open(() => {
      const token = tokens.shift() ?? '';
      asked.push(token);
      return token;
    });
    await vi.waitFor(() => expect(client.get().status).toBe('refused'), PATIENCE);
    expect(asked, 'once more with a new one').toEqual(['no token', 'no token, either']);
    expect(client.get().refusal).toEqual({ code: 'signed_out', error: 'Authentication failed' });

    client.reconnect();

    await vi.waitFor(() => expect(client.get().status).toBe('connected'), PATIENCE);
    expect(client.get()).toMatchObject({ refusal: null, user: { id: alice.id, name: 'Alice' } });
  });

  test('a token is asked for again at each connection, and until there is one', async () => {
    const alice = world.user('alice');
    let asked = 0;
    const client = open(async () => {
      asked += 1;
      if (asked === 1) throw new Error('the token service is away');
      return Promise.resolve(world.tokenOf(alice));
    });
    await vi.waitFor(() => expect(client.get().refusal?.error).toBe('the token service is away'), PATIENCE);
    await vi.waitFor(() => expect(client.get().status).toBe('connected'), PATIENCE);
    expect(asked).toBe(2);
    client.socket.io.engine.close();
    await vi.waitFor(() => expect(client.get().status).toBe('reconnecting'), PATIENCE);
    await vi.waitFor(() => expect(client.get().status).toBe('connected'), PATIENCE);
    expect(asked).toBe(3);
  });

  test('a message written before the user is known is sent once they are', async () => {
    const [alice, bob] = [world.user('alice'), world.user('bob')];
    const room = await world.room({ members: [alice, bob] });
    let give: (token: string) => void = () => undefined;
    const client = open(() => new Promise((resolve) => (give = resolve)));
    const leave = client.enter(room);
    const sent = client.room(room).sendMessage('early');
    await vi.waitFor(() => {
      give(world.tokenOf(alice));
      expect(client.get().user?.id).toBe(alice.id);
    }, PATIENCE);
    expect(await sent).toMatchObject({ content: 'early', senderId: alice.id });
    leave();
  });

  test('a room that was left and is entered again is shown as it is now', async () => {
    const [alice, bob] = [world.user('alice'), world.user('bob')];
    const room = await world.room({ members: [alice, bob] });
    const [hers, his] = [await signIn(alice), await signIn(bob)];
    his.enter(room);
    const leave = hers.enter(room);
    await hers.room(room).sendMessage('one');
    await vi.waitFor(() => expect(contents(his, room)).toEqual(['one']), PATIENCE);

    leave();
    await vi.waitFor(() => expect(hers.room(room).get().isReady).toBe(false), PATIENCE);
    await vi.waitFor(() => expect([...his.room(room).get().present]).toEqual([bob.id]), PATIENCE);
    await his.room(room).sendMessage('two');
    expect(contents(hers, room)).toEqual([]);
    const handle = hers.room(room);
    hers.enter(room);

    await vi.waitFor(() => expect(contents(hers, room)).toEqual(['one', 'two']), PATIENCE);
    expect(hers.room(room), 'who looks at it need not look elsewhere').toBe(handle);
    await his.room(room).sendMessage('three');
    await vi.waitFor(() => expect(contents(hers, room)).toEqual(['one', 'two', 'three']), PATIENCE);
  });

  test('the list of rooms tells what is new in each, and what is unread stands in the room', async () => {
    const [alice, bob] = [world.user('alice'), world.user('bob')];
    const [hers, his] = [await signIn(alice), await signIn(bob)];
    const unwatch = his.rooms.subscribe(() => undefined);
    await vi.waitFor(() => expect(his.rooms.get().isReady).toBe(true), PATIENCE);
    const room = await hers.createRoom({ name: 'Plans', type: 'private', members: [bob.id] });
    await vi.waitFor(
      () => expect(his.rooms.find(room.id)).toMatchObject({ name: 'Plans', unreadCount: 0 }),
      PATIENCE,
    );
    const leave = hers.enter(room.id);
    const first = await hers.room(room.id).sendMessage('one');
    await hers.room(room.id).sendMessage('two');

    // Told, not asked for.
    await vi.waitFor(() => expect(his.rooms.find(room.id)).toMatchObject({ unreadCount: 2 }), PATIENCE);
    await his.rooms.refresh();
    expect(his.rooms.find(room.id)).toMatchObject({ unreadCount: 2 });
    his.enter(room.id);
    await vi.waitFor(() => expect(contents(his, room.id)).toEqual(['one', 'two']), PATIENCE);
    expect(his.room(room.id).get()).toMatchObject({ unreadCount: 2, firstUnreadId: first.id });
    his.room(room.id).markAsRead();
    expect(his.room(room.id).get()).toMatchObject({ unreadCount: 0, firstUnreadId: first.id });
    expect(his.rooms.find(room.id)).toMatchObject({ unreadCount: 0 });
    unwatch();
    leave();
  });

  test('people are found, written to and invited', async () => {
    const [alice, bob, carol] = [world.user('alice'), world.user('bob'), world.user('carol')];
    const [hers, his] = [await signIn(alice), await signIn(bob)];
    await signIn(carol);
    expect(await hers.findUsers(bob.id)).toEqual([{ id: bob.id, name: 'Bob', avatar: null }]);
    const unwatch = his.rooms.subscribe(() => undefined);
    const direct = await hers.startDirect(bob.id);
    await vi.waitFor(() => expect(his.rooms.find(direct.id)?.with?.name).toBe('Alice'), PATIENCE);
    const room = await hers.createRoom({ name: 'Ideas' });
    const members = await hers.invite(room.id, carol.id);
    expect(members.map(({ id }) => id)).toEqual([alice.id, carol.id]);
    await expect(hers.invite(direct.id, carol.id)).rejects.toMatchObject({
      name: 'ChatError',
      code: 'forbidden',
    });
    unwatch();
  });
});
