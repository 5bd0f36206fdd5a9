// One message: who, when, what, and what may be done with it.
import { memo, useId, useRef, useState, type MouseEvent, type ReactNode } from 'react';
import type { ChatMessage } from '../core/types.js';
import { Avatar } from './Avatar.js';
import { Content } from './Content.js';
import { useRoomContext, type Editing } from './context.js';
import { EditForm } from './EditForm.js';
import { DeleteIcon, EditIcon, ReplyIcon, SmileIcon } from './icons.js';
import { Palette, Reactions } from './Reactions.js';
import { timeOf } from './rows.js';

interface Props {
  message: ChatMessage;
  isFirst: boolean;
  /** What it answers, if that has come. */
  quoted: ChatMessage | undefined;
  /** Where its editing began, while it is edited. */
  editedFrom: Editing['from'] | null;
}

export const MessageRow = memo(function MessageRow({ message, isFirst, quoted, editedFrom }: Props) {
  const { userId, labels, avatarOf, focusComposer } = useRoomContext();
  const [isReacting, setReacting] = useState(false);
  const palette = useId();
  const row = useRef<HTMLElement>(null);
  const react = useRef<HTMLButtonElement>(null);
  // Whose a message is may not be known before it is sent: then it is one's own.
  const isOwn = message.status !== 'sent' || message.senderId === userId;
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
      ref={row}
      className={[...classes, `chat-message--${message.status}`].filter(Boolean).join(' ')}
      data-message-id={message.id}
      data-message-key={message.key}
      aria-label={`${message.senderName}, ${timeOf(message.createdAt)}`}
      tabIndex={-1}
    >
      {isFirst && (
        <Avatar id={message.senderId} name={message.senderName} picture={avatarOf(message.senderId)} />
      )}
      {isFirst && (
        <header className="chat-message-header">
          <span className="chat-name" dir="auto">
            {name}
          </span>
          <Time at={message.createdAt} />
        </header>
      )}
      {!isFirst && <Time at={message.createdAt} />}
      {message.replyTo && <Quote id={message.replyTo} quoted={quoted} />}
      {editedFrom ? (
        <EditForm
          message={message}
          onLeave={() => (editedFrom === 'composer' ? focusComposer() : row.current?.focus())}
        />
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

function Quote({ id, quoted }: { id: string; quoted: ChatMessage | undefined }) {
  const { labels, goTo } = useRoomContext();
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
  const { actions, labels } = useRoomContext();
  if (message.status === 'sent') return null;
  const discard = (
    <button type="button" className="chat-link" onClick={() => actions.discard(message.id)}>
      {labels.discard}
    </button>
  );
  if (message.status === 'sending') {
    return (
      <span className="chat-status chat-status--waits">
        {labels.sending} {discard}
      </span>
    );
  }
  const retry = ({ currentTarget }: MouseEvent) => {
    // The button goes; the row stays.
    currentTarget.closest('article')?.focus();
    actions.retry(message.id);
  };
  return (
    <span className="chat-status chat-status--failed" role="alert">
      {labels.failed}
      {message.failure && `: ${message.failure.error}`}{' '}
      <button type="button" className="chat-link" onClick={retry}>
        {labels.retry}
      </button>{' '}
      {discard}
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
  const { actions, labels, replyTo, setEditing } = useRoomContext();
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
      actions.deleteMessage(message.id).catch((error: Error) => setWhy(error.message));
    };
    return (
      // With a key: a button that was there before would not take the focus.
      <div
        key="question"
        className="chat-actions chat-actions--open"
        role="group"
        aria-label={labels.confirmDelete}
      >
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
            onClick={() => setEditing({ id: message.id, from: 'row' })}
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
