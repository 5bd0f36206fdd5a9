// What kind of room it is, in a picture: whom one talks to, where it is somebody.
import { Avatar, type ListedRoom } from '@chatoxide/react';
import { HashIcon, LockIcon, PersonIcon } from './icons.js';

export function RoomIcon({ room }: { room: ListedRoom }) {
  if (room.with) return <Avatar id={room.with.id} name={room.with.name} picture={room.with.avatar} />;
  return { public: <HashIcon />, private: <LockIcon />, direct: <PersonIcon /> }[room.type];
}
