// Every text that the component says, in English; `labels` replaces any of them.
import type { ConnectionStatus } from '../core/types.js';

export interface Labels {
  /** Of the whole list, for those who do not see it. */
  messages: string;
  loading: string;
  empty: string;
  beginning: string;
  today: string;
  yesterday: string;
  newMessages: string;
  jumpToNewest: string;
  unread: (count: number) => string;
  edited: string;
  sending: string;
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
  /** What those of the palette are called. */
  emoji: Record<string, string>;
  replyingTo: (name: string) => string;
  /** In the place of a message that is answered and not here. */
  earlierMessage: string;
  messageIsGone: string;
  reaction: (names: string[]) => string;
  actions: (name: string) => string;
  writeAMessage: string;
  editAMessage: string;
  send: string;
  typing: (names: string[]) => string;
  readBy: (names: string[]) => string;
  connection: Record<Exclude<ConnectionStatus, 'connected' | 'closed'>, string>;
  noEntry: (why: string) => string;
  file: string;
  image: string;
  you: string;
}

/** `Ann`, `Ann and Ben`, `Ann, Ben and Cleo`. */
const list = new Intl.ListFormat('en', { type: 'conjunction' });

const EMOJI = {
  '👍': 'thumbs up',
  '❤️': 'heart',
  '😂': 'tears of joy',
  '🎉': 'party',
  '😮': 'surprise',
  '😢': 'crying',
  '🙏': 'thanks',
  '✅': 'done',
  '👎': 'thumbs down',
  '😀': 'grin',
  '😉': 'wink',
  '😍': 'heart eyes',
  '🤔': 'thinking',
  '😅': 'phew',
  '😡': 'anger',
  '👏': 'applause',
  '🔥': 'fire',
  '🚀': 'rocket',
  '👀': 'eyes',
  '💯': 'hundred',
  '💪': 'strength',
  '👋': 'wave',
  '☕': 'coffee',
  '❌': 'no',
};

export const ENGLISH: Labels = {
  messages: 'Messages',
  loading: 'Loading…',
  empty: 'No messages yet. Say hello!',
  beginning: 'This is the beginning.',
  today: 'Today',
  yesterday: 'Yesterday',
  newMessages: 'New messages',
  jumpToNewest: 'Jump to newest',
  unread: (count) => (count === 1 ? '1 new message' : `${count} new messages`),
  edited: 'edited',
  sending: 'Sending…',
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
  emojiHint: 'Ctrl+Cmd+Space (Mac) or Win+. opens all of them in the field.',
  notAnEmoji: 'This is not an emoji.',
  emoji: EMOJI,
  replyingTo: (name) => `Replying to ${name}`,
  earlierMessage: 'An earlier message',
  messageIsGone: 'The message is no longer there.',
  reaction: (names) => `by ${list.format(names)}`,
  actions: (name) => `Message of ${name}`,
  writeAMessage: 'Write a message',
  editAMessage: 'Edit the message',
  send: 'Send',
  typing: (names) =>
    names.length > 3
      ? 'Several people are typing…'
      : `${list.format(names)} ${names.length > 1 ? 'are' : 'is'} typing…`,
  readBy: (names) => `Read by ${list.format(names)}`,
  connection: {
    connecting: 'Connecting…',
    reconnecting: 'The connection is lost. What you write is kept and sent when it is back.',
    refused: 'You are signed out.',
  },
  noEntry: (why) => `You cannot enter this room: ${why}`,
  file: 'File',
  image: 'Image',
  you: 'You',
};
