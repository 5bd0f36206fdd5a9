// The list of people above the composer, while somebody types `@` and a name.
import { useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode, type RefObject } from 'react';
import { mentionNames } from '../core/mentions.js';
import type { Chat } from '../core/types.js';
import { useBeforePaint } from '../react/beforePaint.js';
import { Avatar } from './Avatar.js';
import type { Labels } from './labels.js';
import { begunAt, choicesFor, isTyped, withMention, type MentionChoice } from './mentionChoices.js';

interface Picker {
  /** The list, while there is something to choose. */
  list: ReactNode;
  /** For the text field. */
  fieldProps: {
    'aria-autocomplete': 'list';
    'aria-controls': string | undefined;
    'aria-activedescendant': string | undefined;
    onSelect: () => void;
  };
  /** Handles a key; true if it belonged to the list. */
  press: (event: KeyboardEvent) => boolean;
  close: () => void;
}

interface Field {
  field: RefObject<HTMLTextAreaElement | null>;
  text: string;
  setText: (text: string) => void;
  labels: Labels;
  userId: string | null;
}

export function useMentionPicker(
  { members }: Pick<Chat, 'members'>,
  { field, text, setText, labels, userId }: Field,
): Picker {
  const id = useId();
  const [caret, setCaret] = useState(0);
  const [chosen, setChosen] = useState(0);
  /** The place of the `@` whose list was closed. */
  const [closed, setClosed] = useState<number>();
  const [isFocused, setFocused] = useState(false);
  const names = useMemo(() => mentionNames(members), [members]);
  const putCaret = useRef<number>(undefined);
  const begun = isFocused ? begunAt(text, Math.min(caret, text.length)) : undefined;
  const query = begun?.query;
  const choices = query === undefined ? [] : choicesFor(query, members, userId);
  const isOpen = begun !== undefined && begun.start !== closed && choices.length > 0;
  const current = Math.min(chosen, choices.length - 1);

  useBeforePaint(() => {
    if (putCaret.current === undefined) return;
    field.current?.setSelectionRange(putCaret.current, putCaret.current);
    putCaret.current = undefined;
  }, [field, text]);

  const look = () => {
    const place = field.current?.selectionEnd ?? 0;
    setFocused(document.activeElement === field.current);
    if (place === caret) return;
    setCaret(place);
    setChosen(0);
    if (begunAt(field.current?.value ?? '', place)?.start !== closed) setClosed(undefined);
  };
  const choose = (choice: MentionChoice | undefined) => {
    if (!begun || !choice) return;
    const [next, place] = withMention(text, caret, begun, choice, names);
    putCaret.current = place;
    setText(next);
    setCaret(place);
    setChosen(0);
    field.current?.focus();
  };
  const press = (event: KeyboardEvent): boolean => {
    if (!isOpen) return false;
    const choice = choices[current];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setChosen((current + step + choices.length) % choices.length);
    else if (event.key === 'Escape') setClosed(begun.start);
    else if (event.key === 'Tab' && !event.shiftKey) choose(choice);
    // A name that is typed to its end is sent as it is.
    else if (event.key === 'Enter' && !event.shiftKey && choice && !isTyped(begun.query, choice))
      choose(choice);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  return {
    list: isOpen && (
      <div className="chat-mention-picker">
        <ul id={`${id}-list`} role="listbox" aria-label={labels.mentionSomebody}>
          {choices.map((choice, index) => (
            <li
              key={choice.key}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === current}
              className="chat-suggestion"
              // The field keeps the focus.
              onPointerDown={(event) => event.preventDefault()}
              onClick={() => choose(choice)}
            >
              <Offered choice={choice} labels={labels} />
            </li>
          ))}
        </ul>
        <span className="chat-hidden" role="status">
          {labels.mentionsOffered(choices.length)}
        </span>
      </div>
    ),
    fieldProps: {
      'aria-autocomplete': 'list',
      'aria-controls': isOpen ? `${id}-list` : undefined,
      'aria-activedescendant': isOpen ? `${id}-${current}` : undefined,
      onSelect: look,
    },
    press,
    close: () => setFocused(false),
  };
}

function Offered({ choice: { user, name }, labels }: { choice: MentionChoice; labels: Labels }) {
  if (!user)
    return (
      <>
        <span className="chat-suggestion-text">@{name}</span>
        <span className="chat-suggestion-label">
          {name === 'here' ? labels.mentionHere : labels.mentionRoom}
        </span>
      </>
    );
  return (
    <>
      <Avatar id={user.id} name={name} picture={user.avatar} />
      <span className="chat-suggestion-name" dir="auto">
        {name}
      </span>
      <span className="chat-suggestion-label">{user.id}</span>
    </>
  );
}
