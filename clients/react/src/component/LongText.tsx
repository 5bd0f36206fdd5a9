// The text of a message: of a long one only the beginning, until the reader wants all of it. A client that takes excerpts has
// no more than that, and fetches the rest then.
import { useState } from 'react';
import { messagesOf } from '../core/lookUps.js';
import type { ChatMessage } from '../core/types.js';
import { useLookUps } from '../react/useUsers.js';
import { useRoomContext } from './context.js';
import { Formatted } from './Formatted.js';

/** A longer text, in UTF-16 units, is shown by its beginning. */
const LONG = 16_384;
const BEGINNING = 4_096;
/** A longer text is shown as it is: to format it would keep the page busy. */
const MOST_FORMATTED = 65_536;

export function LongText({ message }: { message: ChatMessage }) {
  const { formatting, labels, mentions } = useRoomContext();
  const [isOpen, setOpen] = useState(false);
  const whole = useWhole(message, isOpen);
  const isLong = message.truncated || message.content.length > LONG;
  const text = isLong && !(isOpen && whole) ? `${beginning(message.content)}…` : (whole ?? message.content);
  const isShort = text.length <= MOST_FORMATTED;
  return (
    <>
      <Formatted text={text} formatting={formatting && isShort} mentions={isShort ? mentions : undefined} />
      {isLong && (
        <button
          type="button"
          className="chat-link"
          tabIndex={-1}
          aria-expanded={isOpen && whole !== undefined}
          onClick={() => setOpen(!isOpen)}
        >
          {!isOpen ? labels.showAll : whole === undefined ? labels.loading : labels.showLess}
        </button>
      )}
    </>
  );
}

/** All of a message's content; undefined while there is only an excerpt. `isWanted`: it is fetched. */
export function useWhole(message: ChatMessage, isWanted: boolean): string | undefined {
  const { client } = useRoomContext();
  const isMissing = message.truncated === true && isWanted;
  const found = useLookUps(client && messagesOf(client), isMissing ? [message.id] : []).get(message.id);
  if (!message.truncated) return message.content;
  return isMissing ? found?.content : undefined;
}

/** It ends between two characters. */
function beginning(text: string): string {
  return text.slice(0, BEGINNING).replace(/[\ud800-\udbff]$/, '');
}
