// Renaming a room, and giving it a topic. It stands apart from the client, so that a page without it is not larger for it.
import type { ChatClient } from './client.js';
import type { RoomChange, ShownRoom } from './protocol.js';
import { asking } from './wire.js';

/** Changes the name or the topic of a room that the user is a member of. */
export async function updateRoom(client: ChatClient, roomId: string, change: RoomChange): Promise<ShownRoom> {
  return (await asking(client.socket)('room:update', { roomId, ...change })).room;
}
