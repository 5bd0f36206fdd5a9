// The user who is signed in on this page. Each tab has its own, so that two tabs may be two people; a reload keeps it.
import { ownerOf } from '@chatoxide/react';

export interface Session {
  user: { id: string; name: string };
  /** In demo mode the name is enough to get another token. */
  isDemo: boolean;
  token: string;
}

export interface DemoUser {
  id: string;
  name: string;
}

const KEY = 'chatoxide-session';
/** A token that ends so soon is replaced before it is used. */
const MARGIN = 60_000;

export function storedSession(): Session | null {
  const text = sessionStorage.getItem(KEY);
  if (!text) return null;
  try {
    return JSON.parse(text) as Session;
  } catch {
    return null;
  }
}

export function store(session: Session | null): void {
  if (session) sessionStorage.setItem(KEY, JSON.stringify(session));
  else sessionStorage.removeItem(KEY);
}

/** Some to sign in as; null where the server is not in demo mode. */
export async function demoUsers(): Promise<DemoUser[] | null> {
  const response = await request('/demo');
  if (response.status === 404) return null;
  return (await answer<{ users: DemoUser[] }>(response)).users;
}

export async function signInByName(name: string): Promise<Session> {
  const response = await request('/demo/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  const { token, user } = await answer<{ token: string; user: DemoUser }>(response);
  return { token, user, isDemo: true };
}

export function signInByToken(text: string): Session {
  const token = text.trim();
  const owner = ownerOf(token);
  if (!owner) throw new Error('This is not a token: it names no user.');
  return { token, user: { id: owner.id, name: owner.name ?? owner.id }, isDemo: false };
}

/** Tokens for the socket: in demo mode a new one when the last is about to end. */
export function tokensOf(session: Session): () => Promise<string> {
  let { token } = session;
  return async () => {
    if (session.isDemo && endOf(token) - Date.now() < MARGIN) {
      const renewed = await signInByName(session.user.name);
      token = renewed.token;
      store(renewed);
    }
    return token;
  };
}

function endOf(token: string): number {
  try {
    const { exp } = JSON.parse(
      atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')),
    ) as {
      exp?: number;
    };
    return (exp ?? 0) * 1000;
  } catch {
    return 0;
  }
}

async function request(path: string, options?: RequestInit): Promise<Response> {
  try {
    return await fetch(path, options);
  } catch {
    // Each browser has words of its own for this.
    throw new Error('The server cannot be reached.');
  }
}

async function answer<T>(response: Response): Promise<T> {
  const body = (await response.json()) as T & { detail?: string };
  if (!response.ok) throw new Error(body.detail ?? `The server answered ${response.status}.`);
  return body;
}
