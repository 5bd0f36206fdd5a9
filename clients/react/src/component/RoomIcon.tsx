// The kind of a room as a picture: that of the other user for a direct room.
import type { ComponentType } from 'react';
import type { ListedRoom } from '../core/protocol.js';
import { Avatar, type AvatarProps } from './Avatar.js';
import { HashIcon, LockIcon, PersonIcon } from './icons.js';

const KINDS = { public: <HashIcon />, private: <LockIcon />, direct: <PersonIcon /> };

interface Props {
  room: ListedRoom;
  /** In place of the usual one. */
  avatar?: ComponentType<AvatarProps>;
}

export function RoomIcon({ room, avatar: Picture = Avatar }: Props) {
  const { with: other } = room;
  if (other) return <Picture id={other.id} name={other.name} picture={other.avatar} />;
  return <span className="chat-room-kind">{KINDS[room.type]}</span>;
}
