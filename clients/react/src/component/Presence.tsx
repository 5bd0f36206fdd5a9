// A user's presence: a badge for the picture, and a line with the status, or when they were last seen.
import { useEffect, useState } from 'react';
import type { UserPresence } from '../core/protocol.js';
import { ENGLISH, type Labels } from './labels.js';

type Words = Partial<Pick<Labels, 'presence' | 'lastSeen'>>;

interface BadgeProps {
  state: UserPresence['state'];
  labels?: Words | undefined;
  className?: string;
}

/** A dot, with the state as its name. */
export function PresenceBadge({ state, labels, className = '' }: BadgeProps) {
  const words = labels?.presence ?? ENGLISH.presence;
  return (
    <span
      className={`chat-part chat-presence chat-presence--${state} ${className}`}
      role="img"
      aria-label={words[state]}
      title={words[state]}
    />
  );
}

interface LineProps {
  /** Nothing is shown while it is not known. */
  presence: UserPresence | undefined;
  labels?: Words | undefined;
}

/** The status of a user; without one, when they were last seen, if they are not online. */
export function StatusLine({ presence, labels }: LineProps) {
  const { text, emoji } = presence?.status ?? {};
  if (!text && !emoji) return <LastSeen presence={presence} labels={labels} />;
  return (
    <span className="chat-status" title={text}>
      {emoji && <span className="chat-status-emoji">{emoji}</span>}
      {text && <span dir="auto">{text}</span>}
    </span>
  );
}

/** Such as `last seen 5 minutes ago`; nothing while the user is online, or if it is not known. */
export function LastSeen({ presence, labels }: LineProps) {
  const now = useMinutes();
  const at = presence?.lastSeenAt;
  if (!at) return null;
  const words = labels?.lastSeen ?? ENGLISH.lastSeen;
  return (
    <time className="chat-status" dateTime={at} title={new Date(at).toLocaleString()}>
      {words(new Date(at), now)}
    </time>
  );
}

const MINUTE = 60_000;

/** The time, anew each minute. */
function useMinutes(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), MINUTE);
    return () => clearInterval(timer);
  }, []);
  return now;
}
