// The panel beside a room: its members, the guests who are here, and a button that ends the user's own membership.
import { Avatar, type Member } from '@chatoxide/react';
import { useGuests } from './useGuests.js';

interface Props {
  members: readonly Member[];
  present: ReadonlySet<string>;
  isOpen: boolean;
  /** Undefined where there is no membership that the user can end. */
  onLeave: (() => void) | undefined;
}

export function Members({ members, present, isOpen, onLeave }: Props) {
  const { guests, more } = useGuests(members, present);
  const isHere = (member: Member) => present.has(member.id);
  const sorted = [...members].sort(
    (one, other) => Number(isHere(other)) - Number(isHere(one)) || one.name.localeCompare(other.name),
  );
  return (
    <aside className={isOpen ? 'members members-open' : 'members'} aria-label="Members">
      <section>
        <h2>Members</h2>
        <ul>
          {sorted.map((member) => (
            <Person key={member.id} user={member} isHere={isHere(member)} />
          ))}
        </ul>
      </section>
      {guests.length > 0 && (
        <section aria-label="Guests">
          <h2>Guests</h2>
          <ul>
            {guests.map((guest) => (
              <Person key={guest.id} user={guest} isHere />
            ))}
          </ul>
          {more > 0 && <p className="quiet">and {more} more</p>}
        </section>
      )}
      {onLeave && (
        <button className="button leave" onClick={onLeave}>
          Leave room
        </button>
      )}
    </aside>
  );
}

function Person({ user, isHere }: { user: Member; isHere: boolean }) {
  return (
    <li className={isHere ? 'member' : 'member member-away'}>
      <span className="face" aria-hidden="true">
        <Avatar id={user.id} name={user.name} picture={user.avatar} />
        <span className="dot" />
      </span>
      <span className="member-name" dir="auto">
        {user.name}
      </span>
      <span className="hidden">{isHere ? 'here' : 'away'}</span>
    </li>
  );
}
