// Ctrl+K: a room by the first letters of its name, with the arrow keys and Enter.
import { findRooms, RoomIcon, roomName, useOrder, useRooms } from '@chatoxide/react';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { Dialog } from './Dialog.js';

/** The most rooms that are shown: who seeks another types more of its name. */
const MOST = 50;

interface Props {
  onClose: () => void;
  onDone: (roomId: string) => void;
}

export function Switcher({ onClose, onDone }: Props) {
  // While it is open nothing moves: a message elsewhere would put another room under the choice.
  const rooms = useOrder(useRooms().rooms, true);
  const [query, setQuery] = useState('');
  const [chosen, setChosen] = useState<string>();
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const found = findRooms(rooms, query).slice(0, MOST);
  // At first, and if the chosen room has gone meanwhile, it is the first.
  const current = Math.max(
    0,
    found.findIndex((room) => room.id === chosen),
  );
  // Newer browsers return a promise, which is no clean-up of an effect.
  useEffect(() => void list.current?.children[current]?.scrollIntoView({ block: 'nearest' }), [current]);
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      setChosen(found[(current + step + found.length) % found.length]?.id);
    } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault();
      const room = found[current];
      if (room) onDone(room.id);
    }
  };
  return (
    <Dialog title="Go to a room" onClose={onClose}>
      <div className="switcher">
        <input
          role="combobox"
          aria-label="Find a room"
          aria-expanded={found.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={found[current] && `${id}-${current}`}
          autoComplete="off"
          value={query}
          onKeyDown={press}
          onChange={(event) => {
            setQuery(event.target.value);
            setChosen(undefined);
          }}
        />
        <ul ref={list} id={`${id}-list`} role="listbox" aria-label="Rooms">
          {found.map((room, place) => (
            <li
              key={room.id}
              id={`${id}-${place}`}
              role="option"
              aria-selected={place === current}
              className="switcher-room"
              onClick={() => onDone(room.id)}
            >
              <RoomIcon room={room} />
              <span dir="auto">{roomName(room)}</span>
            </li>
          ))}
        </ul>
        <p role="status" className="quiet">
          {found.length === 0 && 'No rooms found'}
        </p>
      </div>
    </Dialog>
  );
}
