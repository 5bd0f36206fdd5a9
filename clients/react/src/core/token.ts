// Reads the user's id and name from a JWT. The signature is not verified here: the server does that.

interface Claims {
  sub?: unknown;
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
    const { sub, name } = JSON.parse(text) as Claims;
    if (typeof sub !== 'string') return null;
    return { id: sub, name: typeof name === 'string' ? name : undefined };
  } catch {
    // This is not a JWT; the server will refuse it.
    return null;
  }
}

const escaped = (byte: string) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
