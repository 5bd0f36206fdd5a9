// `ChatError`, an error with a code, and functions that create and classify errors.
import type { Refused } from './protocol.js';
import type { Refusal } from './types.js';

/** A refusal by the server, or a network failure. `message` is for people, `code` for programs. */
export class ChatError extends Error {
  override readonly name = 'ChatError';

  constructor(
    readonly code: Refusal['code'],
    message: string,
  ) {
    super(message);
  }

  static from(refused: Partial<Refused>): ChatError {
    // The original's server sends no code, and not always a text.
    return new ChatError(refused.code ?? 'internal', refused.error ?? 'Refused');
  }

  get refusal(): Refusal {
    return { code: this.code, error: this.message };
  }
}

/** Whether the error is transient: nothing was stored, and the same request may succeed a moment later. */
export function isPassing(code: Refusal['code']): boolean {
  return ['busy', 'shutting_down', 'unavailable', 'offline'].includes(code);
}

export function offline(): ChatError {
  return new ChatError('offline', 'No connection');
}

export function discarded(): ChatError {
  return new ChatError('conflict', 'Discarded');
}

/** Returns a promise whose rejection may be ignored: it raises no "unhandled rejection". */
export function ignorable<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
