// The socket, with questions that are always answered: by the server, or by an error.
import type { Socket } from 'socket.io-client';
import { ChatError, offline } from './errors.js';
import type { Answer, ClientToServerEvents, Refused, SendRequest, ServerToClientEvents } from './protocol.js';

export type ChatSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** Longer than the server waits for its database. */
const PATIENCE = 15_000;
/** A longer text, in UTF-16 units, may not fit a packet, and is sent in chunks: each unit takes up to three bytes. */
export const LONG = 300_000;

/** The argument and the answer of each event that a client sends. */
export type Asked = {
  [Event in keyof ClientToServerEvents]: Parameters<ClientToServerEvents[Event]> extends [
    infer Argument,
    ((answer: infer Answered) => void)?,
  ]
    ? { argument: Argument; answer: Exclude<Answered, Refused> }
    : never;
};

export type Ask = <Event extends keyof Asked>(
  event: Event,
  argument: Asked[Event]['argument'],
  patience?: number,
) => Promise<Asked[Event]['answer']>;

/** Asks, and throws a `ChatError` for a refusal and for an answer that does not come. */
export function asking(socket: ChatSocket): Ask {
  return async function ask(event, argument, patience = PATIENCE) {
    if (!socket.connected) throw offline();
    // Few ever need it, so it is loaded by those alone.
    if (((argument as Partial<SendRequest>).content?.length as number) > LONG)
      return (await import('./chunks.js')).send(ask, event as 'message:send', argument as SendRequest);
    let answer: Answer | undefined;
    try {
      // The types of an event and its argument belong together, which the library cannot express for a variable event.
      const untyped = socket.timeout(patience) as unknown as {
        emitWithAck(event: string, argument: unknown): Promise<Answer | undefined>;
      };
      answer = await untyped.emitWithAck(event, argument);
    } catch {
      throw socket.connected ? new ChatError('unavailable', 'No answer') : offline();
    }
    if (answer?.success === false) throw ChatError.from(answer);
    return answer;
  };
}
