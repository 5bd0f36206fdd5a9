// The arguments that the server takes, as tests/fixtures/protocol has them. Any other is refused as `bad_input`.
import { ChatError } from '../core/errors.js';
import type { Asked } from '../core/wire.js';

/** The largest sizes that a server without settings takes, in bytes. */
const ID = 512;
const EMOJI = 64;
const CLIENT_ID = 64;
const ROOM_NAME = 200;
const TOPIC = 1_000;
const QUERY = 1024;
const FIRST_MEMBERS = 100;
const WATCHED = 500;
const STATUS = 400;
const STATUS_CHARACTERS = 100;
const SHOWN_USERS = 100;
const SHOWN_MESSAGES = 50;

type Check = (place: string, value: unknown) => void;

function refuse(place: string, expected: string): never {
  throw new ChatError('bad_input', `${place}: ${expected}`);
}

/** The size in UTF-8: jsdom has no `TextEncoder`. */
function bytesOf(value: string): number {
  let size = 0;
  for (const letter of value) {
    const code = letter.codePointAt(0) ?? 0;
    size += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return size;
}

const text =
  (least: number, most = Infinity): Check =>
  (place, value) => {
    if (typeof value !== 'string') refuse(place, 'expected a text');
    const size = bytesOf(value);
    if (size < least || size > most) refuse(place, `has ${size} bytes`);
    if (value.includes('\0')) refuse(place, 'has a NUL');
  };
const id = text(1, ID);
const anything: Check = () => undefined;
const whole: Check = (place, value) => {
  if (!Number.isInteger(value) || (value as number) < 0) refuse(place, 'a whole number, 0 or more');
};
const flag: Check = (place, value) => {
  if (typeof value !== 'boolean') refuse(place, 'expected true or false');
};
const date: Check = (place, value) => {
  if (value && Number.isNaN(new Date(value as string).getTime())) refuse(place, 'expected a date');
};
const cursor: Check = (place, value) => {
  if (typeof value !== 'string' || !/^[\w-]+$/u.test(value)) refuse(place, 'expected a cursor');
};
const orNull =
  (check: Check): Check =>
  (place, value) => {
    if (value !== undefined && value !== null) check(place, value);
  };
/** It may be missing, but not null. */
const optional =
  (check: Check): Check =>
  (place, value) => {
    if (value !== undefined) check(place, value);
  };
const oneOf =
  (...words: string[]): Check =>
  (place, value) => {
    if (!words.includes(value as string)) refuse(place, `expected one of ${words.join(', ')}`);
  };
/** A falsy value stands for the default. */
const orFalsy =
  (check: Check): Check =>
  (place, value) => {
    if (value) check(place, value);
  };
const list =
  (most: number, check: Check): Check =>
  (place, value) => {
    if (!Array.isArray(value)) refuse(place, 'expected a list');
    if (value.length > most) refuse(place, `at most ${most}`);
    for (const item of value) check(place, item);
  };
const object =
  (keys: Record<string, Check>): Check =>
  (place, value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      refuse(place, 'expected an object');
    for (const [key, check] of Object.entries(keys)) check(key, (value as Record<string, unknown>)[key]);
  };
/** Just one of these keys. */
const oneOfKeys =
  (keys: Record<string, Check>): Check =>
  (place, value) => {
    object({})(place, value);
    const given = Object.entries(keys).filter(([key]) => (value as Record<string, unknown>)[key] != null);
    const [only] = given;
    if (!only || given.length > 1) refuse(place, `expected ${Object.keys(keys).join(' or ')}`);
    only[1](only[0], (value as Record<string, unknown>)[only[0]]);
  };
const line: Check = (place, value) => {
  text(0, STATUS)(place, value);
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f]/u.test((value as string).trim())) refuse(place, 'expected one line');
  if (charactersIn(value as string) > STATUS_CHARACTERS) refuse(place, 'is too long');
};
const oneCharacter: Check = (place, value) => {
  text(0, EMOJI)(place, value);
  if (charactersIn(value as string) > 1) refuse(place, 'expected one emoji');
};
/** As a reader counts them. */
function charactersIn(value: string): number {
  return [...new Intl.Segmenter().segment(value.trim())].length;
}
const named: Check = (place, value) =>
  text(1, ROOM_NAME)(place, typeof value === 'string' ? value.trim() : value);

