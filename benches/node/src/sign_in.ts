// Who a socket belongs to: its token, checked before the socket is let in.
import jwt from 'jsonwebtoken';
import { settings } from './settings';
import type { ChatSocket, User } from './wire';

function userOf(token: unknown): User {
  if (typeof token !== 'string') throw new Error('no token');
  const claims = jwt.verify(token, settings.jwtSecret, { algorithms: ['HS256'] });
  if (typeof claims === 'string' || !claims.sub) throw new Error('no subject');
  return { id: claims.sub, name: claims.name as string | undefined };
}

/** Middleware: a token that does not hold ends the attempt. */
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
