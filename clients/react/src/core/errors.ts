// What goes wrong, as an error with a code.
import type { Refused } from './protocol.js';
import type { Refusal } from './types.js';

/** A refusal of the server, or of the network. `message` is for people, `code` for programs. */
export class ChatError extends Error {
  override readonly name = 'ChatError';

  constructor(
    readonly code: Refusal['code'],
    message: string,
  ) {
    super(message);
  }

  static from(refused: Partial<Refused>): ChatError {
    // The original's server gives no code, and not always a text.
    return new ChatError(refused.code ?? 'internal', refused.error ?? 'The server refused');
  }

  get refusal(): Refusal {
    return { code: this.code, error: this.message };
  }

  get isPassing(): boolean {
    return isPassing(this.code);
  }
}

/** Whether the same request may succeed a moment later, and nothing of it was stored. */
export function isPassing(code: Refusal['code']): boolean {
  return ['busy', 'shutting_down', 'unavailable', 'offline'].includes(code);
}

export function offline(): ChatError {
  return new ChatError('offline', 'There is no connection');
}

export function discarded(): ChatError {
  return new ChatError('conflict', 'Message discarded');
}

/** A promise that may be ignored: who does not look at it does not see it fail. */
export function ignorable<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
