// The reactions to a message, counted; a click adds or takes back one's own.
import { useId, useRef, useState, type FormEvent } from 'react';
import type { ChatMessage } from '../types.js';
import { useRoomContext } from './context.js';
import { SmileIcon } from './icons.js';

const QUICK = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '✅'];

export function Reactions({ message }: { message: ChatMessage }) {
  const { chat, userId, labels, nameOf } = useRoomContext();
  const byEmoji = new Map<string, string[]>();
  for (const { emoji, userId: user } of message.reactions) {
    byEmoji.set(emoji, [...(byEmoji.get(emoji) ?? []), user]);
  }
  if (byEmoji.size === 0) return null;
  return (
    <div className="chat-reactions">
      {[...byEmoji].map(([emoji, users]) => {
        const isOwn = userId !== null && users.includes(userId);
        const names = labels.reaction(emoji, users.map(nameOf));
        const toggle = () => void (isOwn ? chat.removeReaction : chat.addReaction)(message.id, emoji);
        return (
          <button
            key={emoji}
            type="button"
            className="chat-reaction"
            aria-pressed={isOwn}
            aria-label={names}
            title={names}
            onClick={toggle}
          >
            <span aria-hidden="true">{emoji}</span>
            <span className="chat-reaction-count" aria-hidden="true">
              {users.length}
            </span>
          </button>
        );
      })}
    </div>
  );
}

/** A few emoji, and a field for any other: the system's own picker types into it. */
export function ReactButton({ message }: { message: ChatMessage }) {
  const { chat, labels } = useRoomContext();
  const [isOpen, setOpen] = useState(false);
  const [other, setOther] = useState('');
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = () => {
    setOpen(false);
    setOther('');
    button.current?.focus();
  };
  const add = (emoji: string) => {
    if (emoji) void chat.addReaction(message.id, emoji);
    close();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add(other.trim());
  };
  return (
    <span
      className="chat-react"
      onKeyDown={(event) => {
        if (!isOpen || event.key !== 'Escape') return;
        event.stopPropagation();
        close();
      }}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
      }}
    >
      <button
        ref={button}
        type="button"
        className="chat-action"
        aria-label={labels.react}
        title={labels.react}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        <SmileIcon />
      </button>
      {isOpen && (
        <span className="chat-palette" id={id} role="group" aria-label={labels.react}>
          {QUICK.map((emoji, index) => (
            <button
              key={emoji}
              type="button"
              className="chat-emoji"
              autoFocus={index === 0}
              aria-label={emoji}
              onClick={() => add(emoji)}
            >
              {emoji}
            </button>
          ))}
          <form className="chat-any-emoji" onSubmit={submit}>
            <input
              aria-label={labels.anyEmoji}
              placeholder={labels.anyEmoji}
              value={other}
              maxLength={32}
              onChange={(event) => setOther(event.target.value)}
            />
          </form>
        </span>
      )}
    </span>
  );
}
