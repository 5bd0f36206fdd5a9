// The form to edit the user's own message.
import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from 'react';
import type { ChatMessage } from '../core/types.js';
import { useRoomContext } from './context.js';
import { useGrowing } from './growing.js';

interface Props {
  message: ChatMessage;
  /** The initial text. After a refused edit it is the refused text. */
  text: string;
  /** Gives the focus back to where it was. */
  onLeave: () => void;
}

export function EditForm({ message, text: begun, onLeave }: Props) {
  const { actions, labels, setActive } = useRoomContext();
  const [text, setText] = useState(begun);
  const form = useRef<HTMLFormElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  useGrowing(field, text);
  useEffect(() => {
    if (document.activeElement === field.current) return;
    // A row that was just added to the list is hidden until its size is known, and cannot take the focus before that.
    const frame = requestAnimationFrame(() => field.current?.focus());
    return () => cancelAnimationFrame(frame);
  }, []);
  const close = () => {
    // If the focus has left the form already, it is not moved back.
    if (form.current?.contains(document.activeElement)) onLeave();
    setActive(null);
  };
  const save = (event?: FormEvent) => {
    event?.preventDefault();
    const content = text.trim();
    close();
    const before = message.truncated ? begun : message.content;
    if (content !== '' && content !== before) actions.edit(message.id, content);
    else actions.forgive(message.id);
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    } else if (event.key === 'Enter' && !event.shiftKey && event.target === field.current) {
      event.preventDefault();
      save();
    }
  };
  return (
    <form ref={form} className="chat-edit" onSubmit={save} onKeyDown={press}>
      <textarea
        ref={field}
        className="chat-field"
        aria-label={labels.editAMessage}
        value={text}
        rows={Math.min(text.split('\n').length, 8)}
        dir="auto"
        autoFocus
        onFocus={(event) => event.target.setSelectionRange(text.length, text.length)}
        onChange={(event) => setText(event.target.value)}
      />
      <span className="chat-edit-buttons">
        <button type="submit" className="chat-button chat-button--main">
          {labels.save}
        </button>
        <button type="button" className="chat-button" onClick={close}>
          {labels.cancel}
        </button>
      </span>
    </form>
  );
}
