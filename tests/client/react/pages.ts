// Users' pages with the hook of @chatoxide/react on them, each with a connection of its own.
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import {
  ChatClient,
  ChatError,
  ChatProvider,
  MemoryOutbox,
  useChat,
  type Chat,
  type Outbox,
} from '@chatoxide/react';
import { createElement, StrictMode, type ReactNode } from 'react';
import { afterEach, expect } from 'vitest';
import type { User } from '../support/tokens';
import type { World } from '../support/world';

export const PATIENCE = { timeout: 15_000 };

export interface PageOptions {
  outbox?: Outbox;
  isReading?: () => boolean;
  strict?: boolean;
  url?: string;
}

/** A user's page in a room. */
export class Page {
  /** Every state that was drawn. */
  readonly drawn: Chat[] = [];
  readonly discontinuities: unknown[] = [];
  readonly client: ChatClient;
  private readonly unmount: () => void;

  constructor(world: World, room: string, user: User, options: PageOptions = {}) {
    const { outbox = new MemoryOutbox(), isReading = () => true, url = world.server.url } = options;
    this.client = new ChatClient({ url, token: world.tokenOf(user), outbox, reading: { isReading } });
    const client = this.client;
    const onDiscontinuity = (discontinuity: unknown) => this.discontinuities.push(discontinuity);
    const { unmount } = renderHook(
      () => {
        const chat = useChat(room, undefined, { onDiscontinuity });
        this.drawn.push(chat);
      },
      {
        wrapper: ({ children }: { children: ReactNode }) => {
          const provided = createElement(ChatProvider, { client }, children);
          return options.strict ? createElement(StrictMode, null, provided) : provided;
        },
      },
    );
    this.unmount = unmount;
  }

  get chat(): Chat {
    const last = this.drawn.at(-1);
    if (!last) throw new Error('nothing was drawn');
    return last;
  }

  get contents(): string[] {
    return this.chat.messages.map((message) => message.content);
  }

  sees(look: (chat: Chat) => void): Promise<void> {
    return waitFor(() => look(this.chat), PATIENCE);
  }

  shows(...contents: string[]): Promise<void> {
    return this.sees(() => expect(this.contents).toEqual(contents));
  }

  /** Once the history has come. */
  ready(): Promise<void> {
    return this.sees((chat) => expect(chat).toMatchObject({ isReady: true, connected: true }));
  }

  /** The connection is gone, and does not come back by itself. */
  async drop(): Promise<void> {
    act(() => void this.client.socket.disconnect());
    await this.sees((chat) => expect(chat.connected).toBe(false));
  }

  async comeBack(): Promise<void> {
    act(() => void this.client.socket.connect());
    await this.sees((chat) => expect(chat.connected).toBe(true));
  }

  close(): void {
    this.unmount();
    this.client.close();
  }

  /** At no moment was a message there twice, or two under one key. */
  neverDoubled(): void {
    for (const { messages } of this.drawn) {
      for (const part of ['id', 'key', 'content'] as const) {
        const all = messages.map((message) => message[part]);
        expect(new Set(all).size, `${part}: ${all.join(', ')}`).toBe(all.length);
      }
    }
  }
}

/** The code of what is refused. React's `act` must not see it fail: it would draw nothing more. */
export async function refused(ask: () => Promise<unknown>): Promise<unknown> {
  return act(() =>
    ask().then(
      () => 'nothing was refused',
      (error: unknown) => (error instanceof ChatError ? error.code : error),
    ),
  );
}

/** Opens pages in `world`; they are closed when the test ends. */
export function pagesOf(world: World) {
  let pages: Page[] = [];
  afterEach(() => {
    pages.forEach((page) => page.close());
    pages = [];
    cleanup();
  });
  return {
    open(room: string, user: User, options?: PageOptions): Page {
      const page = new Page(world, room, user, options);
      pages.push(page);
      return page;
    },
    async openReady(room: string, user: User, options?: PageOptions): Promise<Page> {
      const page = this.open(room, user, options);
      await page.ready();
      return page;
    },
  };
}
