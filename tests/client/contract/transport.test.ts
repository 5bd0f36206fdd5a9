// The transport: the handshake, the upgrade, the heartbeat, and what becomes of those who do not keep to the protocol.
import { describe, expect, test } from 'vitest';
import { within } from '../support/client';
import { ENGINE_PATH, PING, PONG, RawPolling, RawWebSocket, refusedUpgrade, request } from '../support/raw';
import { aWorld, settled, type World } from '../support/world';

// A second client on the same server. It must not be affected.
async function bystander(world: World) {
  const { room, bob } = await world.meet('bob');
  const unharmed = async () => {
    const answer = await bob.ask('message:send', { roomId: room, content: 'still here' });
    expect(answer.success).toBe(true);
    expect(bob.socket.connected).toBe(true);
  };
  return { room, bob, unharmed };
}

describe('the handshake', () => {
  const world = aWorld('sqlite');

  test('over polling offers websocket and tells the rhythm and the limit', async () => {
    const response = await request(`${world.server.url}${ENGINE_PATH}?EIO=4&transport=polling`);

    expect(response.status).toBe(200);
    expect(response.headers['content-type']).toMatch(/^text\/plain; charset=utf-8$/i);
    expect(response.body[0]).toBe('0');
    expect(JSON.parse(response.body.slice(1))).toEqual({
      sid: expect.any(String) as string,
      upgrades: ['websocket'],
      pingInterval: 25_000,
      pingTimeout: 20_000,
      maxPayload: 1_000_000,
    });
  });

  test('over websocket offers nothing more', async () => {
    const raw = await RawWebSocket.open(world.server.url);

    const frame = await raw.next();

    expect(JSON.parse(frame.slice(1))).toMatchObject({
      upgrades: [],
      pingInterval: 25_000,
      maxPayload: 1_000_000,
    });
    raw.cut();
  });

  test('every session has an id of its own', async () => {
    const sessions = await Promise.all(Array.from({ length: 20 }, () => RawPolling.open(world.server.url)));

    expect(new Set(sessions.map((session) => session.handshake.sid)).size).toBe(20);
  });

  test.each([
    ['', 0, 'Transport unknown'],
    ['EIO=4', 0, 'Transport unknown'],
    ['EIO=4&transport=carrier-pigeon', 0, 'Transport unknown'],
    ['EIO=4&transport=polling&sid=nobody', 1, 'Session ID unknown'],
    ['EIO=3&transport=polling', 5, 'Unsupported protocol version'],
    ['transport=polling', 5, 'Unsupported protocol version'],
  ])('GET ?%s is refused with code %d', async (query, code, message) => {
    const response = await request(`${world.server.url}${ENGINE_PATH}?${query}`);

    expect(response.status).toBe(400);
    expect(response.headers['content-type']).toMatch(/^application\/json\b/);
    expect(JSON.parse(response.body)).toEqual({ code, message });
  });

  test('POST to a session that there is not is refused with code 1', async () => {
    const url = `${world.server.url}${ENGINE_PATH}?EIO=4&transport=polling&sid=nobody`;

    const response = await request(url, { method: 'POST', body: '40' });

    expect(response.status).toBe(400);
    expect(JSON.parse(response.body)).toEqual({ code: 1, message: 'Session ID unknown' });
  });

  test('a session is not begun by POST: code 2', async () => {
    const url = `${world.server.url}${ENGINE_PATH}?EIO=4&transport=polling`;

    const response = await request(url, { method: 'POST', body: '40' });

    expect(response.status).toBe(400);
    expect(JSON.parse(response.body)).toEqual({ code: 2, message: 'Bad handshake method' });
  });

  test('a session over websocket is not polled: code 3', async () => {
    const raw = await RawWebSocket.open(world.server.url);
    const { sid } = JSON.parse((await raw.next()).slice(1)) as { sid: string };

    const response = await request(`${world.server.url}${ENGINE_PATH}?EIO=4&transport=polling&sid=${sid}`);

    expect(response.status).toBe(400);
    expect(JSON.parse(response.body)).toEqual({ code: 3, message: 'Bad request' });
    raw.cut();
  });

  test.each(['EIO=3&transport=websocket', 'EIO=4&transport=websocket&sid=nobody'])(
    'a websocket with ?%s is refused',
    async (query) => {
      expect(await refusedUpgrade(world.server.url, query)).toBe(400);
    },
  );

  test('another namespace is refused, by name', async () => {
    const raw = await RawWebSocket.open(world.server.url);
    await raw.next();

    raw.send(`40/admin,${JSON.stringify({ token: world.tokenOf(world.user('alice')) })}`);

    const frame = await raw.next();
    expect(frame.startsWith('44/admin,')).toBe(true);
    expect(JSON.parse(frame.slice('44/admin,'.length))).toEqual({ message: 'Invalid namespace' });
    raw.cut();
  });

  test('the pages around it answer', async () => {
    for (const path of ['/', '/healthz', '/readyz']) {
      expect((await request(`${world.server.url}${path}`)).status, path).toBe(200);
    }
    expect((await request(`${world.server.url}/nothing/here`)).status).toBe(404);
  });
});

