// People to choose from, found as one types.
import { Avatar, useChatClient, type Member } from '@chatoxide/react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { sentenceOf } from './words.js';

/** The pause that ends a word, in milliseconds: the server is not asked for each key. */
const PAUSE = 200;

interface Props {
  chosen: Member[];
  onChoose: (user: Member) => void;
  /** The id of a user who is left out. */
  without?: string;
  /** Why what was done with the choice failed. */
  error: string;
}

export function People({ chosen, onChoose, without, error }: Props) {
  const [query, setQuery] = useState('');
  const { found, why } = useFound(query);
  const list = useRef<HTMLUListElement>(null);
  const shown = found?.filter(({ id }) => id !== without);
  const press = (event: KeyboardEvent) => {
    const buttons = [...(list.current?.querySelectorAll('button') ?? [])];
    const here = buttons.findIndex((button) => button === event.target);
    // Enter in the field would send the form around it.
    const isEnter = event.key === 'Enter' && here < 0;
    const step = isEnter ? 1 : { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    buttons[here + step]?.focus();
  };
  return (
    <div className="people" onKeyDown={press}>
      <input
        type="search"
        className="search"
        placeholder="Find people"
        aria-label="Find people"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <ul ref={list}>
        {shown?.map((user) => (
          <li key={user.id}>
            <button
              type="button"
              className="person"
              aria-pressed={chosen.some(({ id }) => id === user.id)}
              onClick={() => onChoose(user)}
            >
              <Avatar id={user.id} name={user.name} picture={user.avatar} />
              <span className="person-name" dir="auto">
                {user.name}
              </span>
              <span className="quiet person-id">{user.id}</span>
            </button>
          </li>
        ))}
      </ul>
      <p role="status" className="quiet">
        {shown?.length === 0 &&
          (query.trim() ? `Nobody is called “${query.trim()}”` : 'Nobody else is here yet')}
      </p>
      {(error || why) && (
        <p className="danger" role="alert">
          {error || why}
        </p>
      )}
    </div>
  );
}

/** Undefined until the first answer. */
function useFound(query: string): { found: Member[] | undefined; why: string } {
  const client = useChatClient();
  const [found, setFound] = useState<Member[]>();
  const [why, setWhy] = useState('');
  useEffect(() => {
    let isCurrent = true;
    const find = () => {
      client.findUsers(query).then(
        (users) => {
          if (!isCurrent) return;
          setFound(users);
          setWhy('');
        },
        (error: Error) => isCurrent && setWhy(sentenceOf(error)),
      );
    };
    const timer = setTimeout(find, query === '' ? 0 : PAUSE);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [client, query]);
  return { found, why };
}
