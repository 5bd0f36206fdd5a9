// Joining and leaving a room as a member, and removing others from it. It stands apart from the client, so that a page without it is not larger for it.
import type { ChatClient } from './client.js';
import type { Room } from './protocol.js';
import { asking } from './wire.js';

/** Makes the user a member of a public room. */
export async function becomeMember(client: ChatClient, roomId: string): Promise<Room> {
  const joined = await asking(client.socket)('member:join', roomId);
  client.rooms.changed();
  return joined.room;
}

/** Ends the user's membership of a room. Of a room that is not public one becomes a member again only by an invitation. */
export async function endMembership(client: ChatClient, roomId: string): Promise<void> {
  await asking(client.socket)('member:leave', roomId);
  client.rooms.changed();
}

/** Ends the membership of another user, in a room that this user owns. */
export async function removeMember(client: ChatClient, roomId: string, userId: string): Promise<void> {
  await asking(client.socket)('member:remove', { roomId, userId });
}
