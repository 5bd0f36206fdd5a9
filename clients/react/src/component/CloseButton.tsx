// The button that closes a part of the page.
import type { Ref } from 'react';
import { CloseIcon } from './icons.js';

interface Props {
  label: string;
  onClick: () => void;
  /** The element: React 18 hands no `ref` on. */
  button?: Ref<HTMLButtonElement>;
}

export function CloseButton({ label, onClick, button }: Props) {
  return (
    <button
      ref={button}
      type="button"
      className="chat-action"
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <CloseIcon />
    </button>
  );
}
