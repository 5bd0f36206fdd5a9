// Gives the socket a token each time it connects. A token function that fails is called again after a pause.
import { ownerOf, type TokenOwner } from './token.js';
import type { TokenSource } from './types.js';

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;

interface Listener {
  got(owner: TokenOwner | null): void;
  /** The token function failed; it is called again after a pause. */
  failed(why: string): void;
}

export class TokenGiver {
  /** The number of the latest request. Results of earlier requests are dropped, since their connections are gone. */
  private question = 0;

  constructor(
    public source: TokenSource,
    private readonly listener: Listener,
  ) {}

  get isFunction(): boolean {
    return typeof this.source === 'function';
  }

  /**
   * Reports the token's owner early if the token is a string. A token function is called only when the socket needs
   * one.
   */
  look(): void {
    if (typeof this.source === 'string') this.listener.got(ownerOf(this.source));
  }

  give(give: (token: string) => void): void {
    void this.find(give, ++this.question);
  }

  stop(): void {
    this.question += 1;
  }

  private async find(give: (token: string) => void, question: number): Promise<void> {
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        const token = typeof this.source === 'function' ? await this.source() : this.source;
        if (question !== this.question) return;
        this.listener.got(ownerOf(token));
        give(token);
        return;
      } catch (error) {
        if (question !== this.question) return;
        this.listener.failed(error instanceof Error ? error.message : String(error));
        await new Promise((resolve) => setTimeout(resolve, pause));
        if (question !== this.question) return;
      }
    }
  }
}
