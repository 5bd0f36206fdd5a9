// Why something was refused, in words for people. The server's own sentences are for developers, and on the wire some of them
// are the original's.
import type { Refusal } from '../core/types.js';

/** A refusal, or any other error: that has no code. */
export interface Reason {
  code?: Refusal['code'];
  error: string;
}

const SENTENCES: Partial<Record<Refusal['code'], string>> = {
  busy: 'the server is busy',
  shutting_down: 'the server is restarting',
  unavailable: 'the server is not available right now',
  offline: 'there is no connection',
  internal: 'something went wrong on the server',
  delete_refused: 'it is no longer there, or it is not yours',
  message_not_found: 'the message is no longer there',
  room_not_found: 'there is no such room',
  user_not_found: 'there is no such user',
  signed_out: 'you are signed out',
  no_search: 'this server has no search',
  full: 'too many messages wait to be sent',
};

/** The server's sentences for a code that has several. */
const SERVERS = new Map([
  ['You are not a member of this room', 'you are not a member of it'],
  ['You are no longer a member of this room', 'you are no longer a member of it'],
  ['A direct room is for two', 'a direct conversation is for two'],
  ['You cannot invite yourself', 'you cannot invite yourself'],
  ['The message was changed meanwhile', 'it was changed on another device meanwhile'],
]);

const TOO_LONG = /^(content|name|emoji|query) is too long \(at most (\d+) (characters|bytes)\)$/u;

/** The server's sentences about a query, without its own beginning. */
const QUERY = /^query: (?:(?:from|in|before|after|has): )?(.+)$/u;
const QUERY_SENTENCES = new Map([
  ['is followed by nothing', 'a value is missing after it'],
  ['takes link, image or file', 'it takes link, image or file'],
  ['takes a date, such as 2026-01-31', 'it takes a date, such as 2026-01-31'],
  ['it has no word to search for', 'there is no word to search for'],
]);

/** The reason in English, as it follows a colon. A sentence that is not known here is the server's. */
export function reasonOf({ code, error }: Reason): string {
  const [, what, most, unit] = TOO_LONG.exec(error) ?? [];
  if (code === 'bad_input' && what !== undefined)
    return unit === 'characters' ? `it is too long (at most ${most} characters)` : 'it is too long';
  const query = code === 'bad_input' ? QUERY.exec(error)?.[1] : undefined;
  if (query !== undefined) return QUERY_SENTENCES.get(query) ?? query;
  return SERVERS.get(error) ?? (code && SENTENCES[code]) ?? error;
}

export function reasonIn(error: Error): Reason {
  return { code: (error as Error & Partial<Refusal>).code, error: error.message };
}
