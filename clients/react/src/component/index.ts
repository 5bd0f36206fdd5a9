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
  LoadingProps,
  RoomListComponents,
  RoomRowProps,
  RowProps,
} from './components.js';
export { countText, ENGLISH, type Labels } from './labels.js';
export { LastSeen, PresenceBadge, StatusLine } from './Presence.js';
export { RoomIcon } from './RoomIcon.js';
export { RoomList, type RoomListProps } from './RoomList.js';
export { findRooms, roomName, type RoomSection } from './rooms.js';
export { useHeldOrder, useOrder } from './useHeldOrder.js';
