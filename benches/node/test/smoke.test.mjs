// Every event of the built baseline once, with the real client, on a fresh database: `npm run build`, then
// `../../tests/support/with-services npm test`. It shows that the baseline works, so that its numbers mean something.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import jwt from 'jsonwebtoken';
import pg from 'pg';
import { io } from 'socket.io-client';

const SECRET = 'the secret of the smoke test: 0123456789abcdef';
const PATIENCE = 8000;
const ROOM = 'room-1';
const NAME = `node_smoke_${process.pid}`;
const TABLES = ['user', 'room', 'message', 'reaction', 'room_members'];
const FOLDER = '../../../migrations/original/postgres/';

const { TEST_POSTGRES_URL: postgresUrl, TEST_REDIS_URL: redisUrl } = process.env;
assert(postgresUrl && redisUrl, 'run this under tests/support/with-services');
const databaseUrl = Object.assign(new URL(postgresUrl), { pathname: `/${NAME}` }).href;

let database, redis, server, url, alice, bob;

const within = (what, promise) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came: ${what}`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** A signed-in socket that keeps what it hears until `next` takes it. */
async function connect(id, name) {
  const token = jwt.sign({ sub: id, name }, SECRET, { algorithm: 'HS256' });
  const socket = io(url, { transports: ['websocket'], auth: { token }, forceNew: true, reconnection: false });
  const heard = [];
  let wake = () => {};
  socket.onAny((event, value) => {
    heard.push({ event, value });
    wake();
  });
  await within('connect', once(socket, 'connect'));
  return {
    socket,
    heard,
    ask: (event, ...args) =>
      within(`the ack of ${event}`, socket.timeout(PATIENCE).emitWithAck(event, ...args)),
    tell: (event, ...args) => socket.emit(event, ...args),
    next: (event) =>
      within(
        `${event} at ${id}`,
        new Promise((resolve) => {
          const look = () => {
            const place = heard.findIndex((entry) => entry.event === event);
            wake = place >= 0 ? () => {} : look;
            if (place >= 0) resolve(heard.splice(place, 1)[0].value);
          };
          look();
        }),
      ),
  };
}

async function asAdmin(statement) {
  const admin = new pg.Client({ connectionString: postgresUrl });
  await admin.connect();
  await admin.query(statement);
  await admin.end();
}

before(async () => {
  await asAdmin(`CREATE DATABASE ${NAME}`);
  database = new pg.Client({ connectionString: databaseUrl });
  await database.connect();
  const files = TABLES.map((table) => readFile(new URL(`${FOLDER}${table}.sql`, import.meta.url), 'utf8'));
  const tables = (await Promise.all(files)).join('');
  await database.query(`
    BEGIN;
    ${tables}
    COMMIT;
    INSERT INTO "User" ("id", "name", "email") VALUES ('alice', 'Alice', 'a@example.org'), ('bob', 'Bob', 'b@example.org');
    INSERT INTO "Room" ("id", "name", "type") VALUES ('${ROOM}', 'One', 'private');
    INSERT INTO "_RoomMembers" ("A", "B") VALUES ('${ROOM}', 'alice'), ('${ROOM}', 'bob')`);
  redis = new Redis(redisUrl);
  await redis.del(`chat:messages:${ROOM}`, `chat:read:${ROOM}`);

  server = spawn(process.execPath, ['dist/server.mjs'], {
    cwd: new URL('..', import.meta.url),
    env: {
      ...process.env,
      NODE_ENV: 'production',
      DATABASE_URL: databaseUrl,
      REDIS_URL: redisUrl,
      JWT_SECRET: SECRET,
      HOST: '127.0.0.1',
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await within('the port', once(server.stdout.setEncoding('utf8'), 'data'));
  url = `http://127.0.0.1:${/^listening (\d+)\n$/.exec(line)[1]}`;
  alice = await connect('alice', 'Alice of the token');
  bob = await connect('bob', 'Bob of the token');
});

after(async () => {
  alice?.socket.disconnect();
  bob?.socket.disconnect();
  if (server?.exitCode === null) server.kill('SIGKILL');
  redis?.disconnect();
  await database?.end();
  await asAdmin(`DROP DATABASE IF EXISTS ${NAME} WITH (FORCE)`);
});

