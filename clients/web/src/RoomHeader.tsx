// The header of the open room: its name, and the buttons that join it, invite people, and show the members.
import {
  becomeMember,
  PresenceBadge,
  RoomIcon,
  roomName,
  StatusLine,
  useChatClient,
  useRoom,
  useRooms,
  type ListedRoom,
  type UserPresence,
} from '@chatoxide/react';
import { useState, type ComponentPropsWithRef } from 'react';
import { reasonOf } from './words.js';
import { BackIcon, InviteIcon, PeopleIcon } from './icons.js';

interface Props {
  roomId: string;
  /** Undefined while the list of rooms does not have it. */
  room: ListedRoom | undefined;
  /** The number of members who are online, and of guests. */
  online: number;
  /** That of the other user of a direct room, once it is known. */
  presence: UserPresence | undefined;
  onBack: () => void;
  onInvite: () => void;
  membersButton: ComponentPropsWithRef<'button'>;
}

export function RoomHeader({ roomId, room, online, presence, onBack, onInvite, membersButton }: Props) {
  const title = useTitle(roomId, room);
  const { join, isJoining, why } = useJoin(roomId);
  return (
    <>
      <header className="room-header">
        <button className="icon-button back" aria-label="Back to rooms" onClick={onBack}>
          <BackIcon />
        </button>
        {room && (
          <span className="face">
            <RoomIcon room={room} />
            {presence && <PresenceBadge className="dot" state={presence.state} />}
          </span>
        )}
        <h1 dir="auto" title={title}>
          {title}
        </h1>
        {room?.topic && (
          <p className="quiet room-topic" dir="auto" title={room.topic}>
            {room.topic}
          </p>
        )}
        <span className="quiet room-online">
          {presence ? <StatusLine presence={presence} /> : online > 0 && `${online} online`}
        </span>
        {room?.type === 'public' && !room.isMember && (
          <button className="button button-main join" disabled={isJoining} onClick={join}>
            Join
          </button>
        )}
        {room && room.type !== 'direct' && (
          <button className="icon-button" aria-label="Invite people" title="Invite people" onClick={onInvite}>
            <InviteIcon />
          </button>
        )}
        <button
          className="icon-button members-button"
          aria-label="Members"
          title="Members"
          {...membersButton}
        >
          <PeopleIcon />
        </button>
      </header>
      {why && (
        <p className="danger room-alert" role="alert">
          You could not join: {why}
        </p>
      )}
    </>
  );
}

/** An id says nothing to people. */
function useTitle(roomId: string, room: ListedRoom | undefined): string {
  const { isReady, refusal } = useRooms();
  const isRefused = useRoom(roomId, (state) => state.refusal !== null);
  if (room) return roomName(room);
  // Without the list of rooms the name is not known; the list itself says why.
  if (!isReady && !refusal) return 'Loading…';
  return isRefused ? 'Room not available' : 'Room';
}

function useJoin(roomId: string) {
  const client = useChatClient();
  const [isJoining, setJoining] = useState(false);
  const [why, setWhy] = useState('');
  const join = () => {
    setJoining(true);
    setWhy('');
    becomeMember(client, roomId)
      .catch((error: Error) => setWhy(reasonOf(error)))
      .finally(() => setJoining(false));
  };
  return { join, isJoining, why };
}
