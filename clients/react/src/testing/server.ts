// A chat server in memory, for the tests of an app: it has the events of the real one, and needs no network.
import { replaceConnect } from '../core/connect.js';
import { ChatError } from '../core/errors.js';
import type { ErrorCode, RoomType } from '../core/protocol.js';
import { ownerOf } from '../core/token.js';
import type { Asked, ChatSocket } from '../core/wire.js';
import { HANDLERS } from './events.js';
import { Peer } from './peer.js';
import { ensureRequest } from './requests.js';
import { MemorySocket, type Answered, type GiveAuth } from './socket.js';
import { tokenOf } from './token.js';
import { TestUser } from './user.js';
import { World } from './world.js';

export interface RoomSeed {
  id: string;
  /** The id, if absent. */
  name?: string;
  /** `public`, if absent. */
  type?: RoomType;
  /** Ids of users. */
  members?: string[];
  /** The id of the user who created it; nobody, if absent. */
  ownerId?: string;
  /** Oldest first; `from` is the id of a user. */
  messages?: { from: string; content: string }[];
}

export interface ServerSeed {
  /** Users whom only a room or a token names are added, too. */
  users?: { id: string; name?: string; avatar?: string | null }[];
  /** A public room `general`, if absent. */
  rooms?: RoomSeed[];
}

/** The characters of an unknown event's name that a refusal repeats. */
const SHOWN = 128;

/** Made by `startChatServer`. */
export class ChatServer {
  private readonly world = new World(Date.now);
  private readonly sockets = new Map<MemorySocket, Peer | undefined>();
  private readonly refusals = new Map<string, ChatError[]>();
  /** Ids of users whom the server cannot be reached by; null stands for everybody. */
  private readonly away = new Set<string | null>();
  private acceptsTokens = true;

  constructor({ users = [], rooms = [{ id: 'general', name: 'General' }] }: ServerSeed) {
    for (const user of users) this.world.addUser(user);
    for (const room of rooms) this.seed(room);
    replaceConnect((_, { auth }) => this.socket(auth as GiveAuth) as unknown as ChatSocket);
  }

  /** A token of a user, for `useChat`, `ChatProvider` and `ChatClient`. */
  token(userId: string): string {
    const known = this.world.users().find(({ id }) => id === userId);
    return tokenOf(userId, known?.name);
  }

  /** Connects another user, whom the test speaks for. */
  async connect(userId: string): Promise<TestUser> {
    const socket = this.socket((give) => give({ token: this.token(userId) }));
    const user = new TestUser(userId, socket);
    await user.connect();
    return user;
  }

  /** The connections of a user, or of everybody, break. No new one comes about until `goOnline`. */
  goOffline(userId: string | null = null): void {
    this.away.add(userId);
    for (const [socket, peer] of [...this.sockets])
      if (peer && this.isAway(peer.user.id)) socket.end('transport close');
  }

  /** Everybody can connect. Clients that have lost their connection are back at once. */
  goOnline(): void {
    this.away.clear();
    for (const socket of this.sockets.keys()) if (socket.active) socket.connect();
  }

  /** Sets whether tokens are taken from now on. It ends no connection. */
  acceptTokens(accepts: boolean): void {
    this.acceptsTokens = accepts;
  }

  /** The next event of this name is refused, whoever sends it. */
  refuseNext(event: keyof Asked, code: ErrorCode, error = `Refused: ${code}`): void {
    this.refusals.set(event, [...(this.refusals.get(event) ?? []), new ChatError(code, error)]);
  }

  /** Ends all connections. Clients that are made from now on connect over the network again. */
  close(): void {
    this.goOffline();
    for (const socket of this.sockets.keys()) socket.active = false;
    this.sockets.clear();
    replaceConnect();
  }

  private seed({ id, name = id, type = 'public', members = [], ownerId, messages = [] }: RoomSeed): void {
    for (const userId of [...members, ...messages.map(({ from }) => from)])
      this.world.addUser({ id: userId });
    const room = this.world.addRoom({ id, name, type, members, ownerId });
    for (const { from, content } of messages) room.add(this.world.userOf(from), { roomId: id, content });
  }