test('a token that does not hold is refused', async () => {
  const tokens = [
    undefined,
    'nonsense',
    jwt.sign({ sub: 'alice' }, 'another secret'),
    jwt.sign({ name: 'nobody' }, SECRET),
    jwt.sign({ sub: 'alice' }, SECRET, { expiresIn: -1 }),
    jwt.sign({ sub: 'alice' }, SECRET, { algorithm: 'HS384' }),
    jwt.sign({ sub: 'alice' }, null, { algorithm: 'none' }),
  ];
  for (const token of tokens) {
    const socket = io(url, {
      transports: ['websocket'],
      auth: { token },
      forceNew: true,
      reconnection: false,
    });
    const [error] = await within('connect_error', once(socket, 'connect_error'));
    assert.equal(error.message, 'Authentication failed');
    socket.disconnect();
  }
});

test('room:join gives history and members, tells the others, marks as read', async () => {
  alice.tell('room:join', ROOM);
  assert.deepEqual(await alice.next('room:history'), { roomId: ROOM, messages: [] });
  const { members } = await alice.next('room:members');
  assert.deepEqual(
    members.sort((one, other) => (one.id < other.id ? -1 : 1)),
    [
      { id: 'alice', name: 'Alice', avatar: null },
      { id: 'bob', name: 'Bob', avatar: null },
    ],
  );
  assert.deepEqual(await bob.ask('room:join', ROOM), { success: true });
  assert.deepEqual(await alice.next('room:user-joined'), {
    roomId: ROOM,
    user: { id: 'bob', name: 'Bob of the token' },
  });
  assert.match(await redis.hget(`chat:read:${ROOM}`, 'bob'), /^\d{13}$/);
});

test('message:send stores, caches, tells all; history and pages show it', async () => {
  const before = Date.now();
  const { success, message } = await alice.ask('message:send', {
    roomId: ROOM,
    content: 'one',
    metadata: { a: [1] },
  });
  assert.equal(success, true);
  const { id, createdAt, ...rest } = message;
  assert.deepEqual(rest, {
    roomId: ROOM,
    senderId: 'alice',
    senderName: 'Alice',
    content: 'one',
    type: 'text',
    metadata: { a: [1] },
    replyTo: null,
    updatedAt: null,
  });
  assert.match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert(Math.abs(Date.parse(createdAt) - before) < PATIENCE);
  assert.deepEqual(await alice.next('message:new'), message);
  assert.deepEqual(await bob.next('message:new'), message);
  assert.deepEqual((await redis.lrange(`chat:messages:${ROOM}`, 0, -1)).map(JSON.parse), [message]);

  bob.tell('message:send', { roomId: ROOM, content: 'two', replyTo: id, type: 'image' });
  const reply = await alice.next('message:new');
  assert.equal(reply.replyTo, id);
  assert.equal(reply.type, 'image');

  const cached = await bob.ask('messages:load', { roomId: ROOM });
  assert.deepEqual(cached.messages, [reply, message]);
  const page = await bob.ask('messages:load', { roomId: ROOM, before: '2999-01-01T00:00:00.000Z', limit: 1 });
  assert.deepEqual(page.messages, [{ ...reply, sender: { name: 'Bob' } }]);
  const { rows } = await database.query('SELECT count(*)::int AS count FROM "Message"');
  assert.equal(rows[0].count, 2);
});

test('message:send that cannot be stored is refused, and nobody is told', async () => {
  for (const data of [
    { roomId: 'no such room', content: 'x' },
    { roomId: ROOM, content: 'x', type: 'x' },
    undefined,
  ]) {
    const answer = await alice.ask('message:send', data);
    assert.equal(answer.success, false);
    assert.equal(typeof answer.error, 'string');
  }
  // Without an ack, and without an end of the server.
  alice.tell('message:send', { roomId: 'no such room', content: 'x' });
  await bob.ask('room:read', ROOM);
  assert.equal(bob.heard.filter(({ event }) => event === 'message:new').length, 1);
});

