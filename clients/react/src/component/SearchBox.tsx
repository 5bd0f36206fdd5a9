// A field that searches the messages of all rooms, with its results below. Needs a `ChatProvider`.
import { useEffect, useId, useMemo, useRef, useState, type ChangeEvent, type KeyboardEvent } from 'react';
import type { Message } from '../core/protocol.js';
import type { FoundMessage } from '../core/search.js';
import { useBeforePaint } from '../react/beforePaint.js';
import { useChatClient } from '../react/context.js';
import { useRooms } from '../react/hooks.js';
import { useSearch, type Search } from '../react/useSearch.js';
import type { SearchComponents } from './components.js';
import { useSearchComponents } from './defaults.js';
import { Highlighted } from './Highlighted.js';
import { CloseIcon, SearchIcon } from './icons.js';
import { ENGLISH, type Labels } from './labels.js';
import { RoomIcon } from './RoomIcon.js';
import { roomName } from './rooms.js';
import { useSuggestions, withSuggestion, type Suggestion } from './suggestions.js';
import { whenOf } from './when.js';

export interface SearchBoxProps {
  /** Called with the message of a result that was chosen. */
  onOpen?: (message: Message) => void;
  /** Called on Escape. */
  onClose?: () => void;
  /** The room that is open: it is offered first. */
  roomId?: string | null;
  /** Takes the focus when it is shown. */
  autoFocus?: boolean;
  labels?: Partial<Labels>;
  /** Parts to use in place of the usual ones. Define them outside of the component that renders this. */
  components?: Partial<SearchComponents>;
  className?: string;
}

/** Suggestions first, then results: the arrow keys go through both. */
type Option = { kind: 'suggestion'; suggestion: Suggestion } | { kind: 'result'; found: FoundMessage };

