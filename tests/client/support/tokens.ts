// The tokens that users sign in with.
import jwt from 'jsonwebtoken';

export const SECRET = 'a secret of the client tests, long enough for HS512: 0123456789abcdef0123456789abcdef';

export interface User {
  id: string;
  /** The name claim; none, no claim. */
  name?: string;
}

/** A token of the user, with more claims or with some taken away (`undefined`). */
export function tokenOf(
  user: User,
  claims: Record<string, unknown> = {},
  options: jwt.SignOptions = {},
): string {
  const all: Record<string, unknown> = { sub: user.id, name: user.name, ...claims };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return jwt.sign(given, SECRET, { algorithm: 'HS256', ...options });
}
