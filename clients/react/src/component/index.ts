export { agoOf } from './ago.js';
export { Avatar, type AvatarProps } from './Avatar.js';
export { ChatRoom, ChatRoomView, type ChatRoomProps, type ChatRoomViewProps } from './ChatRoom.js';
export { Composer, type ComposerProps } from './Composer.js';
export type {
  ActionsProps,
  BubbleProps,
  ChatComponents,
  EmptyProps,
  ErrorProps,
  InboxComponents,
  LoadingProps,
  MentionProps,
  ResultProps,
  RoomListComponents,
  RoomRowProps,
  RowProps,
  SearchComponents,
  ThreadListComponents,
  ThreadRowProps,
} from './components.js';
export { forgetDrafts } from './drafts.js';
export { countText, ENGLISH, type Labels } from './labels.js';
export type { ThreadLabels } from './labelsOfThreads.js';
export type { InboxLabels, SearchLabels } from './labelsOfFinding.js';
export { MentionInbox, type MentionInboxProps } from './MentionInbox.js';
export { LastSeen, PresenceBadge, StatusLine } from './Presence.js';
export { RoomIcon } from './RoomIcon.js';
export { RoomList, type RoomListProps } from './RoomList.js';
export { findRooms, roomName, type RoomSection } from './rooms.js';
export { SearchBox, type SearchBoxProps } from './SearchBox.js';
export { Thread, type ThreadProps } from './Thread.js';
export { ThreadList, type ThreadListProps } from './ThreadList.js';
export { useHeldOrder, useOrder } from './useHeldOrder.js';
