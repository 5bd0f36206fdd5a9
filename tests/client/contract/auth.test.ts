// Signing in: whose token is taken, whose is not, and what becomes of a user who was not known before.
import { generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect, test } from 'vitest';
import { within } from '../support/client';
import { sql } from '../support/databases';
import { seedUsers } from '../support/seed';
import { SECRET } from '../support/tokens';
import { aWorld, everywhere } from '../support/world';

const now = () => Math.floor(Date.now() / 1000);
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

// A token by hand: for what jsonwebtoken rightly refuses to sign.
function crafted(header: object, payload: object, signature = ''): string {
  return `${base64url(header)}.${base64url(payload)}.${signature}`;
}

const good = () => jwt.sign({ sub: 'mallory' }, SECRET);

const REFUSED: Record<string, () => unknown> = {
  missing: () => undefined,
  null: () => null,
  empty: () => '',
  'a number': () => 17,
  'an object': () => ({ sub: 'mallory' }),
  'not a token': () => 'let me in',
  'three dots': () => '...',
  'cut short': () => good().slice(0, -3),
  expired: () => jwt.sign({ sub: 'mallory', exp: now() - 1 }, SECRET),
  'expired this very second': () => jwt.sign({ sub: 'mallory', exp: now() }, SECRET),
  'not valid yet': () => jwt.sign({ sub: 'mallory', nbf: now() + 3600 }, SECRET),
  'with an expiry that is text': () =>
    jwt.sign(JSON.stringify({ sub: 'mallory', exp: String(now() + 3600) }), SECRET),
  'signed with another secret': () => jwt.sign({ sub: 'mallory' }, `${SECRET}!`),
  'signed with an empty secret': () => {
    const [header, payload] = good().split('.');
    return `${header}.${payload}.`;
  },
  'of another payload': () => {
    const [header, , signature] = good().split('.');
    return `${header}.${base64url({ sub: 'alice' })}.${signature}`;
  },
  'alg none': () => jwt.sign({ sub: 'mallory' }, '', { algorithm: 'none' }),
  'alg None': () => crafted({ alg: 'None', typ: 'JWT' }, { sub: 'mallory' }),
  'alg none with a signature': () => crafted({ alg: 'none' }, { sub: 'mallory' }, good().split('.')[2]),
  'signed by RS256': () => jwt.sign({ sub: 'mallory' }, privateKey, { algorithm: 'RS256' }),
  'RS256 by its header, HS256 by its signature': () => {
    const [, payload, signature] = good().split('.');
    return `${base64url({ alg: 'RS256', typ: 'JWT' })}.${payload}.${signature}`;
  },
  'without sub': () => jwt.sign({ name: 'Mallory' }, SECRET),
  'with an empty sub': () => jwt.sign({ sub: '' }, SECRET),
  'with a sub that is a fraction': () => jwt.sign(JSON.stringify({ sub: 17.5 }), SECRET),
  'with a sub that is an object': () => jwt.sign(JSON.stringify({ sub: { contains: '' } }), SECRET),
  'with a sub that is null': () => jwt.sign(JSON.stringify({ sub: null }), SECRET),
  'of a payload that is no object': () => jwt.sign('mallory', SECRET),
};