test('message:edit and message:delete are for the author', async () => {
  const { message } = await alice.ask('message:send', { roomId: ROOM, content: 'to edit' });
  const refused = { success: false, error: 'Message not found' };
  assert.deepEqual(await bob.ask('message:edit', { messageId: message.id, content: 'mine' }), refused);
  const edited = await alice.ask('message:edit', { messageId: message.id, content: 'edited' });
  assert.equal(edited.success, true);
  assert.equal(edited.message.content, 'edited');
  assert.deepEqual(edited.message.sender, { name: 'Alice' });
  assert.notEqual(edited.message.updatedAt, null);
  assert.deepEqual(await bob.next('message:updated'), edited.message);

  const target = { messageId: message.id, roomId: ROOM };
  assert.deepEqual(await bob.ask('message:delete', target), { success: false, error: 'Failed to delete' });
  alice.tell('message:delete', target);
  assert.deepEqual(await bob.next('message:deleted'), target);
  const { rowCount } = await database.query('SELECT 1 FROM "Message" WHERE "id" = $1', [message.id]);
  assert.equal(rowCount, 0);
});

test('reactions are told to the room and kept once', async () => {
  const { message } = await alice.ask('message:send', { roomId: ROOM, content: 'to react to' });
  const reaction = { messageId: message.id, roomId: ROOM, emoji: '👍' };
  const told = { messageId: message.id, userId: 'bob', emoji: '👍' };
  const count = async () => (await database.query('SELECT 1 FROM "Reaction"')).rowCount;

  assert.deepEqual(await bob.ask('reaction:add', reaction), { success: true });
  bob.tell('reaction:add', reaction);
  assert.deepEqual(await alice.next('reaction:added'), told);
  assert.deepEqual(await alice.next('reaction:added'), told);
  assert.equal(await count(), 1);
  bob.tell('reaction:remove', reaction);
  assert.deepEqual(await alice.next('reaction:removed'), told);
  assert.equal(await count(), 0);
});

test('typing:start and typing:stop are told to the others', async () => {
  alice.tell('typing:start', ROOM);
  alice.tell('typing:stop', ROOM);
  assert.deepEqual(await bob.next('typing:user'), {
    roomId: ROOM,
    userId: 'alice',
    userName: 'Alice of the token',
  });
  assert.deepEqual(await bob.next('typing:stopped'), { roomId: ROOM, userId: 'alice' });
});

test('room:read marks and tells the others', async () => {
  await redis.hdel(`chat:read:${ROOM}`, 'alice');
  bob.heard.length = 0;
  alice.tell('room:read', ROOM);
  const { timestamp, ...rest } = await bob.next('room:user-read');
  assert.deepEqual(rest, { roomId: ROOM, userId: 'alice' });
  assert(Math.abs(Date.parse(timestamp) - Date.now()) < PATIENCE);
  assert.match(await redis.hget(`chat:read:${ROOM}`, 'alice'), /^\d{13}$/);
});

test('dm:start makes the room of two, once', async () => {
  const { room } = await bob.ask('dm:start', 'alice');
  const { createdAt, ...rest } = room;
  assert.deepEqual(rest, { id: 'dm:alice:bob', name: 'Direct Message', type: 'direct' });
  assert.deepEqual(await alice.next('dm:started'), { room, from: { id: 'bob', name: 'Bob of the token' } });
  const again = await alice.ask('dm:start', 'bob');
  assert.deepEqual(again.room, { ...rest, createdAt });
  const { rows } = await database.query(
    `SELECT "B" FROM "_RoomMembers" WHERE "A" = '${room.id}' ORDER BY "B"`,
  );
  assert.deepEqual(rows, [{ B: 'alice' }, { B: 'bob' }]);
  assert.equal((await bob.ask('dm:start', 'nobody')).success, false);
});

test('who leaves or disconnects is told to the others', async () => {
  const carol = await connect('bob', 'Bob again');
  await carol.ask('room:join', ROOM);
  alice.heard.length = 0;
  carol.tell('room:leave', ROOM);
  assert.deepEqual(await alice.next('room:user-left'), { roomId: ROOM, userId: 'bob' });
  carol.socket.disconnect();
  await bob.ask('room:leave', 'dm:alice:bob');
  await alice.next('room:user-left');
  bob.socket.disconnect();
  assert.deepEqual(await alice.next('room:user-left'), { roomId: ROOM, userId: 'bob' });
});

test('SIGTERM ends it', async () => {
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  assert.deepEqual(await within('the end', ended), [0, null]);
});
