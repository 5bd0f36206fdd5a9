// A user's connection to a server: one socket, its rooms, and what waits to be sent.
import type { ManagerOptions, SocketOptions } from 'socket.io-client';
import type { LogEvent } from './catchUp.js';
import { socketTo } from './connect.js';
import { Delivery } from './delivery.js';
import { ChatError, discarded, isPassing } from './errors.js';
import { once } from './once.js';
import { openOutbox, type Entry, type Outbox } from './outbox.js';
import type { Member, Message, NewRoom, Room as RoomInfo } from './protocol.js';
import { byFocus, type Reading } from './reading.js';
import { Room } from './room.js';
import type { RoomHost } from './roomHost.js';
import { RoomList } from './roomList.js';
import { Store, type Readable, type Unsubscribe } from './store.js';
import { TokenGiver } from './tokenGiver.js';
import { ownerOf, type TokenOwner } from './token.js';
import { uuid } from './uuid.js';
import type { ConnectionStatus, Refusal, RefusedChange, TokenSource } from './types.js';
import { asking, type Ask, type ChatSocket } from './wire.js';

export interface ClientOptions {
  /** The server, such as `https://chat.example.org`. */
  url: string;
  token: TokenSource;
  /** Where messages wait; IndexedDB if there is one. */
  outbox?: Outbox;
  /** Whether somebody is looking. */
  reading?: Reading;
  /**
   * Take long texts as excerpts: a message with `truncated` has only the beginning of its content, and `messagesOf` has all of
   * it. By default all are whole.
   */
  excerpts?: boolean;
  /** More options of `socket.io-client`. */
  socket?: Partial<ManagerOptions & SocketOptions>;
}

export interface ClientState {
  status: ConnectionStatus;
  refusal: Refusal | null;
  /** The token's user; null until the token is known. */
  user: TokenOwner | null;
}

/** The pause before a room is joined again that the server could not open, in milliseconds. */
const REJOIN = 5_000;
/** The changes that a room is told as they come. */
const CHANGES = [
  'message:new',
  'message:updated',
  'message:deleted',
  'reaction:added',
  'reaction:removed',
  'room:updated',
] as const;
/** The protocol version sent to the server: a `clientId` names one message, and another under it is refused. */
const PROTOCOL = 1;

interface Kept {
  room: Room;
  users: number;
}

type Request = Parameters<RoomHost['send']>[0];

/** Written before it was known by whom. */
interface Unsigned {
  request: Request;
  at: number;
  resolve: (message: Promise<Message>) => void;
  reject: (error: ChatError) => void;
}

export class ChatClient implements Readable<ClientState> {
  readonly socket: ChatSocket;
  readonly outbox: Outbox;
  readonly rooms: RoomList;
  readonly get: () => ClientState;
  readonly subscribe: (listener: () => void) => Unsubscribe;
  /** Edits, deletions and reactions wait like messages do: see `OfflineClient`. */
  declare readonly keepsChanges?: boolean;
  /** Calls `listener` for each change that was refused after the page that made it had gone: see `OfflineClient`. */
  declare onRefusedChange?: (roomId: string, listener: (change: RefusedChange) => void) => Unsubscribe;
  protected readonly store = new Store<ClientState>({ status: 'closed', refusal: null, user: null });
  protected readonly ask: Ask;
  protected readonly host: RoomHost;
  private readonly giver: TokenGiver;
  protected readonly kept = new Map<string, Kept>();
  private readonly page = uuid();
  protected delivery: Delivery | undefined;
  private readonly unsigned = new Map<string, Unsigned>();
  private users = 0;
  /** A token that was refused is replaced once. */
  private hasRetried = false;

  constructor(private readonly options: ClientOptions) {
    this.get = this.store.get;
    this.subscribe = this.store.subscribe;
    this.outbox = options.outbox ?? openOutbox(this.page);
    this.giver = new TokenGiver(options.token, {
      got: (owner) => this.signedIn(owner),
      failed: (error) => this.store.patch({ refusal: { code: 'signed_out', error } }),
    });
    this.socket = socketTo(options.url, {
      // Not the one of another user of this page.
      forceNew: true,
      ...options.socket,
      autoConnect: false,
      auth: (give) =>
        this.giver.give((token) => give({ token, protocol: PROTOCOL, excerpts: options.excerpts })),
    });
    this.ask = asking(this.socket);
    this.rooms = new RoomList({
      ask: this.ask,
      isConnected: () => this.socket.connected,
      countOf: (roomId) => {
        const kept = this.kept.get(roomId);
        return kept && kept.users > 0 && this.reading.isReading() ? kept.room.unread.known : undefined;
      },
      userId: () => this.store.get().user?.id,
      heardList: () =>
        this.kept.forEach(({ room }) => room.heardList(this.rooms.find(room.id)?.unreadCount ?? 0)),
    });
    this.host = {
      socket: this.socket,
      ask: this.ask,
      reading: this.reading,
      author: () => this.author,
      send: (request) => this.send(request),
      retry: (clientId) => this.delivery?.retry(clientId),
      discard: (clientId) => this.discard(clientId),
      unreadOf: (roomId) => this.rooms.unreadOf(roomId),
      wasRead: (roomId) => this.rooms.wasRead(roomId),
    };
    this.giver.look();
    this.listen();
  }