export function SearchBox(props: SearchBoxProps) {
  const { onOpen, onClose, roomId, autoFocus, className } = props;
  const client = useChatClient();
  const { rooms } = useRooms();
  const search = useSearch();
  const labels = useMemo(() => ({ ...ENGLISH, ...props.labels }), [props.labels]);
  const components = useSearchComponents(props.components);
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const [caret, setCaret] = useState(0);
  const putCaret = useRef<number>(undefined);
  const [active, setActive] = useState<number>();
  const { query, results, setQuery } = search;
  const suggestions = useSuggestions(query, caret, { client, rooms, roomId, labels: labels.search });
  const options: Option[] = [
    ...suggestions.map((suggestion) => ({ kind: 'suggestion' as const, suggestion })),
    ...results.map((found) => ({ kind: 'result' as const, found })),
  ];
  const current = active !== undefined && active < options.length ? active : undefined;

  useEffect(() => {
    if (autoFocus) field.current?.focus();
  }, [autoFocus]);
  useEffect(() => {
    const shown = current === undefined ? null : list.current?.querySelector('[aria-selected=true]');
    // Newer browsers return a promise, which is no clean-up of an effect.
    shown?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  // The field has the text of a suggestion only now.
  useBeforePaint(() => {
    if (putCaret.current === undefined) return;
    field.current?.setSelectionRange(putCaret.current, putCaret.current);
    putCaret.current = undefined;
  }, [query]);

  const change = (next: string, place: number) => {
    setQuery(next);
    setCaret(place);
    setActive(undefined);
  };
  const choose = (option: Option) => {
    if (option.kind === 'result') return onOpen?.(option.found.message);
    const [next, place] = withSuggestion(query, caret, option.suggestion);
    putCaret.current = place;
    change(next, place);
    field.current?.focus();
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const option = current === undefined ? undefined : options[current];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && options.length > 0) {
      const begin = step > 0 ? -1 : options.length;
      const next = (current ?? begin) + step;
      // Beyond the last result are more of them.
      if (next >= options.length && search.hasMore) void search.loadMore();
      else setActive((next + options.length) % options.length);
    } else if (event.key === 'Enter') {
      if (option) choose(option);
      else search.submit();
    } else if (event.key === 'Tab' && !event.shiftKey && option?.kind === 'suggestion') {
      choose(option);
    } else if (event.key === 'Escape') {
      if (option) setActive(undefined);
      else if (onClose) onClose();
      else change('', 0);
      event.stopPropagation();
    } else {
      return;
    }
    event.preventDefault();
  };
  return (
    <div className={['chat-part', 'chat-search', className].filter(Boolean).join(' ')} role="search">
      <div className="chat-search-line">
        <SearchIcon />
        <input
          ref={field}
          className="chat-search-field"
          role="combobox"
          aria-label={labels.search.field}
          placeholder={labels.search.placeholder}
          aria-autocomplete="list"
          aria-expanded={options.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={current === undefined ? undefined : `${id}-${current}`}
          aria-invalid={search.fault !== null}
          autoComplete="off"
          enterKeyHint="search"
          spellCheck={false}
          maxLength={1_024}
          dir="auto"
          value={query}
          onKeyDown={press}
          onSelect={({ currentTarget }) => setCaret(currentTarget.selectionEnd ?? query.length)}
          onChange={({ target }: ChangeEvent<HTMLInputElement>) =>
            change(target.value, target.selectionEnd ?? target.value.length)
          }
        />
        {query !== '' && (
          <button
            type="button"
            className="chat-action"
            aria-label={labels.search.clear}
            title={labels.search.clear}
            onClick={() => {
              change('', 0);
              field.current?.focus();
            }}
          >
            <CloseIcon />
          </button>
        )}
      </div>
      <Summary search={search} labels={labels} />
      <div
        ref={list}
        className="chat-search-list"
        id={`${id}-list`}
        role="listbox"
        aria-label={labels.search.results}
      >
        {suggestions.length > 0 && (
          <div role="group" aria-label={labels.search.suggestions}>
            {suggestions.map((suggestion, index) => (
              <SuggestionRow
                key={suggestion.text}
                id={`${id}-${index}`}
                suggestion={suggestion}
                isActive={index === current}
                avatar={components.Avatar}
                onChoose={() => choose({ kind: 'suggestion', suggestion })}
              />
            ))}
          </div>
        )}
        {results.map((found, place) => {
          const index = suggestions.length + place;
          const { message, highlights } = found;
          const room = rooms.find((one) => one.id === message.roomId);
          const optionProps = {
            id: `${id}-${index}`,
            role: 'option' as const,
            'aria-selected': index === current,
            className: 'chat-result',
            onClick: () => onOpen?.(message),
          };
          return (
            <components.Result
              key={message.id}
              message={message}
              highlights={highlights}
              room={room}
              isActive={index === current}
              resultProps={optionProps}
            >
              <components.Avatar id={message.senderId} name={message.senderName} />
              <span className="chat-result-header">
                <span className="chat-name" dir="auto">
                  {message.senderName}
                </span>
                <span className="chat-result-room" dir="auto">
                  {room ? roomName(room) : labels.inbox.unknownRoom}
                </span>
                <time className="chat-time" dateTime={message.createdAt}>
                  {whenOf(message.createdAt, labels)}
                </time>
              </span>
              <Highlighted text={message.content} highlights={highlights} />
            </components.Result>
          );
        })}
      </div>
      <Rest search={search} labels={labels} components={components} />
    </div>
  );
}

interface RowProps {
  id: string;
  suggestion: Suggestion;
  isActive: boolean;
  avatar: SearchComponents['Avatar'];
  onChoose: () => void;
}

function SuggestionRow({ id, suggestion, isActive, avatar: Picture, onChoose }: RowProps) {
  const { text, label, user, room } = suggestion;
  return (
    <div id={id} role="option" aria-selected={isActive} className="chat-suggestion" onClick={onChoose}>
      {user && <Picture id={user.id} name={user.name} picture={user.avatar} />}
      {room && <RoomIcon room={room} avatar={Picture} />}
      <span className="chat-suggestion-text">{text}</span>
      <span className="chat-suggestion-label" dir="auto">
        {label}
      </span>
    </div>
  );
}

interface PartProps {
  search: Search;
  labels: Labels;
}

/** How many messages were found, in which order, and why some may be missing. */
function Summary({ search, labels: { search: labels } }: PartProps) {
  const { query, results, order, indexed, isLoading, isReady, hasMore, setOrder } = search;
  const said = isLoading
    ? labels.searching
    : isReady && results.length > 0
      ? labels.count(results.length, hasMore)
      : '';
  const share = new Intl.NumberFormat(undefined, { style: 'percent' });
  const isShown = query.trim() !== '';
  return (
    <>
      <div className="chat-search-summary" hidden={!isShown}>
        <span role="status">{said}</span>
        <span className="chat-search-order" role="group" aria-label={labels.order}>
          {(['newest', 'relevance'] as const).map((one) => (
            <button
              key={one}
              type="button"
              className="chat-button"
              aria-pressed={order === one}
              onClick={() => setOrder(one)}
            >
              {labels[one]}
            </button>
          ))}
        </span>
      </div>
      {!isShown && <p className="chat-search-note">{labels.hint}</p>}
      {indexed !== null && (
        <p className="chat-search-note" role="note">
          {/* It is not all, whatever it is rounded to. */}
          {labels.indexing(share.format(Math.min(Math.floor(indexed * 100), 99) / 100))}
        </p>
      )}
    </>
  );
}

/** In place of results, and below them. */
function Rest({ search, labels, components }: PartProps & { components: SearchComponents }) {
  const { query, results, isReady, isLoading, hasMore, refusal, fault, loadMore } = search;
  const { Empty, Error, Loading } = components;
  const texts = labels.search;
  if (refusal) {
    const why = labels.reason(refusal);
    const text =
      results.length > 0
        ? texts.moreFailed(why)
        : fault
          ? texts.failedAt(query.slice(fault.start, fault.end), why)
          : texts.failed(why);
    return <Error text={text} refusal={refusal} />;
  }
  if (isLoading && results.length === 0) return <Loading text={texts.searching} />;
  if (isReady && results.length === 0 && !hasMore) return <Empty text={texts.nothing} />;
  if (!hasMore) return null;
  return (
    <button
      type="button"
      className="chat-link chat-more"
      disabled={isLoading}
      onClick={() => void loadMore()}
    >
      {texts.more}
    </button>
  );
}
