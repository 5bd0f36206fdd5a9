// The composer. It works without a connection: messages written offline are stored and sent later.
import {
  useContext,
  useEffect,
  useMemo,
  useRef,
  type FormEvent,
  type KeyboardEvent,
  type RefObject,
} from 'react';
import { isPassing } from '../core/errors.js';
import type { Chat, ChatMessage } from '../core/types.js';
import { Context } from './context.js';
import { useGrowing } from './growing.js';
import { CloseIcon, SendIcon } from './icons.js';
import { ENGLISH, type Labels } from './labels.js';
import { draftPlace, drafts } from './drafts.js';
import { useKeptText } from './useDraft.js';
import { useMentionPicker } from './useMentionPicker.js';

export interface ComposerProps {
  chat: Chat;
  labels?: Partial<Labels>;
  /** The id of the user whose draft is shown; by default the token's user. */
  currentUserId?: string | null;
  /** The message that is being replied to. */
  answered?: ChatMessage | null;
  /** Called when that message is no longer being replied to. */
  onAnswered?: () => void;
  /** Called on ArrowUp in an empty field, with the user's last message. */
  onEdit?: (message: ChatMessage) => void;
  /** Takes the focus when it is shown, except on touch screens, whose keyboard would cover the messages. */
  autoFocus?: boolean;
  /** The text field. */
  field?: RefObject<HTMLTextAreaElement | null>;
}

/** The user may not write in this room. */
export function isClosed({ refusal, connectionStatus }: Pick<Chat, 'refusal' | 'connectionStatus'>): boolean {
  return refusal !== null && connectionStatus === 'connected' && !isPassing(refusal.code);
}

export function Composer({ chat, answered = null, onAnswered, onEdit, autoFocus, ...props }: ComposerProps) {
  const isPart = useContext(Context) !== null;
  const labels = useMemo(() => ({ ...ENGLISH, ...props.labels }), [props.labels]);
  const userId = props.currentUserId ?? chat.userId;
  const [text, setText] = useKeptText(drafts, userId, draftPlace(chat));
  const own = useRef<HTMLTextAreaElement>(null);
  const field = props.field ?? own;
  const isDisabled = isClosed(chat);
  useGrowing(field, text);

  useEffect(() => {
    if (autoFocus && !isTouched()) field.current?.focus();
  }, [autoFocus, field]);
  // In a room the button that replies does it: a draft that was kept may be a reply, too.
  useEffect(() => {
    if (answered && !isPart) field.current?.focus();
  }, [answered, isPart, field]);
  const change = (next: string) => {
    setText(next);
    if (next) chat.startTyping();
    else chat.stopTyping();
  };
  const picker = useMentionPicker(chat, { field, text, setText: change, labels, userId });
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (text.trim() === '' || isDisabled) return;
    void chat.sendMessage(text.trimEnd(), answered ? { replyTo: answered.id } : undefined);
    setText('');
    onAnswered?.();
    field.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    // A key press that ends an IME composition, as in Chinese or Japanese, belongs to the composition.
    if (event.nativeEvent.isComposing || picker.press(event)) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && answered) {
      // It does not close what is around the composer, too.
      event.preventDefault();
      onAnswered?.();
    } else if (event.key === 'ArrowUp' && text === '' && onEdit) {
      const last = chat.messages.findLast(
        (message) => message.senderId === userId && message.status === 'sent',
      );
      if (!last) return;
      event.preventDefault();
      onEdit(last);
    }
  };
  const form = (
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
      {picker.list}
      <div className="chat-composer-line">
        <textarea
          ref={field}
          className="chat-field"
          aria-label={labels.writeAMessage}
          placeholder={isDisabled ? labels.closed : labels.writeAMessage}
          rows={1}
          dir="auto"
          enterKeyHint="send"
          disabled={isDisabled}
          value={text}
          {...picker.fieldProps}
          onChange={(event) => {
            change(event.target.value);
            picker.fieldProps.onSelect();
          }}
          onKeyDown={press}
          onBlur={() => {
            chat.stopTyping();
            picker.close();
          }}
        />
        <button
          type="submit"
          className="chat-send"
          aria-label={labels.send}
          title={labels.send}
          disabled={isDisabled || !text.trim()}
        >
          <SendIcon />
        </button>
      </div>
    </form>
  );
  return isPart ? form : <div className="chat-part">{form}</div>;
}

function isTouched(): boolean {
  return typeof matchMedia === 'function' && matchMedia('(pointer: coarse)').matches;
}
