// The panel beside a room: its members, the guests who are here, and a button that ends the user's own membership.
import {
  Avatar,
  MOST_WATCHED,
  PresenceBadge,
  StatusLine,
  useHeldOrder,
  type Member,
  type UserPresence,
} from '@chatoxide/react';
import { useGuests } from './useGuests.js';

interface Props {
  members: readonly Member[];
  /** The ids of the users who have the room open. */
  present: ReadonlySet<string>;
  /** The ids of these, and of the members who are online elsewhere. */
  online: ReadonlySet<string>;
  /** The presence of members over all of their devices, where it is known. */
  presences: ReadonlyMap<string, UserPresence>;
  isOpen: boolean;
  /** Undefined where there is no membership that the user can end. */
  onLeave: (() => void) | undefined;
}

export function Members({ members, present, online, presences, isOpen, onLeave }: Props) {
  const { guests, more } = useGuests(members, present);
  const guestList = useHeldOrder(guests);
  const isOnline = (member: Member) => online.has(member.id);
  const sorted = [...members].sort(
    (one, other) => Number(isOnline(other)) - Number(isOnline(one)) || one.name.localeCompare(other.name),
  );
  const memberList = useHeldOrder(sorted);
  return (
    <aside className={isOpen ? 'members members-open' : 'members'} aria-label="Members">
      <div className="members-list" role="group" aria-label="People" tabIndex={0}>
        <section {...memberList.holdProps}>
          <h2>Members</h2>
          <ul>
            {memberList.items.map((member) => (
              <Person
                key={member.id}
                user={member}
                state={presences.get(member.id)?.state ?? (isOnline(member) ? 'online' : 'offline')}
                presence={presences.get(member.id)}
              />
            ))}
          </ul>
          {members.length > MOST_WATCHED && (
            <p className="quiet">
              Who is online elsewhere is known of {MOST_WATCHED} of {members.length} members only.
            </p>
          )}
        </section>
        {guests.length > 0 && (
          <section aria-label="Guests" {...guestList.holdProps}>
            <h2>Guests</h2>
            <ul>
              {guestList.items.map((guest) => (
                <Person key={guest.id} user={guest} state="online" />
              ))}
            </ul>
            {more > 0 && <p className="quiet">and {more} more</p>}
          </section>
        )}
      </div>
      {onLeave && (
        <button className="button leave" onClick={onLeave}>
          Leave room
        </button>
      )}
    </aside>
  );
}

interface PersonProps {
  user: Member;
  state: UserPresence['state'];
  presence?: UserPresence | undefined;
}

function Person({ user, state, presence }: PersonProps) {
  return (
    <li className={state === 'offline' ? 'member member-offline' : 'member'}>
      <span className="face" aria-hidden="true">
        <Avatar id={user.id} name={user.name} picture={user.avatar} />
        <PresenceBadge className="dot" state={state} />
      </span>
      <span className="member-text">
        <span className="member-name" dir="auto">
          {user.name}
        </span>
        <span className="hidden"> {state} </span>
        <span className="quiet member-status">
          <StatusLine presence={presence} />
        </span>
      </span>
    </li>
  );
}
