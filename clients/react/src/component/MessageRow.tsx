// One message: its author, time, content and actions.
import { memo, useId, useRef, type RefObject } from 'react';
import { messagesOf } from '../core/lookUps.js';
import type { ChatMessage } from '../core/types.js';
import { useLookUps } from '../react/useUsers.js';
import { DeleteQuestion, MessageActionBar } from './MessageActionBar.js';
import { Content } from './Content.js';
import { useRoomContext, type Active, type RefusedChange } from './context.js';
import { EditForm } from './EditForm.js';
import { useWhole } from './LongText.js';
import { MessageStatus, RefusedNote } from './MessageStatus.js';
import { Palette, Reactions } from './Reactions.js';
import { Readers } from './Readers.js';
import { timeOf } from './rows.js';
import { ThreadSummary } from './ThreadSummary.js';

export interface MessageRowProps {
  message: ChatMessage;
  isFirst: boolean;
  /** Somebody has been led here, such as from a search. */
  isFound: boolean;
  /** The message that it replies to, if that is loaded. */
  quoted: ChatMessage | 'deleted' | undefined;
  /** The action in progress on this message, such as an edit. */
  active: Active | null;
  refused: RefusedChange | undefined;
}

export const MessageRow = memo(function MessageRow({ message, isFirst, isFound, ...props }: MessageRowProps) {
  const { userId, labels, components } = useRoomContext();
  const { Avatar, Row } = components;
  const { avatarOf } = useRoomContext();
  const row = useRef<HTMLElement>(null);
  // A message that is not sent yet is the current user's own, even if its author is not known.
  const isOwn = message.status !== 'sent' || message.senderId === userId;
  if (message.type === 'system') {
    return (
      <div className="chat-system" dir="auto">
        {message.content}
      </div>
    );
  }
  const classes = [
    'chat-message',
    isOwn && 'chat-message--own',
    isFirst && 'chat-message--first',
    isFound && 'chat-message--found',
  ];
  const rowProps = {
    ref: row,
    className: [...classes, `chat-message--${message.status}`].filter(Boolean).join(' '),
    'data-message-id': message.id,
    'data-message-key': message.key,
    'aria-label': `${message.senderName}, ${timeOf(message.createdAt)}`,
    tabIndex: -1,
  };
  return (
    <Row message={message} isOwn={isOwn} isFirst={isFirst} rowProps={rowProps}>
      {isFirst && (
        <Avatar id={message.senderId} name={message.senderName} picture={avatarOf(message.senderId)} />
      )}
      {isFirst && (
        <header className="chat-message-header">
          <span className="chat-name" dir="auto">
            {isOwn ? labels.you : message.senderName}
          </span>
          <Time at={message.createdAt} />
        </header>
      )}
      {!isFirst && <Time at={message.createdAt} />}
      <Body message={message} isOwn={isOwn} row={row} {...props} />
    </Row>
  );
});

interface BodyProps extends Omit<MessageRowProps, 'isFirst' | 'isFound'> {
  isOwn: boolean;
  row: RefObject<HTMLElement | null>;
}

function Body({ message, isOwn, row, quoted, active, refused }: BodyProps) {
  const { labels, components, focusComposer, setActive } = useRoomContext();
  const { Bubble } = components;
  const [palette, readers] = [useId(), useId()];
  // An excerpt is no text to edit.
  const whole = useWhole(message, active?.what === 'edit');
  const text = refused?.content ?? whole;
  const back = () => (active?.from === 'composer' ? focusComposer() : row.current?.focus());
  return (
    <>
      {message.replyTo && <Quote id={message.replyTo} roomId={message.roomId} quoted={quoted} />}
      {active?.what === 'edit' && text !== undefined ? (
        <EditForm message={message} text={text} onLeave={back} />
      ) : (
        <Bubble message={message} isOwn={isOwn}>
          <Content message={message} />
          {message.updatedAt && (
            <span className="chat-edited" title={timeOf(message.updatedAt)}>
              {labels.edited}
            </span>
          )}
        </Bubble>
      )}
      <Reactions message={message} />
      <ThreadSummary message={message} />
      <MessageStatus message={message} />
      {refused && active?.what !== 'edit' && <RefusedNote message={message} refused={refused} />}
      {active?.what === 'readers' && (
        <Readers
          id={readers}
          message={message}
          onClose={() => {
            const seenBy = row.current?.querySelector<HTMLElement>('[data-action=readers]') ?? row.current;
            setActive(null);
            seenBy?.focus();
          }}
        />
      )}
      {active?.what === 'react' && (
        <Palette
          id={palette}
          message={message}
          onClose={() => {
            const react = row.current?.querySelector<HTMLElement>('[data-action=react]') ?? row.current;
            setActive(null);
            react?.focus();
          }}
        />
      )}
      {message.status === 'sent' &&
        (active?.what === 'delete' ? (
          <DeleteQuestion message={message} onLeave={back} />
        ) : (
          <MessageActionBar
            message={message}
            isOwn={isOwn}
            palette={active?.what === 'react' ? palette : undefined}
            readers={active?.what === 'readers' ? readers : undefined}
          />
        ))}
    </>
  );
}

function Time({ at }: { at: string }) {
  return (
    <time className="chat-time" dateTime={at} title={new Date(at).toLocaleString()}>
      {timeOf(at)}
    </time>
  );
}

interface QuoteProps {
  id: string;
  roomId: string;
  quoted: MessageRowProps['quoted'];
}

function Quote({ id, roomId, quoted: loaded }: QuoteProps) {
  const { labels, goTo, client } = useRoomContext();
  // Only quotes in view are drawn, so only these are looked up.
  const found = useLookUps(client && messagesOf(client), loaded ? [] : [id]).get(id);
  const isElsewhere = found === null || (found !== undefined && found.roomId !== roomId);
  const quoted = loaded ?? (isElsewhere ? 'deleted' : found);
  if (quoted === 'deleted')
    return <span className="chat-quote chat-quote--deleted">{labels.deletedMessage}</span>;
  return (
    <button type="button" className="chat-quote" tabIndex={-1} onClick={() => goTo(id)}>
      {quoted && <span className="chat-quote-name">{quoted.senderName}</span>}
      <span className="chat-quote-text" dir="auto">
        {quoted ? quoted.content : labels.earlierMessage}
      </span>
    </button>
  );
}