const chunk = orNull(object({ id: text(1, CLIENT_ID), index: whole, count: whole }));

const CHECKS: Record<keyof Asked, Check> = {
  'room:join': id,
  'room:leave': id,
  'room:read': id,
  'room:mark-unread': object({ roomId: id, messageId: id }),
  'unread:list': object({}),
  'message:readers': object({ messageId: id, after: orNull(id), limit: orNull(whole) }),
  'settings:show': object({}),
  'settings:update': object({ privateReads: orNull(flag), hidePresence: orNull(flag) }),
  'room:presence': id,
  'room:create': object({
    name: named,
    type: orNull(oneOf('public', 'private')),
    members: optional(list(FIRST_MEMBERS, id)),
  }),
  'room:update': object({ roomId: id, name: orNull(named), topic: orNull(text(0, TOPIC)) }),
  'room:invite': object({ roomId: id, userId: id }),
  'rooms:list': object({}),
  'users:show': object({ userIds: list(SHOWN_USERS, id) }),
  'users:watch': object({ userIds: list(WATCHED, id) }),
  'presence:set': object({ state: oneOf('online', 'away') }),
  'presence:list': oneOfKeys({ userIds: list(WATCHED, id), roomId: id }),
  'presence:watch': object({ userIds: list(WATCHED, id) }),
  'status:set': object({ text: orNull(line), emoji: orNull(oneCharacter), clearAt: orFalsy(date) }),
  'member:join': id,
  'member:leave': id,
  'mentions:list': object({ before: orNull(cursor), limit: orNull(whole) }),
  'mentions:read': object({}),
  'member:remove': object({ roomId: id, userId: id }),
  'users:find': object({ query: text(0, ID) }),
  'message:send': object({
    roomId: id,
    content: text(0),
    type: orFalsy(oneOf('text', 'image', 'file')),
    metadata: anything,
    replyTo: orNull(text(0, ID)),
    threadId: orNull(id),
    alsoToRoom: orNull(flag),
    clientId: orNull(text(1, CLIENT_ID)),
    chunk,
  }),
  'message:edit': object({ messageId: id, content: text(0), chunk }),
  'message:delete': object({ messageId: id }),
  'messages:load': object({ roomId: id, before: date, limit: orNull(whole) }),
  'messages:search': object({
    query: text(1, QUERY),
    order: orNull(oneOf('newest', 'relevance')),
    limit: orNull(whole),
    after: orNull(text(1)),
  }),
  'messages:show': object({ messageIds: list(SHOWN_MESSAGES, id), asQuotes: orNull(flag) }),
  'messages:sync': object({ roomId: id, since: whole }),
  'reaction:add': object({ messageId: id, emoji: text(1, EMOJI) }),
  'reaction:remove': object({ messageId: id, emoji: text(1, EMOJI) }),
  'thread:load': object({ rootId: id, before: orNull(cursor), after: orNull(cursor), limit: orNull(whole) }),
  'thread:follow': object({ rootId: id }),
  'thread:unfollow': object({ rootId: id }),
  'thread:read': object({ rootId: id, messageId: id }),
  'threads:list': object({
    after: orNull(cursor),
    limit: orNull(whole),
    roomId: orNull(id),
    unreadOnly: orNull(flag),
  }),
  'typing:start': id,
  'typing:stop': id,
  'dm:start': id,
};

/** Throws `bad_input` for an event that is unknown, and for an argument that the event does not take. */
export function ensureRequest(event: string, argument: unknown): asserts event is keyof Asked {
  if (!Object.hasOwn(CHECKS, event)) throw new ChatError('bad_input', `There is no event ${event}`);
  CHECKS[event as keyof Asked]('argument', argument);
}
