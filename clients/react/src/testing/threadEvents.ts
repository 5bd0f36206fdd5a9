// The events about threads that a client sends, as the server in memory carries them out.
import type { Handlers } from './handlers.js';

type Event = 'thread:load' | 'thread:follow' | 'thread:unfollow' | 'thread:read' | 'threads:list';

export const THREAD_HANDLERS: Pick<Handlers, Event> = {
  'thread:load'(world, peer, { rootId, ...page }) {
    return world.threads.load(peer, rootId, page);
  },

  'thread:follow'(world, peer, { rootId }) {
    return { unreadCount: world.threads.choose(peer, rootId, true) };
  },

  'thread:unfollow'(world, peer, { rootId }) {
    return { unreadCount: world.threads.choose(peer, rootId, false) };
  },

  'thread:read'(world, peer, { rootId, messageId }) {
    return { unreadCount: world.threads.markRead(peer, rootId, messageId) };
  },

  'threads:list'(world, peer, request) {
    return world.threads.list(peer, request);
  },
};
