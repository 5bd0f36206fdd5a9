export { Avatar, type AvatarProps } from './Avatar.js';
export { ChatRoom, ChatRoomView, type ChatRoomProps, type ChatRoomViewProps } from './ChatRoom.js';
export { ENGLISH, type Labels } from './labels.js';
