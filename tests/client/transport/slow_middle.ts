// A TCP proxy as far away as it is told: what passes takes half a round trip each way, and a connection's first bytes wait
// one round trip more, as long as it takes to connect.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server as Listener, type Socket } from 'node:net';
import { setTimeout as timer } from 'node:timers';

export class SlowMiddle {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly target: URL,
    private readonly roundTrip: number,
    private readonly listener: Listener,
  ) {
    listener.on('connection', (client) => this.serve(client));
  }

  /** A proxy on a port of its own, so many milliseconds from the server at this URL and back. */
  static async create(target: string, roundTrip: number): Promise<SlowMiddle> {
    const listener = createServer({ noDelay: true });
    const middle = new SlowMiddle(new URL(target), roundTrip, listener);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return middle;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  async remove(): Promise<void> {
    const closed = once(this.listener, 'close');
    this.listener.close();
    this.sockets.forEach((socket) => socket.destroy());
    await closed;
  }

  private serve(client: Socket): void {
    const server = connect({ host: this.target.hostname, port: Number(this.target.port), noDelay: true });
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => this.sockets.delete(socket));
    }
    const connected = performance.now() + this.roundTrip;
    this.pass(client, server, connected);
    this.pass(server, client, connected);
  }

  private pass(from: Socket, to: Socket, connected: number): void {
    const half = this.roundTrip / 2;
    const later = (act: () => void) => {
      if (this.roundTrip === 0) return act();
      const due = Math.max(performance.now(), connected) + half;
      timer(act, due - performance.now());
    };
    from.on('data', (chunk: Buffer) => later(() => void (to.writable && to.write(chunk))));
    from.once('close', () => later(() => to.destroy()));
  }
}
