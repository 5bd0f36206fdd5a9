// The client without React.
export { ChatClient, type ClientOptions, type ClientState } from './client.js';
export { ChatError } from './errors.js';
export { messagesOf, usersOf, type Found, type LookUps } from './lookUps.js';
export { becomeMember, endMembership, removeMember } from './membership.js';
export { mentionInboxOf, type MentionInbox, type MentionInboxState } from './mentionInbox.js';
export { findMentions, mentionNames, type Mention, type MentionNames } from './mentions.js';
export { deviceOf, reportActivity, type ActivityOptions, type Device } from './activity.js';
export { onlineUsersOf, type OnlineState, type OnlineUsers } from './onlineUsers.js';
export { BrowserOutbox, MemoryOutbox, openOutbox, type Entry, type Outbox } from './outbox.js';
export type * from './protocol.js';
export { byFocus, type Reading } from './reading.js';
export type { Room as ChatRoomHandle } from './room.js';
export type { RoomList as RoomListHandle, RoomListState } from './roomList.js';
export type { Readable, Unsubscribe } from './store.js';
export { ownerOf, type TokenOwner } from './token.js';
export type * from './types.js';
export { updateRoom } from './updateRoom.js';
export {
  hidePresence,
  isPresenceHidden,
  setStatus,
  userPresencesOf,
  type UserPresences,
  type UserPresenceState,
} from './userPresence.js';
export { MOST_WATCHED } from './watchedIds.js';
