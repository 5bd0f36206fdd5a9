// The dialogs that make a room, begin a conversation, invite people, and leave a room.
import { endMembership, roomName, useChatClient, type ListedRoom, type Member } from '@chatoxide/react';
import { useState, type FormEvent } from 'react';
import { Dialog } from './Dialog.js';
import { People } from './People.js';
import { sentenceOf } from './words.js';

interface Props {
  onClose: () => void;
  onDone: (roomId: string) => void;
}

export function NewRoomDialog({ user, onClose, onDone }: Props & { user: { id: string } }) {
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
      (error: Error) => setWhy(sentenceOf(error)),
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
          <legend>Who can join</legend>
          {(['public', 'private'] as const).map((kind) => (
            <label key={kind} className="choice">
              <input type="radio" name="type" checked={type === kind} onChange={() => setType(kind)} />
              {kind === 'public' ? 'Everyone' : 'Only people who are invited'}
            </label>
          ))}
        </fieldset>
        <People chosen={members} onChoose={choose} without={user.id} error={why} />
        <button className="button button-main" disabled={!name.trim()}>
          {createText(members)}
        </button>
      </form>
    </Dialog>
  );
}

/** A few names, or how many there are. */
function createText(members: Member[]): string {
  if (members.length === 0) return 'Create';
  if (members.length > 3) return `Create with ${members.length} people`;
  return `Create with ${members.map(({ name }) => name).join(', ')}`;
}

export function NewMessageDialog({ user, onClose, onDone }: Props & { user: { id: string } }) {
  const client = useChatClient();
  const [why, setWhy] = useState('');
  const start = (other: Member) => {
    setWhy('');
    client.startDirect(other.id).then(
      (room) => onDone(room.id),
      (error: Error) => setWhy(sentenceOf(error)),
    );
  };
  return (
    <Dialog title="New message" onClose={onClose}>
      <People chosen={[]} onChoose={start} without={user.id} error={why} />
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
      () => setSaid(`${user.name} is now a member.`),
      (error: Error) => setWhy(sentenceOf(error)),
    );
  };
  return (
    <Dialog title="Invite people" onClose={onClose}>
      <People chosen={[]} onChoose={invite} error={why} />
      <p role="status">{said}</p>
    </Dialog>
  );
}

export function LeaveDialog({ room, onClose, onDone }: Props & { room: ListedRoom }) {
  const client = useChatClient();
  const [isLeaving, setLeaving] = useState(false);
  const [why, setWhy] = useState('');
  const leave = () => {
    setLeaving(true);
    setWhy('');
    endMembership(client, room.id).then(
      () => onDone(room.id),
      (error: Error) => {
        setLeaving(false);
        setWhy(sentenceOf(error));
      },
    );
  };
  return (
    <Dialog title={`Leave ${roomName(room)}?`} onClose={onClose}>
      <p>
        {room.type === 'public'
          ? 'You can join again at any time.'
          : 'You can come back only if a member invites you.'}
      </p>
      {why && (
        <p className="danger" role="alert">
          {why}
        </p>
      )}
      <div className="dialog-buttons">
        <button className="button" onClick={onClose}>
          Cancel
        </button>
        <button className="button button-main" disabled={isLeaving} onClick={leave}>
          Leave
        </button>
      </div>
    </Dialog>
  );
}
