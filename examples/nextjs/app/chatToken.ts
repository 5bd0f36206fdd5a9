import { SignJWT } from 'jose';

/** A token for the chat server, which knows the same secret. It never reaches the browser's code. */
export function chatToken({ id, name }: { id: string; name: string }): Promise<string> {
  const secret = process.env.JWT_SECRET;
  if (!secret) throw new Error('Set JWT_SECRET to the secret of the chat server');
  return new SignJWT({ name })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(id)
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));
}
