// A new room, a message to somebody, an invitation.
import { Avatar, useChatClient, type Member } from '@chatoxide/react';
import { useEffect, useId, useLayoutEffect, useRef, useState, type FormEvent, type ReactNode } from 'react';
import { CloseIcon } from './icons.js';

function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Closed before it is gone, it gives the focus back to where it was.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // By itself it begins with the button that closes it.
    shown?.querySelector('input')?.focus();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={id}
      onCancel={onClose}
      // A click beside it.
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div className="dialog-body">
        <header className="dialog-header">
          <h2 id={id}>{title}</h2>
          <button className="icon-button" aria-label="Close" onClick={onClose}>
            <CloseIcon />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

/** So long a pause ends a word, in milliseconds: the server is not asked for each key. */
const PAUSE = 200;

/** People to choose from, found as one types. */
function People({
  chosen,
  onChoose,
  without,
}: {
  chosen: Member[];
  onChoose: (user: Member) => void;
  without?: string;
}) {
  const client = useChatClient();
  const [query, setQuery] = useState('');
  const [found, setFound] = useState<Member[]>([]);
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
        (error: Error) => isCurrent && setWhy(error.message),
      );
    };
    const timer = setTimeout(find, query === '' ? 0 : PAUSE);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [client, query]);
  const isChosen = (user: Member) => chosen.some(({ id }) => id === user.id);
  return (
    <div className="people">
      <input
        type="search"
        className="search"
        placeholder="Find people"
        aria-label="Find people"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      {why && (
        <p className="danger" role="alert">
          {why}
        </p>
      )}
      <ul>
        {found
          .filter(({ id }) => id !== without)
          .map((user) => (
            <li key={user.id}>
              <button
                type="button"
                className="person"
                aria-pressed={isChosen(user)}
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
    </div>
  );
}

interface Props {
  onClose: () => void;
  onDone: (roomId: string) => void;
}

export function NewRoomDialog({ onClose, onDone }: Props) {
  const client = useChatClient();
  const [name, setName] = useState('');
  const [type, setType] = useState<'public' | 'private'>('public');
  const [members, setMembers] = useState<Member[]>([]);
  const [why, setWhy] = useState('');
  const choose = (user: Member) => {
    const others = members.filter(({ id }) => id !== user.id);
    setMembers(others.length < members.length ? others : [...members, user]);
  };
  const create = (event: FormEvent) => {
    event.preventDefault();
    setWhy('');
    client.createRoom({ name, type, members: members.map(({ id }) => id) }).then(
      (room) => onDone(room.id),
      (error: Error) => setWhy(error.message),
    );
  };
  return (
    <Dialog title="New room" onClose={onClose}>
      <form className="dialog-form" onSubmit={create}>
        <label>
          Name
          <input value={name} maxLength={60} onChange={(event) => setName(event.target.value)} />
        </label>
        <fieldset>
          <legend>Who may come in</legend>
          {(['public', 'private'] as const).map((kind) => (
            <label key={kind} className="choice">
              <input type="radio" name="type" checked={type === kind} onChange={() => setType(kind)} />
              {kind === 'public' ? 'Everybody' : 'Only members'}
            </label>
          ))}
        </fieldset>
        <People chosen={members} onChoose={choose} />
        {why && (
          <p className="danger" role="alert">
            {why}
          </p>
        )}
        <button className="button button-main" disabled={!name.trim()}>
          {members.length > 0 ? `Create with ${members.map((member) => member.name).join(', ')}` : 'Create'}
        </button>
      </form>
    </Dialog>
  );
}

export function NewMessageDialog({ user, onClose, onDone }: Props & { user: { id: string } }) {
  const client = useChatClient();
  const [why, setWhy] = useState('');
  const start = (other: Member) => {
    setWhy('');
    client.startDirect(other.id).then(
      (room) => onDone(room.id),
      (error: Error) => setWhy(error.message),
    );
  };
  return (
    <Dialog title="New message" onClose={onClose}>
      <People chosen={[]} onChoose={start} without={user.id} />
      {why && (
        <p className="danger" role="alert">
          {why}
        </p>
      )}
    </Dialog>
  );
}

export function InviteDialog({ roomId, onClose }: { roomId: string; onClose: () => void }) {
  const client = useChatClient();
  const [said, setSaid] = useState('');
  const [why, setWhy] = useState('');
  const invite = (user: Member) => {
    setSaid('');
    setWhy('');
    client.invite(roomId, user.id).then(
      () => setSaid(`${user.name} is a member now.`),
      (error: Error) => setWhy(error.message),
    );
  };
  return (
    <Dialog title="Invite somebody" onClose={onClose}>
      <People chosen={[]} onChoose={invite} />
      <p role="status">{said}</p>
      {why && (
        <p className="danger" role="alert">
          {why}
        </p>
      )}
    </Dialog>
  );
}
