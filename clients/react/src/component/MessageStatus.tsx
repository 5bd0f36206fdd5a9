// How a message of one's own is on its way, and what was refused.
import type { MouseEvent } from 'react';
import type { ChatMessage } from '../core/types.js';
import { useUpload } from '../react/useUpload.js';
import { useRoomContext, type RefusedChange } from './context.js';

export function MessageStatus({ message }: { message: ChatMessage }) {
  const { actions, client, labels, isConnected, setActive, writeAgain } = useRoomContext();
  if (message.status === 'sent') {
    if (!message.waits || isConnected) return null;
    return <span className="chat-status chat-status--waits">{labels.changeWaits}</span>;
  }
  const discard = <Link text={labels.discard} onClick={() => actions.discard(message.id)} />;
  if (message.status === 'sending') {
    return (
      <span className="chat-status chat-status--waits">
        {isConnected ? <Sending message={message} /> : labels.waiting}{' '}
        {client?.keepsChanges && message.type === 'text' && (
          <>
            <Link
              text={labels.edit}
              onClick={() => setActive({ id: message.id, what: 'edit', from: 'row' })}
            />{' '}
          </>
        )}
        {discard}
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
      {message.failure && `: ${labels.reason(message.failure)}`} <Link text={labels.retry} onClick={retry} />{' '}
      {message.type === 'text' && (
        <>
          <Link text={labels.edit} onClick={() => writeAgain(message)} />{' '}
        </>
      )}
      {discard}
    </span>
  );
}

function Sending({ message }: { message: ChatMessage }) {
  const { labels } = useRoomContext();
  const share = useUpload(message);
  return share === undefined ? labels.sending : labels.sendingMuch(Math.round(share * 100));
}

/** An edit or a deletion that was refused, in the row where it was asked for. */
export function RefusedNote({ message, refused }: { message: ChatMessage; refused: RefusedChange }) {
  const { actions, labels, setActive } = useRoomContext();
  const isEdit = refused.what === 'edit';
  const again = () =>
    isEdit ? setActive({ id: message.id, what: 'edit', from: 'row' }) : actions.remove(message.id);
  const dismiss = ({ currentTarget }: MouseEvent) => {
    currentTarget.closest('article')?.focus();
    actions.forgive(message.id);
  };
  return (
    <span className="chat-status chat-status--failed" role="alert">
      {(isEdit ? labels.editFailed : labels.deleteFailed)(refused.error)}{' '}
      <Link text={isEdit ? labels.edit : labels.retry} onClick={again} />{' '}
      <Link text={labels.dismiss} onClick={dismiss} />
    </span>
  );
}

function Link({ text, onClick }: { text: string; onClick: (event: MouseEvent) => void }) {
  return (
    <button type="button" className="chat-link" tabIndex={-1} onClick={onClick}>
      {text}
    </button>
  );
}
