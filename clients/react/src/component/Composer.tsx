// Where one writes. It stays usable without a connection: what is written then is kept and sent later.
import { useEffect, useState, type FormEvent, type KeyboardEvent, type RefObject } from 'react';
import type { Chat, ChatMessage } from '../core/types.js';
import { useRoomContext } from './context.js';
import { useGrowing } from './growing.js';
import { CloseIcon, SendIcon } from './icons.js';

/** What each user has begun in each room, for as long as the page lives. */
const drafts = new Map<string, string>();

/** Nothing is kept of whom one does not know. */
function draftKey(userId: string | null, roomId: string): string | null {
  return userId === null ? null : JSON.stringify([userId, roomId]);
}

function draftOf(key: string | null): string {
  return (key !== null && drafts.get(key)) || '';
}

interface Props {
  chat: Chat;
  field: RefObject<HTMLTextAreaElement | null>;
  /** What is being answered. */
  answered: ChatMessage | null;
  onAnswered: () => void;
}

export function Composer({ chat, field, answered, onAnswered }: Props) {
  const { userId, labels, setEditing } = useRoomContext();
  const key = draftKey(userId, chat.roomId);
  const [shown, setShown] = useState(key);
  const [text, setText] = useState(() => draftOf(key));
  if (shown !== key) {
    setShown(key);
    // What is written before the token is known is that user's; what another has written is not.
    if (shown !== null || text === '') setText(draftOf(key));
  }
  useGrowing(field, text);

  useEffect(() => {
    if (answered) field.current?.focus();
  }, [answered, field]);
  const change = (next: string) => {
    setText(next);
    if (key !== null) drafts.set(key, next);
    if (next) chat.startTyping();
    else chat.stopTyping();
  };
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (text.trim() === '') return;
    void chat.sendMessage(text.trimEnd(), answered ? { replyTo: answered.id } : undefined);
    setText('');
    if (key !== null) drafts.delete(key);
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
      setEditing({ id: last.id, from: 'composer' });
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
