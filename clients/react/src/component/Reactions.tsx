// The reactions to a message, counted; a click adds or takes back one's own.
import { useId, useRef, useState, type FocusEvent, type FormEvent, type KeyboardEvent } from 'react';
import type { ChatMessage } from '../core/types.js';
import { useRoomContext } from './context.js';
import { ENGLISH } from './labels.js';
import { emojiOf } from './text.js';

const PALETTE = Object.keys(ENGLISH.emoji);
/** As the style sheet has them. */
const PER_ROW = 8;

export function Reactions({ message }: { message: ChatMessage }) {
  const { actions, userId, labels, nameOf } = useRoomContext();
  const byEmoji = new Map<string, string[]>();
  for (const { emoji, userId: user } of message.reactions) {
    byEmoji.set(emoji, [...(byEmoji.get(emoji) ?? []), user]);
  }
  if (byEmoji.size === 0) return null;
  /** Those whose name is not known are counted. */
  const namesOf = (users: string[]) => {
    const names = users.map((id) => (id === userId ? labels.youToo : nameOf(id)));
    const known = names.filter((name) => name !== undefined);
    const others = names.length - known.length;
    return others > 0 ? [...known, labels.somePeople(others)] : known;
  };
  return (
    <div className="chat-reactions">
      {[...byEmoji].map(([emoji, users]) => {
        const isOwn = userId !== null && users.includes(userId);
        const names = labels.reaction(namesOf(users));
        const toggle = () => actions.react(message.id, emoji, !isOwn);
        return (
          <button
            key={emoji}
            type="button"
            className="chat-reaction"
            tabIndex={-1}
            aria-pressed={isOwn}
            title={names}
            onClick={toggle}
          >
            {emoji} <span className="chat-reaction-count">{users.length}</span>
            <span className="chat-hidden"> {names}</span>
          </button>
        );
      })}
    </div>
  );
}

/** A choice of emoji, and a field for any other: the system's own picker types into it. */
export function Palette({ id, message, onClose }: { id: string; message: ChatMessage; onClose: () => void }) {
  const { actions, labels, setActive } = useRoomContext();
  const [other, setOther] = useState('');
  const [isWrong, setWrong] = useState(false);
  // Tab goes from the choice to the field; the arrow keys go about in the choice.
  const [current, setCurrent] = useState(0);
  const all = useRef<HTMLDivElement>(null);
  const hint = useId();
  const add = (emoji: string) => {
    actions.react(message.id, emoji, true);
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (other.trim() === '') return onClose();
    const emoji = emojiOf(other);
    if (emoji) add(emoji);
    else setWrong(true);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  // It goes with the focus, unless that is still in the row, as on the button that opens and closes it.
  const blur = ({ currentTarget, relatedTarget }: FocusEvent) => {
    if (relatedTarget && !currentTarget.closest('[data-message-key]')?.contains(relatedTarget))
      setActive(null);
  };
  const walk = (event: KeyboardEvent) => {
    const next = stepFrom(current, event.key);
    if (next === undefined) return;
    event.preventDefault();
    // The list's arrow keys go from message to message.
    event.stopPropagation();
    const button = all.current?.children[next];
    if (!(button instanceof HTMLElement)) return;
    setCurrent(next);
    button.focus();
  };
  return (
    <div
      className="chat-palette"
      id={id}
      role="group"
      aria-label={labels.react}
      onKeyDown={press}
      onBlur={blur}
    >
      <div className="chat-emojis" ref={all} onKeyDown={walk}>
        {PALETTE.map((emoji, index) => (
          <button
            key={emoji}
            type="button"
            className="chat-emoji"
            autoFocus={index === 0}
            tabIndex={index === current ? 0 : -1}
            aria-label={emoji}
            title={labels.emoji[emoji]}
            onFocus={() => setCurrent(index)}
            onClick={() => add(emoji)}
          >
            {emoji}
          </button>
        ))}
      </div>
      <form className="chat-any-emoji" onSubmit={submit}>
        <input
          aria-label={labels.anyEmoji}
          placeholder={labels.anyEmoji}
          value={other}
          maxLength={32}
          aria-invalid={isWrong}
          aria-describedby={hint}
          onChange={(event) => {
            setOther(event.target.value);
            setWrong(false);
          }}
        />
        {isWrong && (
          <span className="chat-status chat-status--failed" role="alert">
            {labels.notAnEmoji}
          </span>
        )}
        <span id={hint} className="chat-status">
          {labels.emojiHint}
        </span>
      </form>
    </div>
  );
}

/** Where a key leads to from the emoji of this index. */
function stepFrom(index: number, key: string): number | undefined {
  if (key === 'Home') return 0;
  if (key === 'End') return PALETTE.length - 1;
  const step = new Map([
    ['ArrowLeft', -1],
    ['ArrowRight', 1],
    ['ArrowUp', -PER_ROW],
    ['ArrowDown', PER_ROW],
  ]).get(key);
  return step && (index + step + PALETTE.length) % PALETTE.length;
}
