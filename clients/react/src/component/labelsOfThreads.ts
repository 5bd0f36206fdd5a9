// The texts of threads, in English.

export interface ThreadLabels {
  /** The name of the part that shows a thread. */
  thread: string;
  /** Above the message that it hangs on. */
  beginning: string;
  replyInThread: string;
  /** Below the message that has them. */
  replies: (count: number) => string;
  lastReply: (when: string) => string;
  /** In place of the message that the thread hangs on. */
  rootIsGone: string;
  follow: string;
  unfollow: string;
  followFailed: (why: string) => string;
  alsoToRoom: string;
  notLoaded: (why: string) => string;
  /** Replies that the user has not read, such as `99+`. */
  unread: (count: string) => string;
  /** The name of the list of threads. */
  threads: string;
  noThreads: string;
  /** With `unreadOnly`. */
  noUnreadThreads: string;
  threadsNotLoaded: (why: string) => string;
  moreThreads: string;
}

export const THREAD: ThreadLabels = {
  thread: 'Thread',
  beginning: 'This is the start of the thread.',
  replyInThread: 'Reply in a thread',
  replies: (count) => (count === 1 ? '1 reply' : `${count} replies`),
  lastReply: (when) => `Last reply: ${when}`,
  rootIsGone: 'The message that this thread began with was deleted.',
  follow: 'Follow',
  unfollow: 'Unfollow',
  followFailed: (why) => `Not saved: ${why}`,
  alsoToRoom: 'Also send to the room',
  notLoaded: (why) => `This thread could not be loaded: ${why}`,
  unread: (count) => `${count} unread`,
  threads: 'Threads',
  noThreads: 'You follow no threads yet. You do when you reply in one.',
  noUnreadThreads: 'No unread threads',
  threadsNotLoaded: (why) => `Your threads could not be loaded: ${why}`,
  moreThreads: 'Show older threads',
};
