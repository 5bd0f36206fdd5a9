// The client without React.
export { ChatClient, type ClientOptions, type ClientState } from './client.js';
export { ChatError } from './errors.js';
export { FollowedThreads, type FollowedThreadsState, type ThreadFilter } from './followedThreads.js';
export { endKeepingUnread, keptUnreadOf, markUnread, type KeptUnreadState } from './keptUnread.js';
export { messagesOf, usersOf, type Found, type LookUps } from './lookUps.js';
export { becomeMember, endMembership, removeMember } from './membership.js';
export {
  mentionInboxOf,
  type MentionInbox as MentionInboxHandle,
  type MentionInboxState,
} from './mentionInbox.js';
export { findMentions, mentionNames, type Mention, type MentionNames } from './mentions.js';
export { deviceOf, reportActivity, type ActivityOptions, type Device } from './activity.js';
export { onlineUsersOf, type OnlineState, type OnlineUsers } from './onlineUsers.js';
export { BrowserOutbox, MemoryOutbox, openOutbox, type Entry, type Outbox } from './outbox.js';
export type * from './protocol.js';
export { byFocus, type Reading } from './reading.js';
export type { Room as ChatRoomHandle } from './room.js';
export type { RoomList as RoomListHandle, RoomListState } from './roomList.js';
export { MessageReaders, type ReadersState } from './readers.js';
export { MessageSearch, type FoundMessage, type SearchOrder, type SearchState } from './search.js';
export { operatorWith, partsOf, type QueryPart, type SearchOperator } from './searchQuery.js';
export { OfflineClient, type OfflineOptions } from '../offline/client.js';
export type { Readable, Unsubscribe } from './store.js';
export { ThreadView, type ThreadState } from './threadView.js';
export { ownerOf, type TokenOwner } from './token.js';
export type * from './types.js';
export { unreadCountsOf, type RoomCounts, type UnreadCounts, type UnreadState } from './unreadCounts.js';
export {
  unreadThreadsOf,
  type UnreadThread,
  type UnreadThreads,
  type UnreadThreadsState,
} from './unreadThreads.js';
export { updateRoom } from './updateRoom.js';
export { settingsOf, type Settings, type SettingsState } from './userSettings.js';
export {
  hidePresence,
  isPresenceHidden,
  setStatus,
  userPresencesOf,
  type UserPresences,
  type UserPresenceState,
} from './userPresence.js';
export { MOST_WATCHED } from './watchedIds.js';
