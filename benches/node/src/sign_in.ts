// Authentication: the token of a socket is verified during the handshake and names the socket's user.
import jwt from 'jsonwebtoken';
import { settings } from './settings';
import type { ChatSocket, User } from './wire';

function userOf(token: unknown): User {
  if (typeof token !== 'string') throw new Error('no token');
  const claims = jwt.verify(token, settings.jwtSecret, { algorithms: ['HS256'] });
  if (typeof claims === 'string' || !claims.sub) throw new Error('no subject');
  return { id: claims.sub, name: claims.name as string | undefined };
}

/** Socket.IO middleware: refuses the connection when the token is not valid. */
export function signIn(socket: ChatSocket, next: (error?: Error) => void): void {
  try {
    socket.data.user = userOf(socket.handshake.auth.token);
    socket.data.rooms = new Set();
  } catch {
    next(new Error('Authentication failed'));
    return;
  }
  next();
}
