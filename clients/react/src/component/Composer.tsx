// Where one writes. It stays usable without a connection: what is written then is kept and sent later.
import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from 'react';
import type { ChatMessage } from '../types.js';
import { useRoomContext } from './context.js';
import { CloseIcon, SendIcon } from './icons.js';

/** What was begun in each room, for as long as the page lives. */
const drafts = new Map<string, string>();

interface Props {
  /** What is being answered. */
  answered: ChatMessage | null;
  onAnswered: () => void;
}

export function Composer({ answered, onAnswered }: Props) {
  const { chat, userId, labels, setEditing } = useRoomContext();
  const { roomId } = chat;
  const [text, setText] = useState(drafts.get(roomId) ?? '');
  const field = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    if (answered) field.current?.focus();
  }, [answered]);
  const change = (next: string) => {
    setText(next);
    drafts.set(roomId, next);
    if (next) chat.startTyping();
    else chat.stopTyping();
  };
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (text.trim() === '') return;
    void chat.sendMessage(text.trimEnd(), answered ? { replyTo: answered.id } : undefined);
    setText('');
    drafts.delete(roomId);
    onAnswered();
    field.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    // The key that ends a composition of Chinese or Japanese belongs to it.
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && answered) {
      onAnswered();
    } else if (event.key === 'ArrowUp' && text === '') {
      const last = chat.messages.findLast(
        (message) => message.senderId === userId && message.status === 'sent',
      );
      if (!last) return;
      event.preventDefault();
      setEditing(last.id);
    }
  };
  return (
    <form className="chat-composer" onSubmit={send}>
      {answered && (
        <div className="chat-answering">
          <span className="chat-answering-text" dir="auto">
            <strong>{labels.replyingTo(answered.senderName)}</strong> {answered.content}
          </span>
          <button type="button" className="chat-action" aria-label={labels.cancel} onClick={onAnswered}>
            <CloseIcon />
          </button>
        </div>
      )}
      <div className="chat-composer-line">
        <textarea
          ref={field}
          className="chat-field"
          aria-label={labels.writeAMessage}
          placeholder={labels.writeAMessage}
          rows={1}
          dir="auto"
          enterKeyHint="send"
          value={text}
          onChange={(event) => change(event.target.value)}
          onKeyDown={press}
          onBlur={chat.stopTyping}
        />
        <button
          type="submit"
          className="chat-send"
          aria-label={labels.send}
          title={labels.send}
          disabled={!text.trim()}
        >
          <SendIcon />
        </button>
      </div>
    </form>
  );
}
