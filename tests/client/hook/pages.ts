// Users' pages with nothing on them but a hook.
import { afterEach, expect, type TestContext } from 'vitest';
import type { Guest, Scene, Stage } from './stage';
import type { Chat, ChatMessage, Subject } from './subject';

export interface Given {
  subject: Subject;
  stage: Stage;
  /** How long what must happen may take, in milliseconds. */
  patience?: number;
}

export const PATIENCE = 15_000;

/** A page that shows nothing but what the hook returns. */
export class HookPage {
  /** The hook's return value of every render. */
  private readonly drawn: Chat[] = [];
  readonly unmount: () => void;

  constructor(
    private readonly given: Given,
    readonly scene: Scene,
    readonly user: Guest,
  ) {
    const { useChat, library } = given.subject;
    const { unmount } = library.renderHook(() => {
      this.drawn.push(useChat(scene.room, user.token));
    });
    this.unmount = unmount;
  }

  get chat(): Chat {
    const last = this.drawn.at(-1);
    if (!last) throw new Error('the hook was not called');
    return last;
  }

  /** The scene's messages that this page has. */
  get words(): string[] {
    return this.wordsOf(this.chat);
  }

  message(words: string): ChatMessage {
    const content = this.scene.text(words);
    const message = this.chat.messages.find((message) => message.content === content);
    if (!message) throw new Error(`${this.user.name} does not see "${words}"`);
    return message;
  }

  /** The reactions to a message: each emoji with the role of its user. */
  reactions(words: string): string[] {
    const reactions = this.message(words).reactions ?? [];
    return reactions.map(({ emoji, userId }) => `${emoji} ${this.scene.roleOf(userId) ?? userId}`).sort();
  }

  /** The roles of the users who are typing. */
  get typing(): string[] {
    const roles = this.chat.typingUsers.map(({ userId }) => this.scene.roleOf(userId));
    return roles.filter((role) => role !== undefined).sort();
  }

  async shows(...words: string[]): Promise<void> {
    await this.sees(() => expect(this.words, `what ${this.user.name} sees`).toEqual(words));
  }

  async sees(look: () => void): Promise<void> {
    await this.given.subject.library.waitFor(look, { timeout: this.given.patience ?? PATIENCE });
  }

  /** Calls the hook; resolves with what it promised. */
  async does<T>(work: (chat: Chat) => T): Promise<Awaited<T>> {
    let result: Promise<Awaited<T>> | undefined;
    await this.given.subject.library.act(async () => {
      result = Promise.resolve(work(this.chat));
      // React does not render again after an `act` that failed.
      await result.catch(() => {});
    });
    return result as Promise<Awaited<T>>;
  }

  async says(words: string): Promise<ChatMessage> {
    return this.does((chat) => chat.sendMessage(this.scene.text(words)));
  }

  /** Expects that no render had two messages with the same text. */
  neverDoubled(): void {
    for (const chat of this.drawn) {
      const words = this.wordsOf(chat);
      expect(words, `what ${this.user.name} saw at a moment`).toEqual([...new Set(words)]);
    }
  }

  private wordsOf(chat: Chat): string[] {
    return this.scene.words(chat.messages.map(({ content }) => content));
  }
}

/** Opens pages; they are closed when the check ends. */
export function pagesOf(given: () => Given) {
  afterEach(() => {
    given().subject.library.cleanup();
    given().stage.clear();
  });

  function load(scene: Scene, user: Guest): HookPage {
    return new HookPage(given(), scene, user);
  }

  /** A member's page, once the history is there: from then on it hears all. */
  async function open(scene: Scene, user: Guest): Promise<HookPage> {
    const page = load(scene, user);
    await page.sees(() => {
      expect(page.chat.connected, `${user.name} is connected`).toBe(true);
      expect(page.words, `what ${user.name} sees of the history`).not.toEqual([]);
    });
    return page;
  }

  return { load, open };
}

/** Ends a check that asks for what this hook does not have: it was not run, and says so. */
export function needs(context: TestContext, { chat }: HookPage, ...names: (keyof Chat)[]): void {
  const missing = names.filter((name) => chat[name] === undefined);
  if (missing.length > 0) context.skip(`the hook returns no ${missing.join(', no ')}`);
}
