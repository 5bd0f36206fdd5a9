// The stage on a server that runs elsewhere: a token is signed with its secret, or asked of its demo mode.
import jwt from 'jsonwebtoken';
import { type Guest, Stage } from './stage';

export interface Running {
  url: string;
  /** Where Socket.IO is on the server. */
  path?: string;
  /** The secret that signs tokens. Undefined when the server issues them in demo mode. */
  secret?: string;
  /** The shared room for all checks, for a server that cannot create rooms. */
  room?: string;
  /** How the ids of users and the names of rooms begin, by which they can be told from all others. */
  run: string;
}

export function stageOn({ url, path, secret, room, run }: Running): Promise<Stage> {
  let serial = 0;
  return Stage.open({
    url,
    path,
    sharedRoom: room,
    roomName: run,
    guest: async (name) => {
      const id = `${run}-${name.toLowerCase()}-${(serial += 1)}`;
      if (secret === undefined) return demoGuest(url, id);
      return {
        id,
        name,
        token: jwt.sign({ sub: id, name }, secret, { algorithm: 'HS256', expiresIn: '1h' }),
      };
    },
  });
}

/** Demo mode calls users by their ids' name, so a name is an id here. */
async function demoGuest(url: string, name: string): Promise<Guest> {
  const response = await fetch(new URL('/demo/token', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name }),
  });
  if (!response.ok) {
    throw new Error(
      `${url} is not in demo mode (${response.status}): say what it signs tokens with, by --secret`,
    );
  }
  const { token, user } = (await response.json()) as { token: string; user: { id: string; name: string } };
  return { ...user, token };
}
