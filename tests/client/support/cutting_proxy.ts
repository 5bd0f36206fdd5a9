// A TCP proxy that cuts its connections off as a tunnel does: for a while nothing gets through and neither side is told,
// then the connections are gone. Or it ends them at once, and refuses who comes.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server as Listener, type Socket } from 'node:net';
import { setTimeout as timer } from 'node:timers';

/** The default duration of a cut, in milliseconds. */
export const CUT = 2_000;
/** How much longer the server may believe in a connection whose client knows that it is gone. */
const LINGER = 750;

/** Whether the server hears of the end of a connection when its client does, or later. */
export type End = 'both at once' | 'the server later';

export class CuttingProxy {
  /** Client's side to server's side. */
  private readonly connections = new Map<Socket, Socket>();
  private isCut = false;

  private constructor(
    private readonly target: URL,
    private readonly listener: Listener,
  ) {
    listener.on('connection', (client) => this.serve(client));
  }

  /** A proxy on a port of its own, before the server at this URL. */
  static async create(target: string): Promise<CuttingProxy> {
    const listener = createServer({ noDelay: true });
    const proxy = new CuttingProxy(new URL(target), listener);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  /** Cuts everybody off `after` so many milliseconds, and refuses who comes; resolves when it can be reached again. */
  async cut(end: End, after = 0, millis = CUT): Promise<void> {
    await elapsed(after);
    const release = this.holdCut(end);
    await elapsed(millis);
    release();
  }

  /** Cuts everybody off, and refuses who comes, until the function that it returns is called. */
  holdCut(end: End): () => void {
    this.isCut = true;
    const connections = [...this.connections];
    for (const [client, server] of connections) {
      swallow(client, server);
      swallow(server, client);
    }
    return () => {
      this.isCut = false;
      for (const [client] of connections) {
        this.connections.delete(client);
        client.destroy();
      }
      const last = () => connections.forEach(([, server]) => server.destroy());
      if (end === 'both at once') last();
      else timer(last, LINGER);
    };
  }

  /** Ends all connections, and refuses who comes for so many milliseconds. */
  async away(millis: number): Promise<void> {
    this.refuse();
    await elapsed(millis);
    this.accept();
  }

  /** Ends all connections, and refuses who comes. */
  refuse(): void {
    this.isCut = true;
    this.dropAll();
  }

  /** From now on it can be reached again. */
  accept(): void {
    this.isCut = false;
  }

  async remove(): Promise<void> {
    const closed = once(this.listener, 'close');
    this.listener.close();
    this.dropAll();
    await closed;
  }

  private dropAll(): void {
    this.connections.forEach((server, client) => (client.destroy(), server.destroy()));
    this.connections.clear();
  }

  private serve(client: Socket): void {
    client.on('error', () => {});
    if (this.isCut) {
      client.destroy();
      return;
    }
    const server = connect({ host: this.target.hostname, port: Number(this.target.port), noDelay: true });
    server.on('error', () => {});
    this.connections.set(client, server);
    client.pipe(server);
    server.pipe(client);
    client.on('close', () => {
      // During a cut the cut itself decides when the server sees the connection end.
      if (this.connections.delete(client) && !this.isCut) server.destroy();
    });
    server.on('close', () => {
      if (!this.isCut) client.destroy();
    });
  }
}

/** From now on reads the incoming bytes and discards them. */
function swallow(from: Socket, to: Socket): void {
  from.unpipe(to);
  from.resume();
}

function elapsed(millis: number): Promise<void> {
  return new Promise((resolve) => timer(resolve, millis));
}
