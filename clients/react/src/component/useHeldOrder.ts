// The order of the list of rooms. While somebody points at the list, or has the focus in it, nothing moves under their hand.
import { useState, type FocusEvent } from 'react';
import type { ListedRoom } from '../core/protocol.js';
import { arranged } from './rooms.js';

interface Hold {
  rooms: readonly ListedRoom[];
  /** For the element around the list. */
  holdProps: {
    onPointerEnter: () => void;
    onPointerLeave: () => void;
    onFocus: () => void;
    onBlur: (event: FocusEvent) => void;
  };
}

export function useHeldOrder(rooms: readonly ListedRoom[]): Hold {
  const [isPointed, setPointed] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const [order, setOrder] = useState<readonly string[]>([]);
  const isHeld = (isPointed || isFocused) && order.length > 0;
  if (!isHeld && !isSame(order, rooms)) setOrder(rooms.map(({ id }) => id));
  return {
    rooms: isHeld ? arranged(rooms, order) : rooms,
    holdProps: {
      onPointerEnter: () => setPointed(true),
      onPointerLeave: () => setPointed(false),
      onFocus: () => setFocused(true),
      onBlur: ({ currentTarget, relatedTarget }) => setFocused(currentTarget.contains(relatedTarget)),
    },
  };
}

function isSame(order: readonly string[], rooms: readonly ListedRoom[]): boolean {
  return order.length === rooms.length && rooms.every(({ id }, index) => order[index] === id);
}
