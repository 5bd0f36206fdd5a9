// The stage on a server that runs elsewhere: a token is signed with its secret, or asked of its demo mode.
import jwt from 'jsonwebtoken';
import { Client } from '../support/client';
import { type Guest, Stage, UNKNOWN } from './stage';

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
  /** The rows of the run are removed after it: by then, the server must have written all that it still had to write. */
  isCleared?: boolean;
}

export function stageOn({ url, path, secret, room, run, isCleared }: Running): Promise<Stage> {
  const guests: Guest[] = [];
  let serial = 0;
  return Stage.open({
    url,
    path,
    sharedRoom: room,
    roomName: run,
    guest: async (name) => {
      const id = `${run}-${name.toLowerCase()}-${(serial += 1)}`;
      const sign = (key: string) => jwt.sign({ sub: id, name }, key, { algorithm: 'HS256', expiresIn: '1h' });
      const guest = secret === undefined ? await demoGuest(url, id) : { id, name, token: sign(secret) };
      guests.push(guest);
      return guest;
    },
    close: async () => void (isCleared && (await Promise.all(guests.map((guest) => settle(url, guest))))),
  });
}

/** A server may write read marks later. It has written a user's own when it answers with the list of their rooms. */
async function settle(url: string, { token, ...user }: Guest): Promise<void> {
  const client = await Client.connect(url, user, { token });
  await new Promise((resolve) => client.socket.timeout(UNKNOWN).emit('rooms:list', {}, resolve));
  client.close();
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
