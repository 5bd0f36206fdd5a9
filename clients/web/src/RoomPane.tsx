// The open room, and who is in it.
import { Avatar, ChatRoom, RoomIcon, roomName, useRoom, useRooms, type Member } from '@chatoxide/react';
import { useEffect, useRef, useState, type Ref } from 'react';
import { BackIcon, PeopleIcon, InviteIcon } from './icons.js';
import { open } from './route.js';

interface Props {
  main: Ref<HTMLElement>;
  roomId: string;
  user: { id: string };
  onInvite: () => void;
}

export function RoomPane({ main, roomId, user, onInvite }: Props) {
  const { rooms, isReady } = useRooms();
  const members = useRoom(roomId, (state) => state.members);
  const present = useRoom(roomId, (state) => state.present);
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const listed = rooms.find((room) => room.id === roomId);
  const isRefused = useRoom(roomId, (state) => state.refusal !== null);
  // An id says nothing to people.
  const title = listed
    ? roomName(listed)
    : isReady
      ? isRefused
        ? 'Room not available'
        : 'Room'
      : 'Loading…';
  return (
    <main ref={main} id="main" className="room-pane" tabIndex={-1}>
      <ChatRoom
        roomId={roomId}
        currentUserId={user.id}
        autoFocus
        header={
          <header className="room-header">
            <button className="icon-button back" aria-label="Back to rooms" onClick={() => open(null)}>
              <BackIcon />
            </button>
            {listed && <RoomIcon room={listed} />}
            <h1 dir="auto" title={title}>
              {title}
            </h1>
            <span className="quiet room-here">{present.size > 0 && `${present.size} here`}</span>
            {listed && listed.type !== 'direct' && (
              <button
                className="icon-button"
                aria-label="Invite people"
                title="Invite people"
                onClick={onInvite}
              >
                <InviteIcon />
              </button>
            )}
            <button
              ref={button}
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
      {isOpen && (
        <Scrim
          onClose={() => {
            setOpen(false);
            button.current?.focus();
          }}
        />
      )}
      <Members members={members} present={present} isOpen={isOpen} />
    </main>
  );
}

/** Beside the members, where they lie over the messages: a click on it, or Escape, closes them. */
function Scrim({ onClose }: { onClose: () => void }) {
  const close = useRef(onClose);
  useEffect(() => void (close.current = onClose));
  useEffect(() => {
    const press = (event: KeyboardEvent) => event.key === 'Escape' && close.current();
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
  return <div className="scrim" onClick={onClose} />;
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
            <span className="face" aria-hidden="true">
              <Avatar id={member.id} name={member.name} picture={member.avatar} />
              <span className="dot" />
            </span>
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
