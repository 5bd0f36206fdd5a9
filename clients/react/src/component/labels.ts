// Every text that the components say, in English; `labels` replaces any of them.
import type { UserPresence } from '../core/protocol.js';
import type { ConnectionStatus } from '../core/types.js';
import { agoOf } from './ago.js';
import { EMOJI } from './emoji.js';
import { INBOX, SEARCH, type InboxLabels, type SearchLabels } from './labelsOfFinding.js';
import { THREAD, type ThreadLabels } from './labelsOfThreads.js';
import { reasonOf, type Reason } from './reasons.js';

export interface Labels {
  /** The name of the whole list, for screen readers. */
  messages: string;
  /** How the keys work in the list, for screen readers. */
  messagesHint: string;
  loading: string;
  /** Older messages could not be loaded. */
  notLoaded: (why: string) => string;
  /** The list of rooms could not be loaded. */
  roomsNotLoaded: (why: string) => string;
  /** Why something was refused, as the other texts have it. */
  reason: (reason: Reason) => string;
  empty: string;
  beginning: string;
  today: string;
  yesterday: string;
  newMessages: string;
  jumpToNewest: string;
  /** 99 stands for more, too. */
  unread: (count: number) => string;
  edited: string;
  sending: string;
  /** The same while the chunks of a long message are sent, with how many percent of them have come. */
  sendingMuch: (percent: number) => string;
  /** Shows all of a long message, and only its beginning again. */
  showAll: string;
  showLess: string;
  /** In its place while there is no connection. */
  waiting: string;
  /** A change of the user's own while there is no connection. */
  changeWaits: string;
  failed: string;
  retry: string;
  discard: string;
  edit: string;
  delete: string;
  confirmDelete: string;
  cancel: string;
  save: string;
  reply: string;
  react: string;
  anyEmoji: string;
  /** Below that field: how the system helps to fill it. */
  emojiHint: string;
  notAnEmoji: string;
  /** The names of those in the palette. */
  emoji: Record<string, string>;
  replyingTo: (name: string) => string;
  /** In place of a message that is quoted and not loaded. */
  earlierMessage: string;
  /** In place of one that was deleted. */
  deletedMessage: string;
  messageIsGone: string;
  reaction: (names: string[]) => string;
  /** The user among others, in the middle of a sentence. */
  youToo: string;
  /** People whose names are not known, in the middle of a sentence. */
  somePeople: (count: number) => string;
  /** Somebody whose name is not known, at the beginning of a sentence. */
  someone: string;
  reactionFailed: (why: string) => string;
  editFailed: (why: string) => string;
  deleteFailed: (why: string) => string;
  dismiss: string;
  actions: (name: string) => string;
  writeAMessage: string;
  /** In place of that where the user may not write. */
  closed: string;
  editAMessage: string;
  send: string;
  noFiles: string;
  typing: (names: string[]) => string;
  readBy: (names: string[]) => string;
  connection: Record<Exclude<ConnectionStatus, 'connected' | 'closed'>, string>;
  noEntry: (why: string) => string;
  /** The same while it is tried again. */
  entryWaits: (why: string) => string;
  file: string;
  image: string;
  /** Below the name of an image that could not be loaded. */
  brokenImage: string;
  you: string;
  rooms: string;
  directMessages: string;
  publicRooms: string;
  noRooms: string;
  noRoomsFound: string;
  noDirectMessages: string;
  /** The words for a user's presence. */
  presence: Record<UserPresence['state'], string>;
  /** When a user was last seen, and the time now. */
  lastSeen: (at: Date, now: Date) => string;
  /** The number as it is shown, such as `99+`. */
  unreadCount: (count: string) => string;
  mentionCount: (count: string) => string;
  markUnread: string;
  markUnreadFailed: (why: string) => string;
  seenBy: string;
  seenByNobody: string;
  readersNotLoaded: (why: string) => string;
  close: string;
  more: string;
  /** The name of the list of people that `@` offers. */
  mentionSomebody: string;
  /** How many people the list has, for screen readers. */
  mentionsOffered: (count: number) => string;
  /** Beside `@here` and `@room`. */
  mentionHere: string;
  mentionRoom: string;
  search: SearchLabels;
  inbox: InboxLabels;
  thread: ThreadLabels;
}

/** `Ann`, `Ann and Ben`, `Ann, Ben and Cleo`. */
const list = new Intl.ListFormat('en', { type: 'conjunction' });

