// Sessions of NextAuth 4 and Auth.js 5: encrypted cookies, made here as these libraries make them.
import { createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { within } from '../support/client';
import { SECRET } from '../support/tokens';
import { aWorld, type World } from '../support/world';

const ORIGIN = 'https://app.example';
const now = () => Math.floor(Date.now() / 1000);
const base64url = (value: Buffer | string) => Buffer.from(value).toString('base64url');
const keyOf = (salt: string, info: string, bytes: number, secret = SECRET) =>
  Buffer.from(hkdfSync('sha256', secret, salt, info, bytes));

type Claims = Record<string, unknown>;

/** `dir` with A256GCM, as NextAuth 4. */
function nextAuth(claims: Claims, secret = SECRET): string {
  const header = base64url(JSON.stringify({ alg: 'dir', enc: 'A256GCM' }));
  const iv = randomBytes(12);
  const key = keyOf('', 'NextAuth.js Generated Encryption Key', 32, secret);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(header));
  const text = Buffer.concat([cipher.update(JSON.stringify(claims)), cipher.final()]);
  return [header, '', base64url(iv), base64url(text), base64url(cipher.getAuthTag())].join('.');
}

/** `dir` with A256CBC-HS512 and the cookie's name in the key, as Auth.js 5. */
function authJs(claims: Claims, cookie: string): string {
  const header = base64url(JSON.stringify({ alg: 'dir', enc: 'A256CBC-HS512', kid: 'any' }));
  const key = keyOf(cookie, `Auth.js Generated Encryption Key (${cookie})`, 64);
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', key.subarray(32), iv);
  const text = Buffer.concat([cipher.update(JSON.stringify(claims)), cipher.final()]);
  const bits = Buffer.alloc(8);
  bits.writeBigUInt64BE(BigInt(header.length * 8));
  const hmac = createHmac('sha512', key.subarray(0, 32));
  const tag = hmac.update(header).update(iv).update(text).update(bits).digest().subarray(0, 32);
  return [header, '', base64url(iv), base64url(text), base64url(tag)].join('.');
}

/** The name of the user whom a cookie signs in; the refusal if it signs in nobody. */
async function nameOf(world: World, cookie: string, origin = ORIGIN): Promise<string> {
  const client = world.open({ id: 'x' }, { auth: {}, headers: { cookie, origin } });
  const refusal = await within<string>('the sign-in', (resolve) => {
    client.socket.once('connect', () => resolve(''));
    client.socket.once('connect_error', (error) => resolve(error.message));
  });
  if (refusal) return refusal;
  const room = await world.room();
  return (await client.ask('message:send', { roomId: room, content: 'hello' })).message.senderName;
}

const REFUSED = 'Authentication failed';
const claimsOf = (sub: string) => ({ sub, name: `Name of ${sub}`, iat: now(), exp: now() + 60, jti: 'j' });
const flipped = (token: string) => token.slice(0, -2) + (token.endsWith('AA') ? 'BB' : 'AA');

describe('AUTH_PRESET=nextauth', () => {
  const world = aWorld('sqlite', { AUTH_PRESET: 'nextauth', CORS_ORIGIN: ORIGIN });
  const cookie = 'next-auth.session-token';

  test('takes a session cookie, whole or in chunks, with either name', async () => {
    const token = nextAuth(claimsOf('ann'));
    const [first, second] = [token.slice(0, 50), token.slice(50)];

    for (const line of [
      `${cookie}=${token}`,
      `__Secure-${cookie}=${token}`,
      `${cookie}.0=${first}; ${cookie}.1=${second}`,
    ]) {
      expect(await nameOf(world, line)).toBe('Name of ann');
    }
  });

  test('allows for a clock that differs by 15 seconds, as the library does', async () => {
    expect(await nameOf(world, `${cookie}=${nextAuth({ ...claimsOf('ben'), exp: now() - 5 })}`)).toBe(
      'Name of ben',
    );
  });

  test('refuses what was not made with the secret, is expired or altered, or comes from another page', async () => {
    const token = nextAuth(claimsOf('eve'));
    const [header, , iv, text, tag] = token.split('.');

    for (const bad of [
      nextAuth(claimsOf('eve'), 'another secret'),
      nextAuth({ ...claimsOf('eve'), exp: now() - 60 }),
      nextAuth({ name: 'Nobody' }),
      flipped(token),
      [header, '', iv, text, tag.slice(0, 4)].join('.'),
      [base64url('{"alg":"none","enc":"A256GCM"}'), '', iv, text, tag].join('.'),
      authJs(claimsOf('eve'), cookie),
    ]) {
      expect(await nameOf(world, `${cookie}=${bad}`)).toBe(REFUSED);
    }
    expect(await nameOf(world, `${cookie}=${token}`, 'https://evil.example')).toBe(REFUSED);
  });
});

describe('AUTH_PRESET=authjs', () => {
  const world = aWorld('sqlite', { AUTH_PRESET: 'authjs', CORS_ORIGIN: ORIGIN });
  const cookie = 'authjs.session-token';

  test('takes a session cookie whose key has its name', async () => {
    for (const name of [cookie, `__Secure-${cookie}`]) {
      expect(await nameOf(world, `${name}=${authJs(claimsOf('ann'), name)}`)).toBe('Name of ann');
    }
  });

  test('refuses the token of another cookie, and one that is altered or expired', async () => {
    for (const bad of [
      authJs(claimsOf('eve'), `__Secure-${cookie}`),
      authJs({ ...claimsOf('eve'), exp: now() - 60 }, cookie),
      flipped(authJs(claimsOf('eve'), cookie)),
      nextAuth(claimsOf('eve')),
    ]) {
      expect(await nameOf(world, `${cookie}=${bad}`)).toBe(REFUSED);
    }
  });

  test('takes the token in auth.token, too, from a page that was given it', async () => {
    const token = authJs(claimsOf('ann'), cookie);
    const client = world.open({ id: 'ann' }, { auth: { token } });

    await client.connected();
  });
});
