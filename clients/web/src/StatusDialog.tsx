// The dialog in which the user says how they are, and whether others see that they are here.
import {
  hidePresence,
  isPresenceHidden,
  setStatus,
  useChatClient,
  usePresence,
  type NewStatus,
} from '@chatoxide/react';
import { useEffect, useState, type FormEvent } from 'react';
import { Dialog } from './Dialog.js';
import { sentenceOf } from './words.js';

/** The choices of when a status ends. */
const ENDS = ['Until I change it', 'In 30 minutes', 'In an hour', 'At the end of today'] as const;
type End = (typeof ENDS)[number];

const MINUTE = 60_000;

function endOf(end: End, now: Date): number | null {
  if (end === 'In 30 minutes') return now.getTime() + 30 * MINUTE;
  if (end === 'In an hour') return now.getTime() + 60 * MINUTE;
  if (end === 'At the end of today') return new Date(now).setHours(24, 0, 0, 0);
  return null;
}

interface Props {
  user: { id: string };
  onClose: () => void;
}

export function StatusDialog({ user, onClose }: Props) {
  const client = useChatClient();
  const now = usePresence([user.id]).get(user.id)?.status;
  const [emoji, setEmoji] = useState(now?.emoji ?? '');
  const [text, setText] = useState(now?.text ?? '');
  const [end, setEnd] = useState<End>(ENDS[0]);
  const [isHidden, setHidden] = useState<boolean>();
  const [why, setWhy] = useState('');
  useEffect(() => {
    let isCurrent = true;
    isPresenceHidden(client).then(
      (hidden) => isCurrent && setHidden(hidden),
      (error: Error) => isCurrent && setWhy(sentenceOf(error)),
    );
    return () => void (isCurrent = false);
  }, [client]);
  const set = (status: NewStatus) => {
    setWhy('');
    setStatus(client, status).then(onClose, (error: Error) => setWhy(sentenceOf(error)));
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    set({ text, emoji, clearAt: endOf(end, new Date()) });
  };
  const hide = (hidden: boolean) => {
    setWhy('');
    setHidden(hidden);
    hidePresence(client, hidden).catch((error: Error) => {
      setHidden(!hidden);
      setWhy(sentenceOf(error));
    });
  };
  return (
    <Dialog title="Your status" onClose={onClose}>
      <form className="dialog-form" onSubmit={save}>
        <div className="status-fields">
          <label>
            Emoji
            <input value={emoji} maxLength={16} onChange={(event) => setEmoji(event.target.value)} />
          </label>
          <label>
            Status
            <input
              value={text}
              maxLength={100}
              placeholder="What is up?"
              onChange={(event) => setText(event.target.value)}
            />
          </label>
        </div>
        <label>
          Ends
          <select value={end} onChange={(event) => setEnd(event.target.value as End)}>
            {ENDS.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </select>
        </label>
        <label className="choice">
          <input
            type="checkbox"
            checked={isHidden ?? false}
            disabled={isHidden === undefined}
            onChange={(event) => hide(event.target.checked)}
          />
          Show me as offline to others
        </label>
        {why && (
          <p className="danger" role="alert">
            {why}
          </p>
        )}
        <div className="dialog-buttons">
          {now && (
            <button type="button" className="button" onClick={() => set({})}>
              Clear status
            </button>
          )}
          <button className="button button-main" disabled={!text.trim() && !emoji.trim()}>
            Save
          </button>
        </div>
      </form>
    </Dialog>
  );
}
