// The action bar of a message. It is shown for the message under the pointer or with the focus, one at a time.
import { useRef, type FocusEvent, type KeyboardEvent, type ReactNode } from 'react';
import type { ChatMessage } from '../core/types.js';
import { useRoomContext, type Active } from './context.js';
import { DeleteIcon, EditIcon, ReplyIcon, SeenIcon, SmileIcon, ThreadIcon, UnreadIcon } from './icons.js';

interface Props {
  message: ChatMessage;
  isOwn: boolean;
  /** The id of the palette while it is open. */
  palette: string | undefined;
  /** The id of the list of readers while it is open. */
  readers: string | undefined;
}

export function MessageActionBar({ message, isOwn, palette, readers }: Props) {
  const { labels, components, client, replyTo, openThread, setActive, markUnread } = useRoomContext();
  const { Actions } = components;
  const begin = (what: Active['what']) => () => setActive({ id: message.id, what, from: 'row' });
  const react = palette === undefined ? begin('react') : () => setActive(null);
  const reply = () => replyTo(message);
  const [edit, remove] = isOwn ? [begin('edit'), begin('delete')] : [undefined, undefined];
  const seenBy = readers === undefined ? begin('readers') : () => setActive(null);
  const onSeenBy = isOwn && client ? seenBy : undefined;
  const onMarkUnread = markUnread && (() => markUnread(message.id));
  const onReplyInThread = openThread && (() => openThread(message.thread?.rootId ?? message.id));
  return (
    <Actions
      message={message}
      isOwn={isOwn}
      onReact={react}
      onReply={reply}
      onReplyInThread={onReplyInThread}
      onEdit={edit}
      onDelete={remove}
      onMarkUnread={onMarkUnread}
      onSeenBy={onSeenBy}
    >
      <button
        type="button"
        className="chat-action"
        data-action="react"
        tabIndex={-1}
        aria-label={labels.react}
        title={labels.react}
        aria-expanded={palette !== undefined}
        aria-controls={palette}
        onClick={react}
      >
        <SmileIcon />
      </button>
      <Action label={labels.reply} icon={<ReplyIcon />} onClick={reply} />
      {onReplyInThread && (
        <Action label={labels.thread.replyInThread} icon={<ThreadIcon />} onClick={onReplyInThread} />
      )}
      {onMarkUnread && <Action label={labels.markUnread} icon={<UnreadIcon />} onClick={onMarkUnread} />}
      {onSeenBy && (
        <button
          type="button"
          className="chat-action"
          data-action="readers"
          tabIndex={-1}
          aria-label={labels.seenBy}
          title={labels.seenBy}
          aria-expanded={readers !== undefined}
          aria-controls={readers}
          onClick={onSeenBy}
        >
          <SeenIcon />
        </button>
      )}
      {edit && <Action label={labels.edit} icon={<EditIcon />} onClick={edit} />}
      {remove && <Action label={labels.delete} icon={<DeleteIcon />} onClick={remove} />}
    </Actions>
  );
}

function Action({ label, icon, onClick }: { label: string; icon: ReactNode; onClick: () => void }) {
  return (
    <button
      type="button"
      className="chat-action"
      tabIndex={-1}
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      {icon}
    </button>
  );
}

/** Asks before deleting, in place of the bar. It closes when the focus leaves it. */
export function DeleteQuestion({ message, onLeave }: { message: ChatMessage; onLeave: () => void }) {
  const { actions, labels, setActive } = useRoomContext();
  const question = useRef<HTMLDivElement>(null);
  const stop = () => {
    setActive(null);
    onLeave();
  };
  const remove = () => {
    // The row keeps the focus until it is removed; then the row next to it gets the focus.
    stop();
    actions.remove(message.id);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    stop();
  };
  const blur = ({ relatedTarget }: FocusEvent) => {
    if (relatedTarget && !question.current?.contains(relatedTarget)) setActive(null);
  };
  return (
    <div
      ref={question}
      className="chat-actions chat-actions--open"
      role="group"
      aria-label={labels.confirmDelete}
      onKeyDown={press}
      onBlur={blur}
    >
      <span className="chat-question">{labels.confirmDelete}</span>
      <button type="button" className="chat-button chat-button--danger" autoFocus onClick={remove}>
        {labels.delete}
      </button>
      <button type="button" className="chat-button" onClick={stop}>
        {labels.cancel}
      </button>
    </div>
  );
}