export const ENGLISH: Labels = {
  messages: 'Messages',
  messagesHint: 'Up and down arrow keys move between messages, left and right between the actions of one.',
  loading: 'Loading…',
  notLoaded: (why) => `Older messages could not be loaded: ${why}`,
  roomsNotLoaded: (why) => `The rooms could not be loaded: ${why}`,
  reason: reasonOf,
  empty: 'No messages yet. Say hello!',
  beginning: 'This is the start of the conversation.',
  today: 'Today',
  yesterday: 'Yesterday',
  newMessages: 'New messages',
  jumpToNewest: 'Jump to newest',
  unread: (count) => (count === 1 ? '1 new message' : `${countText(count)} new messages`),
  edited: 'edited',
  sending: 'Sending…',
  sendingMuch: (percent) => `Sending… ${percent}%`,
  showAll: 'Show all',
  showLess: 'Show less',
  waiting: 'Will be sent when you are back online',
  changeWaits: 'Will be saved when you are back online',
  failed: 'Not sent',
  retry: 'Try again',
  discard: 'Discard',
  edit: 'Edit',
  delete: 'Delete',
  confirmDelete: 'Delete this message?',
  cancel: 'Cancel',
  save: 'Save',
  reply: 'Reply',
  react: 'Add a reaction',
  anyEmoji: 'Any emoji',
  emojiHint: 'Ctrl+Cmd+Space (Mac) or Win+. (Windows) opens the emoji picker.',
  notAnEmoji: 'This is not an emoji.',
  emoji: EMOJI,
  replyingTo: (name) => `Replying to ${name}`,
  earlierMessage: 'An earlier message',
  deletedMessage: 'Deleted message',
  messageIsGone: 'That message was not found. It may have been deleted.',
  reaction: (names) => `by ${list.format(names)}`,
  youToo: 'you',
  somePeople: (count) => (count === 1 ? 'someone' : `${count} people`),
  someone: 'Someone',
  reactionFailed: (why) => `Your reaction was not saved: ${why}`,
  editFailed: (why) => `Your edit was not saved: ${why}`,
  deleteFailed: (why) => `Not deleted: ${why}`,
  dismiss: 'Dismiss',
  actions: (name) => `Message by ${name}`,
  writeAMessage: 'Write a message',
  closed: 'You cannot write here',
  editAMessage: 'Edit the message',
  send: 'Send',
  noFiles: 'Files cannot be sent here.',
  typing: (names) =>
    names.length > 3
      ? 'Several people are typing…'
      : `${list.format(names)} ${names.length > 1 ? 'are' : 'is'} typing…`,
  readBy: (names) => `Read by ${list.format(names)}`,
  connection: {
    connecting: 'Connecting…',
    reconnecting: 'Connection lost. Your messages are kept, and sent when you are back online.',
    refused: 'You are signed out.',
  },
  noEntry: (why) => `You cannot open this room: ${why}`,
  entryWaits: (why) => `This room cannot be opened yet: ${why}. Trying again…`,
  file: 'File',
  image: 'Image',
  brokenImage: 'This image could not be loaded',
  you: 'You',
  rooms: 'Rooms',
  directMessages: 'Direct messages',
  publicRooms: 'Public rooms',
  noRooms: 'No rooms yet',
  noRoomsFound: 'No rooms found',
  noDirectMessages: 'No direct messages yet',
  presence: { online: 'online', away: 'away', offline: 'offline' },
  lastSeen: (at, now) => `last seen ${agoOf(at, now, 'en')}`,
  unreadCount: (count) => `${count} unread`,
  mentionCount: (count) => (count === '1' ? '1 mention' : `${count} mentions`),
  markUnread: 'Mark unread from here',
  markUnreadFailed: (why) => `Not marked as unread: ${why}`,
  seenBy: 'Seen by',
  seenByNobody: 'Nobody has seen this message yet.',
  readersNotLoaded: (why) => `The list could not be loaded: ${why}`,
  close: 'Close',
  more: 'Show more',
  mentionSomebody: 'Mention somebody',
  mentionsOffered: (count) => (count === 1 ? '1 suggestion' : `${count} suggestions`),
  mentionHere: 'Everyone who is online',
  mentionRoom: 'Everyone in this room',
  search: SEARCH,
  inbox: INBOX,
  thread: THREAD,
};

/** The server counts to 99, which stands for more, too. */
export function countText(count: number): string {
  return count > 98 ? '99+' : String(count);
}
