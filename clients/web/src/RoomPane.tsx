// The open room, and who is in it.
import { ChatRoom, useRoom, useRooms, type Member } from '@chatoxide/react';
import { useState } from 'react';
import { BackIcon, PeopleIcon, PlusIcon } from './icons.js';
import { nameOf } from './rooms.js';
import { open } from './route.js';

interface Props {
  roomId: string;
  user: { id: string };
  onInvite: () => void;
}

export function RoomPane({ roomId, user, onInvite }: Props) {
  const { rooms } = useRooms();
  const members = useRoom(roomId, (state) => state.members);
  const present = useRoom(roomId, (state) => state.present);
  const [isOpen, setOpen] = useState(false);
  const listed = rooms.find((room) => room.id === roomId);
  const title = listed ? nameOf(listed) : roomId;
  return (
    <main className="room-pane">
      <ChatRoom
        roomId={roomId}
        currentUserId={user.id}
        header={
          <header className="room-header">
            <button className="icon-button back" aria-label="Back to the rooms" onClick={() => open(null)}>
              <BackIcon />
            </button>
            <h1 dir="auto">{title}</h1>
            <span className="quiet room-here">{present.size > 0 && `${present.size} here`}</span>
            {listed && listed.type !== 'direct' && (
              <button
                className="icon-button"
                aria-label="Invite somebody"
                title="Invite somebody"
                onClick={onInvite}
              >
                <PlusIcon />
              </button>
            )}
            <button
              className="icon-button members-button"
              aria-label="Members"
              title="Members"
              aria-expanded={isOpen}
              onClick={() => setOpen(!isOpen)}
            >
              <PeopleIcon />
            </button>
          </header>
        }
      />
      <Members members={members} present={present} isOpen={isOpen} />
    </main>
  );
}

function Members({
  members,
  present,
  isOpen,
}: {
  members: readonly Member[];
  present: ReadonlySet<string>;
  isOpen: boolean;
}) {
  const isHere = (member: Member) => present.has(member.id);
  const sorted = [...members].sort(
    (one, other) => Number(isHere(other)) - Number(isHere(one)) || one.name.localeCompare(other.name),
  );
  return (
    <aside className={isOpen ? 'members members-open' : 'members'} aria-label="Members">
      <h2>Members</h2>
      <ul>
        {sorted.map((member) => (
          <li key={member.id} className={isHere(member) ? 'member' : 'member member-away'}>
            <span className="dot" aria-hidden="true" />
            <span className="member-name" dir="auto">
              {member.name}
            </span>
            <span className="hidden">{isHere(member) ? 'here' : 'away'}</span>
          </li>
        ))}
      </ul>
    </aside>
  );
}