describe('the upgrade', () => {
  const world = aWorld('sqlite');

  test('is probed, and then takes over the session', async () => {
    const polling = await RawPolling.open(world.server.url);
    await polling.connect(world.tokenOf(world.user('alice')));
    const raw = await RawWebSocket.open(world.server.url, { query: `&sid=${polling.handshake.sid}` });

    // The server ends the pending GET request with a noop, so that no polling request is in flight during the upgrade.
    const waiting = polling.packets();
    raw.send('2probe');
    expect(await raw.next()).toBe('3probe');
    expect(await waiting).toEqual(['6']);
    raw.send('5');

    raw.send('420["room:join","nowhere"]');
    const frames = [await raw.next(), await raw.next()].map((frame) => frame.slice(0, 3)).sort();
    expect(frames).toEqual(['42[', '430']);
    raw.cut();
  });

  test('a probe that is none closes the websocket', async () => {
    const polling = await RawPolling.open(world.server.url);
    await polling.connect(world.tokenOf(world.user('alice')));
    const raw = await RawWebSocket.open(world.server.url, { query: `&sid=${polling.handshake.sid}` });

    raw.send('2wrong');

    await raw.whenClosed();
  });

  test('is what a client with the default transports ends with', async () => {
    world.transport = 'upgrade';
    const client = world.open(world.user('alice'));
    await client.connected();

    const { engine } = client.socket.io;
    if (engine.transport.name !== 'websocket') {
      await within('the upgrade', (resolve) => engine.once('upgrade', resolve));
    }

    expect(engine.transport.name).toBe('websocket');
    await client.settle();
  });

  test('loses nothing that is sent meanwhile, either way', async () => {
    world.transport = 'websocket';
    const { room, bob } = await world.meet('bob');
    const contents = Array.from({ length: 100 }, (_, index) => `number ${index}`);
    world.transport = 'upgrade';

    const alice = await world.connect(world.user('alice'));
    alice.tell('room:join', room);
    await bob.next('room:user-joined');
    for (const content of contents) {
      alice.tell('message:send', { roomId: room, content: `alice ${content}` });
      bob.tell('message:send', { roomId: room, content: `bob ${content}` });
    }
    await settled(alice, bob);
    await settled(alice, bob);

    for (const client of [alice, bob]) {
      const heard = client.all('message:new').map((message) => message.content);
      for (const name of ['alice', 'bob']) {
        expect(heard.filter((content) => content.startsWith(name))).toEqual(
          contents.map((content) => `${name} ${content}`),
        );
      }
    }
  });
});

describe('the heartbeat', () => {
  const world = aWorld('sqlite', { PING_INTERVAL: '300', PING_TIMEOUT: '2000' });

  test('tells its rhythm, and goes on as long as it is answered', async () => {
    const raw = await RawWebSocket.open(world.server.url, { answersPings: false });
    expect(JSON.parse((await raw.next()).slice(1))).toMatchObject({ pingInterval: 300, pingTimeout: 2_000 });
    const beats: number[] = [];

    // The first may come early: it is the time between them that is told.
    for (let beat = 0; beat < 6; beat += 1) {
      expect(await raw.next()).toBe(PING);
      beats.push(Date.now());
      raw.send(PONG);
    }

    const average = (beats[5] - beats[1]) / 4;
    expect(average).toBeGreaterThan(250);
    expect(average).toBeLessThan(3_000);
    raw.cut();
  });

  test('a client that does not answer is closed, and has left the room', async () => {
    const { room, bob } = await world.meet('bob');
    const alice = world.user('alice');
    const raw = await RawWebSocket.connect(world.server.url, world.tokenOf(alice), {
      answersPings: false,
    });
    raw.send(`42["room:join","${room}"]`);
    await bob.next('room:user-joined');

    expect(await bob.next('room:user-left')).toEqual({ roomId: room, userId: alice.id });
    await raw.whenClosed();
  });

  test('a client that stops polling has left the room', async () => {
    const { room, bob } = await world.meet('bob');
    const alice = world.user('alice');
    const polling = await RawPolling.open(world.server.url);
    await polling.connect(world.tokenOf(alice));
    await polling.post(`42["room:join","${room}"]`);
    await bob.next('room:user-joined');

    expect(await bob.next('room:user-left')).toEqual({ roomId: room, userId: alice.id });
    expect((await polling.get()).status).toBe(400);
  });

  test('a client whose connection is cut has left the room', async () => {
    const { room, bob } = await world.meet('bob');
    const alice = world.user('alice');
    const raw = await RawWebSocket.connect(world.server.url, world.tokenOf(alice));
    raw.send(`42["room:join","${room}"]`);
    await bob.next('room:user-joined');

    raw.cut();

    expect(await bob.next('room:user-left')).toEqual({ roomId: room, userId: alice.id });
  });

  test('a client that keeps to it stays for many beats', async () => {
    world.transport = 'polling';
    const { bob, unharmed } = await bystander(world);
    let beats = 0;

    await within('ten beats', (resolve) =>
      bob.socket.io.on('ping', () => {
        beats += 1;
        if (beats === 10) resolve(undefined);
      }),
    );

    await unharmed();
    world.transport = 'websocket';
  });
});

