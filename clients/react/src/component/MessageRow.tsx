// One message: who, when, what, and what may be done with it.
import { memo, useId, useRef, useState, type FormEvent, type KeyboardEvent, type ReactNode } from 'react';
import type { ChatMessage } from '../types.js';
import { Content } from './Content.js';
import { useRoomContext } from './context.js';
import { DeleteIcon, EditIcon, ReplyIcon, SmileIcon } from './icons.js';
import { Palette, Reactions } from './Reactions.js';
import { timeOf } from './rows.js';
import { hueOf, initialsOf } from './text.js';

interface Props {
  message: ChatMessage;
  isFirst: boolean;
}

export const MessageRow = memo(function MessageRow({ message, isFirst }: Props) {
  const { userId, labels, editing } = useRoomContext();
  const [isReacting, setReacting] = useState(false);
  const palette = useId();
  const react = useRef<HTMLButtonElement>(null);
  const isOwn = message.senderId === userId;
  if (message.type === 'system') {
    return (
      <div className="chat-system" dir="auto">
        {message.content}
      </div>
    );
  }
  const name = isOwn ? labels.you : message.senderName;
  const classes = ['chat-message', isOwn && 'chat-message--own', isFirst && 'chat-message--first'];
  return (
    <article
      className={[...classes, `chat-message--${message.status}`].filter(Boolean).join(' ')}
      data-message-id={message.id}
      aria-label={`${message.senderName}, ${timeOf(message.createdAt)}`}
      tabIndex={-1}
    >
      {isFirst && <Avatar id={message.senderId} name={message.senderName} />}
      {isFirst && (
        <header className="chat-message-header">
          <span className="chat-name" dir="auto">
            {name}
          </span>
          <Time at={message.createdAt} />
        </header>
      )}
      {!isFirst && <Time at={message.createdAt} />}
      {message.replyTo && <Quote id={message.replyTo} />}
      {editing === message.id ? (
        <EditForm message={message} />
      ) : (
        <div className="chat-body">
          <Content message={message} />
          {message.updatedAt && (
            <span className="chat-edited" title={timeOf(message.updatedAt)}>
              {labels.edited}
            </span>
          )}
        </div>
      )}
      <Reactions message={message} />
      <Status message={message} />
      {isReacting && (
        <Palette
          id={palette}
          message={message}
          onClose={() => {
            setReacting(false);
            react.current?.focus();
          }}
        />
      )}
      {message.status === 'sent' && (
        <Actions message={message} isOwn={isOwn}>
          <button
            ref={react}
            type="button"
            className="chat-action"
            aria-label={labels.react}
            title={labels.react}
            aria-expanded={isReacting}
            aria-controls={isReacting ? palette : undefined}
            onClick={() => setReacting(!isReacting)}
          >
            <SmileIcon />
          </button>
        </Actions>
      )}
    </article>
  );
});

function Time({ at }: { at: string }) {
  return (
    <time className="chat-time" dateTime={at} title={new Date(at).toLocaleString()}>
      {timeOf(at)}
    </time>
  );
}

export function Avatar({ id, name }: { id: string; name: string }) {
  // A class and not a style, which a strict policy for pages may refuse.
  return (
    <span className={`chat-avatar chat-avatar--${Math.floor(hueOf(id) / 45)}`} aria-hidden="true">
      {initialsOf(name)}
    </span>
  );
}

function Quote({ id }: { id: string }) {
  const { chat, labels, goTo } = useRoomContext();
  const quoted = chat.messages.find((message) => message.id === id);
  return (
    <button type="button" className="chat-quote" onClick={() => goTo(id)}>
      {quoted && <span className="chat-quote-name">{quoted.senderName}</span>}
      <span className="chat-quote-text" dir="auto">
        {quoted ? quoted.content : labels.earlierMessage}
      </span>
    </button>
  );
}

function Status({ message }: { message: ChatMessage }) {
  const { chat, labels } = useRoomContext();
  if (message.status === 'sending') return <span className="chat-status">{labels.sending}</span>;
  if (message.status === 'sent') return null;
  return (
    <span className="chat-status chat-status--failed" role="alert">
      {labels.failed}
      {message.failure && `: ${message.failure.error}`}{' '}
      <button type="button" className="chat-link" onClick={() => chat.retry(message.id)}>
        {labels.retry}
      </button>{' '}
      <button type="button" className="chat-link" onClick={() => chat.discard(message.id)}>
        {labels.discard}
      </button>
    </span>
  );
}

function Actions({
  message,
  isOwn,
  children,
}: {
  message: ChatMessage;
  isOwn: boolean;
  children: ReactNode;
}) {
  const { chat, labels, replyTo, setEditing } = useRoomContext();
  const [isAsking, setAsking] = useState(false);
  const [why, setWhy] = useState<string>();
  const trash = useRef<HTMLButtonElement>(null);
  if (isAsking) {
    const stop = () => {
      setAsking(false);
      setWhy(undefined);
      requestAnimationFrame(() => trash.current?.focus());
    };
    const remove = () => {
      chat.deleteMessage(message.id).catch((error: Error) => setWhy(error.message));
    };
    return (
      <div className="chat-actions chat-actions--open" role="group" aria-label={labels.confirmDelete}>
        <span className="chat-question">{why ?? labels.confirmDelete}</span>
        <button type="button" className="chat-button chat-button--danger" autoFocus onClick={remove}>
          {labels.delete}
        </button>
        <button type="button" className="chat-button" onClick={stop}>
          {labels.cancel}
        </button>
      </div>
    );
  }
  return (
    <div className="chat-actions" role="group" aria-label={labels.actions(message.senderName)}>
      {children}
      <button
        type="button"
        className="chat-action"
        aria-label={labels.reply}
        title={labels.reply}
        onClick={() => replyTo(message)}
      >
        <ReplyIcon />
      </button>
      {isOwn && (
        <>
          <button
            type="button"
            className="chat-action"
            aria-label={labels.edit}
            title={labels.edit}
            onClick={() => setEditing(message.id)}
          >
            <EditIcon />
          </button>
          <button
            ref={trash}
            type="button"
            className="chat-action"
            aria-label={labels.delete}
            title={labels.delete}
            onClick={() => setAsking(true)}
          >
            <DeleteIcon />
          </button>
        </>
      )}
    </div>
  );
}

function EditForm({ message }: { message: ChatMessage }) {
  const { chat, labels, setEditing } = useRoomContext();
  const [text, setText] = useState(message.content);
  const [why, setWhy] = useState<string>();
  const save = (event?: FormEvent) => {
    event?.preventDefault();
    const content = text.trim();
    if (content === '' || content === message.content) return setEditing(null);
    chat.editMessage(message.id, content).then(
      () => setEditing(null),
      (error: Error) => setWhy(error.message),
    );
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      setEditing(null);
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      save();
    }
  };
  return (
    <form className="chat-edit" onSubmit={save}>
      <textarea
        className="chat-field"
        aria-label={labels.editAMessage}
        value={text}
        rows={Math.min(text.split('\n').length, 8)}
        dir="auto"
        autoFocus
        onFocus={(event) => event.target.setSelectionRange(text.length, text.length)}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={press}
      />
      {why && (
        <span className="chat-status chat-status--failed" role="alert">
          {why}
        </span>
      )}
      <span className="chat-edit-buttons">
        <button type="submit" className="chat-button chat-button--main">
          {labels.save}
        </button>
        <button type="button" className="chat-button" onClick={() => setEditing(null)}>
          {labels.cancel}
        </button>
      </span>
    </form>
  );
}