  private socket(auth: GiveAuth): MemorySocket {
    const door = {
      connect: (socket: MemorySocket, token: unknown) => this.greet(socket, token),
      receive: (socket: MemorySocket, event: string, argument: unknown, answer?: Answered) =>
        this.receive(socket, event, argument, answer),
      disconnected: (socket: MemorySocket) => this.depart(socket),
    };
    const socket: MemorySocket = new MemorySocket(door, auth);
    this.sockets.set(socket, undefined);
    return socket;
  }

  private greet(socket: MemorySocket, token: unknown): void {
    const owner = typeof token === 'string' ? ownerOf(token) : null;
    if (!this.sockets.has(socket) || this.isAway(owner?.id))
      return socket.refuse(new Error('The server is offline'));
    if (!owner || !this.acceptsTokens) {
      socket.active = false;
      return socket.refuse(new Error('Authentication failed'));
    }
    const { id, name } = owner;
    const user = name === undefined ? { id } : { id, name };
    this.world.addUser(user);
    const peer = new Peer(socket, user);
    const wasOnline = this.world.isOnline(id);
    this.world.peers.add(peer);
    if (!wasOnline) this.world.tellPresence(id);
    this.world.presence.changed(id);
    this.sockets.set(socket, peer);
    socket.accept();
  }

  private isAway(userId = ''): boolean {
    return this.away.has(null) || this.away.has(userId);
  }

  private depart(socket: MemorySocket): void {
    const peer = this.sockets.get(socket);
    if (!peer) return;
    for (const roomId of [...peer.rooms]) this.world.leave(peer, roomId);
    this.world.peers.delete(peer);
    if (!this.world.isOnline(peer.user.id)) this.world.tellPresence(peer.user.id);
    this.world.presence.changed(peer.user.id);
    this.sockets.set(socket, undefined);
  }

  private receive(socket: MemorySocket, event: string, argument: unknown, answer?: Answered): void {
    const peer = this.sockets.get(socket);
    if (!peer) return;
    try {
      const result = this.carryOut(peer, event, argument);
      answer?.({ success: true, ...result });
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      this.refuse(peer, event, argument, error, answer);
    }
  }

  private carryOut(peer: Peer, event: string, argument: unknown): object {
    ensureRequest(event, argument);
    const refusal = this.refusals.get(event)?.shift();
    if (refusal) throw refusal;
    // The argument was checked to be the event's own, which the types cannot express for a variable event.
    const handle = HANDLERS[event] as (world: World, peer: Peer, argument: unknown) => object;
    return handle(this.world, peer, argument);
  }

  private refuse(peer: Peer, event: string, argument: unknown, error: ChatError, answer?: Answered): void {
    const code = error.code as ErrorCode;
    const isAboutAccess = code === 'forbidden' || code === 'room_not_found';
    if (isAboutAccess || !answer) {
      const roomId = event === 'dm:start' ? undefined : roomOf(argument);
      const named = roomId === undefined ? {} : { roomId };
      peer.hear('room:error', { ...named, event: event.slice(0, SHOWN), code, error: error.message });
    }
    const none = event === 'messages:load' ? { messages: [] } : {};
    answer?.({ success: false, error: error.message, code, ...none });
  }
}

/** The room that an argument names. */
function roomOf(argument: unknown): string | undefined {
  if (typeof argument === 'string') return argument;
  const { roomId } = (argument ?? {}) as { roomId?: unknown };
  return typeof roomId === 'string' ? roomId : undefined;
}

/**
 * Starts a chat server in memory. Until its `close`, every `ChatClient` that is made connects to it, whatever its URL, and
 * so do `useChat`, `ChatRoom` and `ChatProvider`.
 */
export function startChatServer(seed: ServerSeed = {}): ChatServer {
  return new ChatServer(seed);
}