  get url(): string {
    return this.options.url;
  }

  /**
   * Replaces the token. A function is called at the next connection. A token of the same user is used there,
   * too, unless the last was refused; with one of another user there is a new connection, and nothing is left of the old.
   */
  setToken(token: TokenSource): void {
    if (token === this.giver.source) return;
    this.giver.source = token;
    if (typeof token !== 'string') return;
    const { status, user } = this.store.get();
    const isOther = user && user.id !== ownerOf(token)?.id;
    if (isOther) {
      this.giver.stop();
      this.socket.disconnect();
    }
    this.giver.look();
    if (status === 'refused' || (isOther && status !== 'closed')) this.open();
  }

  /** Connects, and stays so until the last who called has called what this returns. */
  retain(): Unsubscribe {
    this.users += 1;
    if (this.users === 1 && this.store.get().status === 'closed') this.open();
    return once(() => {
      this.users -= 1;
      // In a moment, since React's strict mode mounts everything twice.
      setTimeout(() => this.users === 0 && this.close());
    });
  }

  /** Tries again after a refusal, with a new token if it is a function that gives them. */
  reconnect(): void {
    if (this.store.get().status === 'refused') this.open();
  }

  close(): void {
    if (this.store.get().status === 'closed') return;
    this.giver.stop();
    this.delivery?.close();
    this.delivery = undefined;
    this.outbox.close();
    this.socket.disconnect();
    this.store.patch({ status: 'closed', refusal: null });
  }

  /** A room; it is joined while it is retained. */
  room(roomId: string): Room {
    return this.keep(roomId).room;
  }

  /** Joins a room, and stays in it until the last who called has called what this returns. */
  enter(roomId: string): Unsubscribe {
    const kept = this.keep(roomId);
    kept.users += 1;
    const release = this.retain();
    if (kept.users === 1 && this.socket.connected) kept.room.join();
    return once(() => {
      kept.users -= 1;
      setTimeout(() => {
        if (kept.users === 0) kept.room.leave();
      });
      release();
    });
  }

  async createRoom(room: NewRoom): Promise<RoomInfo> {
    const created = await this.ask('room:create', room);
    this.rooms.changed();
    return created.room;
  }

  async invite(roomId: string, userId: string): Promise<Member[]> {
    return (await this.ask('room:invite', { roomId, userId })).members;
  }

  /** The direct room with somebody, made if need be. */
  async startDirect(userId: string): Promise<RoomInfo> {
    const started = await this.ask('dm:start', userId);
    this.rooms.changed();
    return started.room;
  }

  async findUsers(query: string): Promise<Member[]> {
    return (await this.ask('users:find', { query })).users;
  }

  private get reading(): Reading {
    return this.options.reading ?? byFocus;
  }

  protected get author(): { id: string; name: string } | null {
    const { user } = this.store.get();
    return user && { id: user.id, name: user.name ?? user.id };
  }

  private open(): void {
    this.hasRetried = false;
    this.store.patch({ status: 'connecting', refusal: null });
    // One that was made without a connection has not looked there yet.
    void this.delivery?.takeOver();
    this.signedIn(this.store.get().user);
    this.socket.connect();
  }

  private keep(roomId: string): Kept {
    let kept = this.kept.get(roomId);
    if (!kept) {
      kept = { room: this.roomOf(roomId), users: 0 };
      this.kept.set(roomId, kept);
    }
    return kept;
  }

  protected roomOf(roomId: string): Room {
    return new Room(roomId, this.host);
  }

  protected deliveryOf(...parts: ConstructorParameters<typeof Delivery>): Delivery {
    return new Delivery(...parts);
  }

  /** It is known whose token it is. */
  protected signedIn(user: TokenOwner | null): void {
    const before = this.store.get().user;
    if (before && before.id !== user?.id) this.forget();
    this.store.patch({ user });
    if (!user) return;
    this.unsigned.forEach(({ request, at, resolve }) => resolve(this.deliver(user).send(request, at)));
    this.unsigned.clear();
    if (this.store.get().status !== 'closed') this.deliver(user);
  }

  /** Another user is here: nothing of the last is shown, and what waits stays in the outbox for them. */
  private forget(): void {
    this.delivery?.abandon(new ChatError('signed_out', 'Signed out'));
    this.delivery = undefined;
    this.rooms.forget();
    this.kept.forEach(({ room }) => room.reset(true));
  }

