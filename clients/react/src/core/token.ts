// Reads the user's id and name from a JWT. The signature is not verified here: the server does that.

type Claims = Record<string, unknown>;

export interface TokenOwner {
  id: string;
  name: string | undefined;
}

/** The claims that the server reads by default: the first that is there is the user's id. */
const IDS = ['sub', 'id', 'userId', '_id'];
const NAMES = ['name', 'username', 'displayName'];

export function ownerOf(token: string): TokenOwner | null {
  const payload = token.split('.')[1];
  if (!payload) return null;
  try {
    const bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    // React Native has no `TextDecoder`.
    const text = decodeURIComponent(bytes.replace(/[^]/g, escaped));
    const claims = JSON.parse(text) as Claims;
    const user = (claims.user ?? {}) as Claims;
    const id = [...IDS.map((name) => claims[name]), user.id].find((value) => value != null);
    if (typeof id !== 'string' && !(typeof id === 'number' && Number.isSafeInteger(id))) return null;
    const name = [...NAMES.map((claim) => claims[claim]), user.name].find(
      (value) => typeof value === 'string',
    );
    return { id: String(id), name };
  } catch {
    // This is not a JWT; the server will refuse it.
    return null;
  }
}

const escaped = (byte: string) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
