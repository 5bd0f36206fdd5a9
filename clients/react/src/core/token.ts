// Reads the user's id and name from a JWT. The signature is not verified here: the server does that.

/** The claims that the server reads by default: the first that is there is the user's id. */
interface Claims {
  sub?: unknown;
  id?: unknown;
  userId?: unknown;
  _id?: unknown;
  user?: { id?: unknown };
  name?: unknown;
}

export interface TokenOwner {
  id: string;
  name: string | undefined;
}

export function ownerOf(token: string): TokenOwner | null {
  const payload = token.split('.')[1];
  if (!payload) return null;
  try {
    const bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    // React Native has no `TextDecoder`.
    const text = decodeURIComponent(bytes.replace(/[^]/g, escaped));
    const claims = JSON.parse(text) as Claims;
    const { name } = claims;
    const id = claims.sub ?? claims.id ?? claims.userId ?? claims._id ?? claims.user?.id;
    // The server makes a number text.
    if (typeof id !== 'string' && typeof id !== 'number') return null;
    return { id: `${id}`, name: typeof name === 'string' ? name : undefined };
  } catch {
    // This is not a JWT; the server will refuse it.
    return null;
  }
}

const escaped = (byte: string) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