  /** Returns the user's `Delivery`. A new one takes over the messages that were left in the outbox. */
  private deliver(user: TokenOwner): Delivery {
    if (this.delivery) return this.delivery;
    const owner = `${this.options.url}\n${user.id}`;
    // Answers that arrive for another user's messages are not shown to this one.
    const roomOf = ({ request }: Entry) =>
      this.store.get().user?.id === user.id ? this.kept.get(request.roomId)?.room : undefined;
    this.delivery = this.deliveryOf(
      owner,
      this.page,
      this.outbox,
      {
        isConnected: () => this.socket.connected,
        send: async ({ request }) => (await this.ask('message:send', request)).message,
      },
      {
        waits: ({ request, clientId, at }, wasLeft) =>
          this.room(request.roomId).waits({ ...request, clientId }, at, wasLeft),
        arrived: (entry, message) => roomOf(entry)?.arrived(entry.clientId, message),
        failed: (entry, error) => roomOf(entry)?.failed(entry.clientId, error),
        discarded: (entry) => roomOf(entry)?.discarded(entry.clientId),
      },
    );
    if (this.store.get().status !== 'closed') void this.delivery.takeOver();
    return this.delivery;
  }

  private send(request: Request): Promise<Message> {
    const { user } = this.store.get();
    if (user) return this.deliver(user).send(request);
    const at = Date.now();
    this.room(request.roomId).waits(request, at);
    return new Promise((resolve, reject) =>
      this.unsigned.set(request.clientId, { request, at, resolve, reject }),
    );
  }

  private discard(clientId: string): void {
    this.delivery?.discard(clientId);
    const there = this.unsigned.get(clientId);
    if (!there) return;
    this.unsigned.delete(clientId);
    this.kept.get(there.request.roomId)?.room.discarded(clientId);
    there.reject(discarded());
  }

  private listen(): void {
    const { socket } = this;
    const to = (roomId = '') => this.kept.get(roomId)?.room;
    socket.on('connect', () => {
      this.hasRetried = false;
      this.store.patch({ status: 'connected', refusal: null });
      // First this: it says what is unread, which is where a room opens.
      this.rooms.changed();
      for (const { room, users } of this.kept.values()) if (users > 0) room.join();
      void this.delivery?.takeOver();
    });
    socket.on('disconnect', (reason) => {
      this.kept.forEach(({ room }) => room.interrupt());
      if (this.store.get().status === 'closed') return;
      this.store.patch({ status: 'reconnecting' });
      // The one case in which the library does not come back by itself.
      if (reason === 'io server disconnect') socket.connect();
    });
    socket.on('connect_error', (error) => {
      // A network error: socket.io retries by itself, and gets a token when it connects. The token is read now as
      // well, since the user's waiting messages are shown before that.
      if (socket.active) {
        if (!this.author) this.giver.give(() => undefined);
        return;
      }
      if (this.giver.isFunction && !this.hasRetried) {
        this.hasRetried = true;
        socket.connect();
        return;
      }
      const refusal: Refusal = { code: 'signed_out', error: error.message };
      this.store.patch({ status: 'refused', refusal });
    });
    socket.on('room:history', (history) => to(history.roomId)?.heardHistory(history));
    socket.on('room:members', (members) => to(members.roomId)?.heardMembers(members));
    socket.on('room:user-joined', (joined) => to(joined.roomId)?.heardJoined(joined));
    socket.on('room:user-left', (left) => to(left.roomId)?.heardLeft(left));
    socket.on('room:error', (refused) => {
      const kept = this.kept.get(refused.roomId ?? '');
      kept?.room.heardError(refused);
      // Somebody may still want to be in the room then, and nobody may have entered it meanwhile.
      const again = () => kept?.users && kept.room.get().refusal && kept.room.join();
      if (isPassing(refused.code)) setTimeout(again, REJOIN);
    });
    socket.on('typing:user', (typing) => to(typing.roomId)?.heardTyping(typing));
    socket.on('typing:stopped', (stopped) => to(stopped.roomId)?.heardStopped(stopped));
    socket.on('room:user-read', (read) => {
      to(read.roomId)?.heardRead(read);
      if (read.userId === this.author?.id) this.rooms.heardRead(read);
    });
    for (const event of CHANGES) {
      socket.on(event, (data: LogEvent['data']) => {
        const change = { event, data } as LogEvent;
        // The original's server does not say in which room a reaction is.
        if (data.roomId === undefined) this.kept.forEach(({ room }) => room.heardLog(change));
        else to(data.roomId)?.heardLog(change);
        // Also of rooms that are not open here. What was missed is in the list, which is loaded with each connection.
        this.rooms.heardLog(change);
      });
    }
    socket.on('room:activity', (activity) => {
      if (this.rooms.find(activity.roomId)) this.rooms.heard(activity);
      else this.rooms.changed();
    });
    for (const event of ['room:invited', 'member:left', 'dm:started'] as const)
      socket.on(event, () => this.rooms.changed());
  }
}
