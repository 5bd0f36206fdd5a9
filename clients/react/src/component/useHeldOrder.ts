// The order of a list that changes by itself, such as that of rooms. While somebody points at it, or has the focus in it,
// nothing moves under their hand.
import { useState, type FocusEvent } from 'react';

interface Item {
  id: string;
}

interface Hold<T> {
  items: readonly T[];
  /** For the element around the list. */
  holdProps: {
    onPointerEnter: () => void;
    onPointerLeave: () => void;
    onFocus: () => void;
    onBlur: (event: FocusEvent) => void;
  };
}

/** The items in their order, or in the one that they had when somebody began to point at the list. */
export function useHeldOrder<T extends Item>(items: readonly T[]): Hold<T> {
  const [isPointed, setPointed] = useState(false);
  const [isFocused, setFocused] = useState(false);
  return {
    items: useOrder(items, isPointed || isFocused),
    holdProps: {
      onPointerEnter: () => setPointed(true),
      onPointerLeave: () => setPointed(false),
      onFocus: () => setFocused(true),
      onBlur: ({ currentTarget, relatedTarget }) => setFocused(currentTarget.contains(relatedTarget)),
    },
  };
}

/** The items in their order, or, while it is held, in the last one. Then new ones come last. */
export function useOrder<T extends Item>(items: readonly T[], isHeld: boolean): readonly T[] {
  const [order, setOrder] = useState<readonly string[]>([]);
  // A list that has not come yet has no order.
  const isArranged = isHeld && order.length > 0;
  const known = new Set(order);
  const next = isArranged
    ? [...order, ...items.flatMap(({ id }) => (known.has(id) ? [] : [id]))]
    : items.map(({ id }) => id);
  if (!isSame(order, next)) setOrder(next);
  return isArranged ? arranged(items, next) : items;
}

function arranged<T extends Item>(items: readonly T[], order: readonly string[]): T[] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return order.flatMap((id) => byId.get(id) ?? []);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && other.every((id, index) => one[index] === id);
}
