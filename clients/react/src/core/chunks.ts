// Sends a long text in chunks, which the server puts together. It stands apart and imports nothing, so that a page loads it
// when it is needed, and no code twice.
import type { ChunkProgress, EditRequest, SendRequest } from './protocol.js';
import type { Readable } from './store.js';
import type { Asked, Ask } from './wire.js';

/** The shares of the texts that are on their way, from 0 to 1, by client id: the `key` of the message. */
export type Uploads = Readable<ReadonlyMap<string, number>>;

let shares: ReadonlyMap<string, number> = new Map();
const listeners = new Set<() => void>();

export const uploads: Uploads = {
  get: () => shares,
  subscribe: (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** `undefined`: it is not on its way any more. */
function note(id: string, share: number | undefined): void {
  const next = new Map(shares);
  if (share === undefined) next.delete(id);
  else next.set(id, share);
  shares = next;
  for (const listener of [...listeners]) listener();
}

/** The most UTF-16 units of a chunk. Even where each is escaped it fits a packet of a megabyte. */
const CHUNK = 120_000;

/**
 * Sends the chunks one after the other. The server says which are missing, so that a request that is repeated after a break
 * goes on where it was.
 */
export async function send<Event extends 'message:send' | 'message:edit'>(
  ask: Ask,
  event: Event,
  request: SendRequest | EditRequest,
): Promise<Asked[Event]['answer']> {
  const parts = split(request.content);
  // A message that is sent again goes on with the same chunks.
  const id = ('clientId' in request && request.clientId) || `${Date.now()}-${Math.random()}`;
  try {
    let index = 0;
    for (;;) {
      const chunk = { id, index, count: parts.length };
      // The message has the fields beside the first chunk.
      const beside = index === 0 ? request : bare(request);
      const answer = await ask(event, {
        ...beside,
        content: parts[index],
        chunk,
      });
      const { chunk: progress } = answer as { chunk?: ChunkProgress };
      if (!progress) return answer;
      const { received, count, missing } = progress;
      note(id, received / count);
      index = missing[0] ?? 0;
    }
  } finally {
    note(id, undefined);
  }
}

/** The names that all chunks of a request have. */
function bare(request: SendRequest | EditRequest): Partial<SendRequest & EditRequest> {
  if ('messageId' in request) return { messageId: request.messageId };
  return { roomId: request.roomId, clientId: request.clientId };
}

/** Splits a text between its characters. */
export function split(text: string): string[] {
  const parts: string[] = [];
  for (let begin = 0; begin < text.length;) {
    let end = begin + CHUNK;
    // The second half of a pair would be a character of its own, which no server takes.
    if (/[\udc00-\udfff]/.test(text.charAt(end))) end -= 1;
    parts.push(text.slice(begin, end));
    begin = end;
  }
  return parts;
}
