// Reads the user's id and name from a JWT. The signature is not verified here: the server does that.

/** As claims should be: a token may hold anything. */
type Id = string | number;

/** The claims that the server reads by default: the first that is there is the user's id. */
interface Claims {
  sub?: Id;
  id?: Id;
  userId?: Id;
  _id?: Id;
  user?: { id?: Id };
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
    // Reads the bytes as UTF-8. React Native has no `TextDecoder`; every engine has `escape`.
    const claims = JSON.parse(decodeURIComponent(escape(bytes))) as Claims;
    const { name } = claims;
    const id = claims.sub ?? claims.id ?? claims.userId ?? claims._id ?? claims.user?.id;
    // The server makes a whole number text.
    if (typeof id !== 'string' && !Number.isSafeInteger(id)) return null;
    return { id: `${id}`, name: typeof name === 'string' ? name : undefined };
  } catch {
    // This is not a JWT; the server will refuse it.
    return null;
  }
}
