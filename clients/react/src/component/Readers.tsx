// The readers of a message of one's own, below it.
import { useEffect, useRef, type KeyboardEvent } from 'react';
import type { ChatMessage } from '../core/types.js';
import { useReaders } from '../react/useReaders.js';
import { useRoomContext } from './context.js';
import { CloseButton } from './CloseButton.js';
import { whenOf } from './when.js';

export function Readers({ id, message, onClose }: { id: string; message: ChatMessage; onClose: () => void }) {
  const { labels, components } = useRoomContext();
  const { readers, isReady, hasMore, refusal, loadMore } = useReaders(message);
  const { Avatar } = components;
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus({ preventScroll: true }), []);
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  return (
    <div className="chat-readers" id={id} role="group" aria-label={labels.seenBy} onKeyDown={press}>
      <div className="chat-readers-header">
        <strong>{labels.seenBy}</strong>
        <CloseButton button={close} label={labels.close} onClick={onClose} />
      </div>
      <ul>
        {readers.map(({ id: userId, name, avatar, at }) => (
          <li key={userId}>
            <Avatar id={userId} name={name} picture={avatar} />
            <span className="chat-readers-name" dir="auto">
              {name}
            </span>
            <time className="chat-time" dateTime={at}>
              {whenOf(at, labels)}
            </time>
          </li>
        ))}
      </ul>
      <p className="chat-status" role="status">
        {!isReady && !refusal && labels.loading}
        {isReady && readers.length === 0 && labels.seenByNobody}
      </p>
      {refusal && (
        <p className="chat-status chat-status--failed" role="alert">
          {labels.readersNotLoaded(labels.reason(refusal))}
        </p>
      )}
      {hasMore && (
        <button type="button" className="chat-link" onClick={() => void loadMore()}>
          {labels.more}
        </button>
      )}
    </div>
  );
}
