// The two servers that every test of this folder runs on: Node's socket.io and chatoxide.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe } from 'vitest';
import { createDatabase } from '../support/databases';
import { seedRoom } from '../support/seed';
import { Server } from '../support/server';
import { SECRET } from '../support/tokens';
import { endWithUs } from './running';

export const PEERS = ['Node', 'chatoxide'] as const;
export type PeerName = (typeof PEERS)[number];

/** Settings by their names in the environment; both servers read the same ones. */
export type Settings = Record<string, string>;

export interface Peer {
  readonly name: PeerName;
  readonly url: string;
  /** The id of a new public room. */
  room(): Promise<string>;
  stop(): Promise<void>;
}

let serial = 0;
const newRoomId = () => `room-${process.pid}-${++serial}`;

export class NodePeer implements Peer {
  readonly name = 'Node';

  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(settings: Settings = {}): Promise<NodePeer> {
    const child = spawn(process.execPath, [path.join(import.meta.dirname, 'node_peer.js')], {
      env: { PATH: process.env.PATH ?? '', JWT_SECRET: SECRET, ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    endWithUs(child);
    const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
    return new NodePeer(child, url);
  }

  room(): Promise<string> {
    return Promise.resolve(newRoomId());
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await ended;
  }
}

export class ChatoxidePeer implements Peer {
  readonly name = 'chatoxide';
  /** All that the server logged. */
  readonly log: string[] = [];

  private constructor(private readonly server: Server) {
    server.onLog = (text) => this.log.push(text);
  }

  static async start(settings: Settings = {}): Promise<ChatoxidePeer> {
    const peer = new ChatoxidePeer(new Server(await createDatabase('sqlite'), settings));
    await peer.server.migrate();
    await peer.server.start();
    return peer;
  }

  get url(): string {
    return this.server.url;
  }

  async room(): Promise<string> {
    const id = newRoomId();
    await seedRoom(this.server.database, { id, name: `About ${id}`, type: 'public', members: [] });
    return id;
  }

  stop(): Promise<void> {
    return this.server.remove();
  }
}

/** Both servers, side by side. */
export async function startPeers(settings: Settings = {}): Promise<Record<PeerName, Peer>> {
  const [node, chatoxide] = await Promise.all([NodePeer.start(settings), ChatoxidePeer.start(settings)]);
  return { Node: node, chatoxide };
}

/** The peer of the enclosing `describe`. */
export interface CurrentPeer {
  readonly name: PeerName;
  readonly peer: Peer;
  readonly url: string;
}

/** The same tests on each of the two servers, with the same settings. */
export function onEachPeer(title: string, settings: Settings, tests: (current: CurrentPeer) => void): void {
  describe.each(PEERS)(`${title} on %s`, (name) => {
    let started: Peer | undefined;
    const peer = () => {
      if (!started) throw new Error(`${name} has not started`);
      return started;
    };
    beforeAll(async () => {
      started = await (name === 'Node' ? NodePeer.start(settings) : ChatoxidePeer.start(settings));
    });
    afterAll(() => started?.stop());
    tests({
      name,
      get peer() {
        return peer();
      },
      get url() {
        return peer().url;
      },
    });
  });
}
