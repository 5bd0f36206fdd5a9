// Where hooks are checked: a running server, with users and rooms of each check's own.
import { randomUUID } from 'node:crypto';
import { Client } from '../support/client';
import { CuttingProxy } from '../support/cutting_proxy';
import type { Answer } from '../support/protocol';
import type { User } from '../support/tokens';

/** How long a server may take to answer an event that it may not know, in milliseconds. */
export const UNKNOWN = 3_000;

export interface Guest extends Required<User> {
  token: string;
}

/** The server behind a stage: its URL, a source of users and the ways to control it. */
export interface Backstage {
  url: string;
  /** Where Socket.IO is on the server. */
  path?: string;
  guest: (name: string) => Promise<Guest>;
  /** The name of each room that is made. */
  roomName: string;
  /** The shared room for all checks, for a server that cannot create rooms. */
  sharedRoom?: string;
  /** Stops and starts the server itself. Without this the proxy refuses connections instead. */
  server?: { stop: () => Promise<unknown>; start: () => Promise<void> };
  /** Puts a private room into the database, with messages of its first member: the oldest first, many of one moment. */
  seedRoom?: (members: Guest[], texts: string[]) => Promise<string>;
  /** Called after the last check. */
  close?: () => Promise<void>;
}

export class Stage {
  private scenes: Scene[] = [];
  private makesRooms: boolean | undefined;

  private constructor(
    readonly backstage: Backstage,
    private readonly proxy: CuttingProxy | undefined,
  ) {}

  static async open(backstage: Backstage): Promise<Stage> {
    // The proxy forwards plain TCP and cannot be put in front of a TLS server.
    const isPlain = new URL(backstage.url).protocol === 'http:';
    return new Stage(backstage, isPlain ? await CuttingProxy.create(backstage.url) : undefined);
  }

  /** Where pages find the server. */
  get url(): string {
    if (!this.proxy) return this.backstage.url;
    // The path is the namespace.
    const { pathname } = new URL(this.backstage.url);
    return pathname === '/' ? this.proxy.url : new URL(pathname, this.proxy.url).href;
  }

  /** Whether pages can be cut off. */
  get canInterrupt(): boolean {
    return this.proxy !== undefined;
  }

  /** Users in a room of their own, in which one has said "welcome": the host, who has no page. */
  scene<Name extends string>(...names: Name[]): Promise<Scene<Name>> {
    return this.sceneWith(['welcome'], ...names);
  }

  /** Users in a room of their own in which all of this was said, much of it at one moment. */
  async sceneWith<Name extends string>(history: string[], ...names: Name[]): Promise<Scene<Name>> {
    const { url, path, guest, seedRoom } = this.backstage;
    const guests = await Promise.all(names.map(async (name) => [name, await guest(name)] as const));
    const users = Object.fromEntries(guests) as Record<Name, Guest>;
    const host = await guest('Host');
    const members = [host, ...guests.map(([, user]) => user)];
    const client = await Client.connect(url, host, { token: host.token, reconnection: true, path });
    const scene = new Scene<Name>(users, host, client);
    this.scenes.push(scene);
    // Few of what is said over the wire are of the same moment; a page is then never full of one.
    const isSeeded = seedRoom !== undefined && history.length > 1;
    if (isSeeded)
      scene.room = await seedRoom(
        members,
        history.map((words) => scene.text(words)),
      );
    else await this.enterRoom(scene, members);
    await client.ask('room:join', scene.room);
    if (!isSeeded) for (const words of history) await scene.say(words);
    return scene;
  }

  /** A user who is not a member of any room. */
  stranger(): Promise<Guest> {
    return this.backstage.guest('Mallory');
  }

  /** Makes the server unreachable and cuts off the clients that are connected. */
  async interrupt(): Promise<void> {
    if (this.backstage.server) await this.backstage.server.stop();
    else this.proxy?.refuse();
  }

  async resume(): Promise<void> {
    if (this.backstage.server) await this.backstage.server.start();
    else this.proxy?.accept();
  }

  /** While something happens, nothing gets through to pages; then their connections are gone, and new ones welcome. */
  async cutDuring(work: () => Promise<void>): Promise<void> {
    const release = this.proxy?.holdCut('both at once');
    try {
      await work();
    } finally {
      release?.();
    }
  }

  /** Cleans up after a check. */
  clear(): void {
    this.scenes.forEach((scene) => scene.client.close());
    this.scenes = [];
  }

  async close(): Promise<void> {
    this.clear();
    await this.proxy?.remove();
    await this.backstage.close?.();
  }

  private async enterRoom(scene: Scene, members: Guest[]): Promise<void> {
    const made = this.makesRooms === false ? undefined : await this.makeRoom(scene.client, members);
    this.makesRooms = made !== undefined;
    const room = made ?? this.backstage.sharedRoom;
    if (room === undefined) throw new Error('the server makes no rooms, and none was named');
    scene.room = room;
    scene.isOwn = made !== undefined;
  }

  /** A new private room; none on a server that does not know how. */
  private async makeRoom(host: Client, members: Guest[]): Promise<string | undefined> {
    // The server knows a user after their first connection.
    await Promise.all(members.map((member) => introduce(this.backstage.url, member)));
    const asked = { name: this.backstage.roomName, type: 'private', members: members.map(({ id }) => id) };
    const answer = await new Promise<Partial<Answer> | undefined>((resolve) => {
      const settle = (_: unknown, answer?: Partial<Answer>) => resolve(answer);
      host.socket.timeout(UNKNOWN).emit('room:create', asked, settle);
    });
    if (answer && !answer.room) throw new Error(`the server made no room: ${answer.error}`);
    return answer?.room?.id;
  }
}

async function introduce(url: string, guest: Guest): Promise<void> {
  const client = await Client.connect(url, guest, { token: guest.token });
  client.close();
}

/** A room and the users in it. What was said there before, and what others say there, is not looked at. */
export class Scene<Name extends string = string> {
  room = '';
  /** The room is for this scene alone, and private. */
  isOwn = true;
  private readonly mark = `${randomUUID().slice(-12)}: `;

  constructor(
    readonly users: Record<Name, Guest>,
    readonly host: Guest,
    readonly client: Client,
  ) {}

  /** The role in the scene of the user with this id. */
  roleOf(id: string): Name | undefined {
    return Object.keys(this.users).find((role): role is Name => this.users[role as Name].id === id);
  }

  /** Prefixes the words with the scene's mark, which makes the text unique. */
  text(words: string): string {
    return this.mark + words;
  }

  /** Filters the texts of this scene by its mark, and removes the mark. */
  words(texts: readonly string[]): string[] {
    return texts.filter((text) => text.startsWith(this.mark)).map((text) => text.slice(this.mark.length));
  }

  /** The host says something; resolves with its id when it is there. */
  async say(words: string): Promise<string> {
    const content = this.text(words);
    const { message, error } = await this.client.ask('message:send', { roomId: this.room, content });
    if (!message) throw new Error(`the host could not send: ${error}`);
    return message.id;
  }
}
