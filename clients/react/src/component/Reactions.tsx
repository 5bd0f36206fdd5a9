// The reactions to a message, counted; a click adds or takes back one's own.
import { useState, type FormEvent, type KeyboardEvent } from 'react';
import type { ChatMessage } from '../types.js';
import { useRoomContext } from './context.js';

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
        const names = labels.reaction(users.map(nameOf));
        const toggle = () => void (isOwn ? chat.removeReaction : chat.addReaction)(message.id, emoji);
        return (
          <button
            key={emoji}
            type="button"
            className="chat-reaction"
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

/** A few emoji, and a field for any other: the system's own picker types into it. */
export function Palette({ id, message, onClose }: { id: string; message: ChatMessage; onClose: () => void }) {
  const { chat, labels } = useRoomContext();
  const [other, setOther] = useState('');
  const add = (emoji: string) => {
    if (emoji) void chat.addReaction(message.id, emoji);
    onClose();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add(other.trim());
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  return (
    <div className="chat-palette" id={id} role="group" aria-label={labels.react} onKeyDown={press}>
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
    </div>
  );
}