describe('a client that never joins the namespace', () => {
  const world = aWorld('sqlite', { CONNECT_TIMEOUT: '300' });

  test('is closed', async () => {
    const raw = await RawWebSocket.open(world.server.url);

    await raw.whenClosed();
  });
});

describe('the limit of a packet', () => {
  const world = aWorld('sqlite', { MAX_PAYLOAD: '20000' });

  test('is told in the handshake', async () => {
    const { handshake } = await RawPolling.open(world.server.url);

    expect(handshake.maxPayload).toBe(20_000);
  });

  test('over polling more than it is refused with 413', async () => {
    const { unharmed } = await bystander(world);
    const polling = await RawPolling.open(world.server.url);
    await polling.connect(world.tokenOf(world.user('alice')));

    const response = await polling.post(`42["message:send",{"content":"${'x'.repeat(20_000)}"}]`);

    expect(response.status).toBe(413);
    await unharmed();
  });

  test('over websocket more than it closes that socket and no other', async () => {
    const { unharmed } = await bystander(world);
    const raw = await RawWebSocket.connect(world.server.url, world.tokenOf(world.user('alice')));

    raw.send(`42["message:send",{"content":"${'x'.repeat(20_000)}"}]`);

    await raw.whenClosed();
    await unharmed();
  });

  test('a packet just under it is taken', async () => {
    for (const transport of ['websocket', 'polling'] as const) {
      world.transport = transport;
      const { room, alice } = await world.meet('alice');
      const answer = await alice.ask('message:send', { roomId: room, content: 'x'.repeat(19_000) });
      expect(answer.success).toBe(true);
    }
    world.transport = 'websocket';
  });
});

describe('a client that breaks the protocol', () => {
  const world = aWorld('sqlite');

  test.each([
    'x',
    '9',
    '49',
    '4x',
    '42[]',
    '42{}',
    '42"room:join"',
    '42["room:join"',
    '42["room:join",',
    '42{"0":"room:join"}',
    Buffer.from('unasked'),
  ])('the frame %j closes the connection, and harms nobody else', async (frame) => {
    const { unharmed } = await bystander(world);
    const raw = await RawWebSocket.connect(world.server.url, world.tokenOf(world.user('mallory')));

    raw.send(frame);

    await raw.whenClosed();
    await unharmed();
  });

  test.each(['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'])(
    'the reserved event name %s closes the connection',
    async (name) => {
      const { unharmed } = await bystander(world);
      const raw = await RawWebSocket.connect(world.server.url, world.tokenOf(world.user('mallory')));

      raw.send(`42["${name}"]`);

      await raw.whenClosed();
      await unharmed();
    },
  );

  test('garbage instead of a token closes the connection', async () => {
    const { unharmed } = await bystander(world);
    for (const frame of ['40not json', '40["token"]', '40"token"']) {
      const raw = await RawWebSocket.open(world.server.url);
      await raw.next();

      raw.send(frame);

      await raw.whenClosed();
    }
    await unharmed();
  });

  test('an event before joining the namespace closes the connection', async () => {
    const { room, bob } = await bystander(world);
    const raw = await RawWebSocket.open(world.server.url);
    await raw.next();

    raw.send(`42["message:send",{"roomId":"${room}","content":"no token"}]`);

    await raw.whenClosed();
    await settled(bob);
    expect(bob.events()).toEqual([]);
  });

  test('garbage over polling ends the session', async () => {
    const { unharmed } = await bystander(world);
    const polling = await RawPolling.open(world.server.url);
    await polling.connect(world.tokenOf(world.user('mallory')));

    await polling.post('49');

    // The first request may still return a queued packet, a noop or a close. One of the two must return 400.
    const statuses = [(await polling.get()).status, (await polling.get()).status];
    expect(statuses).toContain(400);
    await unharmed();
  });
});