everywhere('signing in', (world) => {
  test.each(Object.keys(REFUSED))('a token that is %s is refused', async (kind) => {
    const client = world.open({ id: 'mallory' }, { token: REFUSED[kind](), reconnection: true });

    const error = await within<Error & { data?: unknown }>('connect_error', (resolve) =>
      client.socket.once('connect_error', resolve),
    );

    expect(error.message).toBe('Authentication failed');
    expect(error.data).toBeUndefined();
    expect(client.socket.active).toBe(false);
    expect(client.socket.connected).toBe(false);
  });

  test.each(['HS256', 'HS384', 'HS512'] as const)('a token signed by %s is taken', async (algorithm) => {
    const alice = world.user('alice');
    const token = jwt.sign({ sub: alice.id, exp: now() + 60, nbf: now() - 1 }, SECRET, { algorithm });

    const client = await world.connect(alice, { token });

    expect(client.socket.connected).toBe(true);
  });

  test('a token with no expiry, or for whatever audience, is taken', async () => {
    const alice = world.user('alice');
    const token = jwt.sign({ sub: alice.id, aud: 'somebody', iss: 'somewhere' }, SECRET, {
      noTimestamp: true,
    });

    const client = await world.connect(alice, { token });

    expect(client.socket.connected).toBe(true);
  });

  test('a refused client can come back with a better token', async () => {
    const alice = world.user('alice');
    const client = world.open(alice, { token: 'let me in' });
    await within('connect_error', (resolve) => client.socket.once('connect_error', resolve));

    client.socket.auth = { token: world.tokenOf(alice) };
    client.socket.connect();

    await client.connected();
  });

  test('a user who was not known is kept from then on, as the token says', async () => {
    const alice = world.user('alice', 'Alice of the token');
    const email = `${alice.id}@example.com`;

    await world.connect(alice, { claims: { email, picture: 'https://example.org/a.png' } });

    const rows = await world.database.query(`SELECT * FROM "User" WHERE "id" = ${sql(alice.id)}`);
    expect(rows).toMatchObject([
      { id: alice.id, name: 'Alice of the token', email, avatar: 'https://example.org/a.png' },
    ]);
  });

  test('the picture may be called avatar', async () => {
    const alice = world.user('alice');

    await world.connect(alice, { claims: { avatar: 'https://example.org/b.png' } });

    const rows = await world.database.query(`SELECT * FROM "User" WHERE "id" = ${sql(alice.id)}`);
    expect(rows).toMatchObject([{ avatar: 'https://example.org/b.png' }]);
  });

  test('a user without an e-mail claim gets an address that leads nowhere', async () => {
    const alice = world.user('alice');

    await world.connect(alice);

    const rows = await world.database.query(`SELECT * FROM "User" WHERE "id" = ${sql(alice.id)}`);
    expect(rows).toMatchObject([{ name: 'Alice', email: `${alice.id}@users.invalid`, avatar: null }]);
  });

  test('a user without a name claim can sign in and send', async () => {
    const { room } = await world.meet('bob');
    const alice = await world.connect(world.nameless('alice'));

    const answer = await alice.ask('message:send', { roomId: room, content: 'Guess who' });

    expect(answer.success).toBe(true);
    expect(answer.message.senderName).toEqual(expect.any(String));
  });

  test('a user who was known stays as the database has them', async () => {
    const alice = world.user('alice', 'Alice of the token');
    const email = `${alice.id}@database.example.org`;
    await seedUsers(world.database, [{ id: alice.id, name: 'Alice of the database', email }]);

    await world.connect(alice, {
      claims: { email: 'new@example.org', picture: 'https://example.org/new.png' },
    });

    const rows = await world.database.query(`SELECT * FROM "User" WHERE "id" = ${sql(alice.id)}`);
    expect(rows).toMatchObject([{ name: 'Alice of the database', email, avatar: null }]);
  });

  test('five tabs of a user who was not known make one user', async () => {
    const alice = world.user('alice');

    const tabs = await Promise.all(Array.from({ length: 5 }, () => world.connect(alice)));

    expect(tabs.every((tab) => tab.socket.connected)).toBe(true);
    const rows = await world.database.query(`SELECT * FROM "User" WHERE "id" = ${sql(alice.id)}`);
    expect(rows).toHaveLength(1);
  });

  test('claims of the wrong type, or of odd text, keep nobody out', async () => {
    const { room, bob } = await world.meet('bob');
    const alice = { id: world.unique("al'ice \\ 😀"), name: 'Al"ice' };

    const client = await world.connect(alice, { claims: { email: 17, picture: { url: 'x' } } });
    await client.ask('room:join', room);

    expect(await bob.next('room:user-joined')).toEqual({ roomId: room, user: alice });
  });

  test("somebody else's e-mail in a token keeps nobody out", async () => {
    const [alice, bob] = [world.user('alice'), world.user('bob')];
    const email = `${alice.id}@example.org`;
    await world.connect(alice, { claims: { email } });

    const client = await world.connect(bob, { claims: { email } });

    expect(client.socket.connected).toBe(true);
    const rows = await world.database.query(`SELECT "id" FROM "User" WHERE "email" = ${sql(email)}`);
    expect(rows).toEqual([{ id: alice.id }]);
  });
});

describe('signing in where users are not made', () => {
  const world = aWorld('sqlite', { AUTO_CREATE_USERS: 'false' });

  test('a user who is not known is refused', async () => {
    const alice = world.user('alice');
    const client = world.open(alice);

    const error = await within<Error>('connect_error', (resolve) =>
      client.socket.once('connect_error', resolve),
    );

    expect(error.message).toBe('Authentication failed');
    const rows = await world.database.query(`SELECT * FROM "User" WHERE "id" = ${sql(alice.id)}`);
    expect(rows).toEqual([]);
  });

  test('a user who is known is taken', async () => {
    const alice = world.user('alice');
    await world.known(alice);

    const client = await world.connect(alice);

    expect(client.socket.connected).toBe(true);
  });
});
