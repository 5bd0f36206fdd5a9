// One conversation over a proxy that spoils the upgrade, for longer than Engine.IO's upgrade time-out, and what became of it.
import { RawWebSocket } from '../support/raw';
import { BadMiddle, type Fault } from './bad_middle';
import type { Peer } from './peers';
import { elapsed, Visitor } from './visitor';

/** Longer than the ten seconds that a server gives an upgrade. */
export const WINDOW = 12_500;
const PAUSE = 500;
export const MESSAGES = WINDOW / PAUSE;
const PATIENCE = 4_000;

export interface Outcome {
  disconnects: string[];
  joins: number;
  /** The messages that the visitor behind the proxy sent. */
  sent: string[];
  acked: string[];
  /** The messages of the other, who has no proxy, as the visitor heard them. */
  heardByVisitor: string[];
  heardByOther: string[];
  sentByOther: string[];
  ackedByOther: string[];
  /** The number of GET requests of polling, from the connection on. */
  gets: number;
  /** The transport at the end. */
  transport: string;
  /** The end of a second upgrade of the same session, by a websocket that does not pass the proxy. */
  secondUpgrade: string;
}

export async function converse(peer: Peer, fault: Fault): Promise<Outcome> {
  const room = await peer.room();
  const other = await Visitor.join(peer.url, room, 'bob', { transports: ['websocket'] });
  const middle = await BadMiddle.create(peer.url, fault);
  const visitor = Visitor.open(middle.url, room, 'alice');
  try {
    // A visitor who cannot join goes on all the same: what becomes of it is the question.
    await visitor.until(() => visitor.joins > 0, PATIENCE);
    for (let index = 0; index < MESSAGES; index += 1) {
      visitor.send(`alice ${index}`);
      other.send(`bob ${index}`);
      await elapsed(PAUSE);
    }
    const { gets } = middle;
    const hasAll = () => visitor.acked.length >= MESSAGES && visitor.heard.length >= 2 * MESSAGES;
    await visitor.until(() => hasAll() && other.heard.length >= 2 * MESSAGES, PATIENCE);
    const outcome = {
      disconnects: [...visitor.disconnects],
      joins: visitor.joins,
      sent: [...visitor.sent],
      acked: [...visitor.acked],
      ackedByOther: [...other.acked],
      heardByVisitor: visitor.heard.filter((content) => content.startsWith('bob')),
      heardByOther: other.heard.filter((content) => content.startsWith('alice')),
      sentByOther: [...other.sent],
      gets,
      transport: visitor.transport,
    };
    return { ...outcome, secondUpgrade: await upgradeAgain(peer, visitor, other) };
  } finally {
    visitor.close();
    other.close();
    await middle.remove();
  }
}

/** Upgrades the visitor's session by hand, past the proxy; it must hear what the other says next. */
async function upgradeAgain(peer: Peer, visitor: Visitor, other: Visitor): Promise<string> {
  if (visitor.transport !== 'polling') return 'none: upgraded already';
  try {
    const raw = await RawWebSocket.open(peer.url, { query: `&sid=${visitor.sid}` });
    raw.send('2probe');
    const answer = await raw.next();
    if (answer !== '3probe') return `answered ${answer}`;
    raw.send('5');
    other.send('after the second upgrade');
    for (;;) {
      const frame = await raw.next();
      if (frame.startsWith('42["message:new"') && frame.includes('after the second upgrade')) break;
    }
    raw.cut();
    return 'succeeded';
  } catch (error) {
    return String(error);
  }
}
