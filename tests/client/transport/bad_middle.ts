// HTTP proxies that spoil the upgrade to websocket, each in its own way, as firewalls, virus scanners and simple
// development proxies do. Polling passes them unharmed, and they count its requests.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { elapsed } from './visitor';

export const FAULTS = [
  'answers 101 itself and swallows every frame',
  'passes the 101 and swallows every frame',
  'closes the connection after the 101',
  'swallows the frames to the server',
  'swallows the frames to the client',
  'answers 400',
  'answers 404',
  'answers 502',
  'drops the Upgrade header',
  'passes the 101 after 3 s',
  'cuts the websocket instead of passing 3probe',
] as const;

/** The client of these believes in the websocket already when it goes, so that it has to connect anew; then all is well. */
export const FAULTS_OF_THE_FIRST = [
  'cuts the first websocket after 3probe',
  'cuts the first websocket instead of passing 5',
] as const;

export type Fault = (typeof FAULTS)[number] | (typeof FAULTS_OF_THE_FIRST)[number];

const DELAY = 3_000;
const HEAD_END = '\r\n\r\n';
// RFC 6455 appends this to the client's key.
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export class BadMiddle {
  /** Counts the GET requests of polling. */
  gets = 0;
  private upgrades = 0;
  private readonly sockets = new Set<Duplex>();

  private constructor(
    private readonly target: URL,
    private readonly fault: Fault,
    private readonly listener: http.Server,
  ) {
    listener.on('connection', (socket) => this.keep(socket));
    listener.on('request', (request, response) => this.pass(request, response));
    listener.on('upgrade', (request, socket, head) => void this.upgrade(request, socket, head));
  }

  /** A proxy on a port of its own, before the server at this URL. */
  static async create(target: string, fault: Fault): Promise<BadMiddle> {
    const listener = http.createServer();
    const middle = new BadMiddle(new URL(target), fault, listener);
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

  private keep<S extends Duplex>(socket: S): S {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.sockets.delete(socket));
    return socket;
  }

  private pass(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (request.method === 'GET') this.gets += 1;
    const outgoing = http.request(
      this.target,
      { path: request.url, method: request.method, headers: request.headers, agent: false },
      (incoming) => {
        response.writeHead(incoming.statusCode ?? 502, incoming.headers);
        incoming.pipe(response);
      },
    );
    outgoing.on('error', () => response.destroy());
    response.once('close', () => outgoing.destroy());
    request.pipe(outgoing);
  }

  private async upgrade(request: http.IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    switch (this.fault) {
      case 'answers 400':
      case 'answers 404':
      case 'answers 502':
        refuse(client, Number(this.fault.slice('answers '.length)));
        return;
      case 'drops the Upgrade header':
        this.passAsPlainGet(request, client);
        return;
      case 'answers 101 itself and swallows every frame':
        client.resume().write(ownAcceptance(request.headers['sec-websocket-key'] ?? ''));
        return;
      case 'passes the 101 after 3 s':
        await elapsed(DELAY);
        this.passUpgrade(request, client, head);
        return;
      default:
        this.passUpgrade(request, client, head);
    }
  }

  private passAsPlainGet(request: http.IncomingMessage, client: Duplex): void {
    const headers = { ...request.headers, connection: 'close' };
    delete headers.upgrade;
    const outgoing = http.request(this.target, { path: request.url, headers, agent: false }, (incoming) => {
      const lines = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${String(value)}`);
      client.write([`HTTP/1.1 ${incoming.statusCode} Passed On`, ...lines, '', ''].join('\r\n'));
      incoming.pipe(client);
    });
    outgoing.on('error', () => client.destroy());
    outgoing.end();
  }

  private passUpgrade(request: http.IncomingMessage, client: Duplex, head: Buffer): void {
    const server = this.keep(
      connect({ host: this.target.hostname, port: Number(this.target.port), noDelay: true }),
    );
    server.write(headOf(request));
    this.upgrades += 1;
    const isSpoilt = this.upgrades === 1 || !isOfTheFirst(this.fault);
    const tunnel = new Tunnel(isSpoilt ? this.fault : undefined, client, server);
    if (head.length > 0) tunnel.fromClient(head);
    client.on('data', (chunk: Buffer) => tunnel.fromClient(chunk));
    server.on('data', (chunk: Buffer) => tunnel.fromServer(chunk));
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroy());
  }
}

/** One websocket on its way through the proxy. */
class Tunnel {
  private answer = Buffer.alloc(0);
  private hasPassedAnswer = false;
  private hasPassedProbe = false;

  constructor(
    private readonly fault: Fault | undefined,
    private readonly client: Duplex,
    private readonly server: Socket,
  ) {}

  fromClient(chunk: Buffer): void {
    if (this.fault === 'swallows the frames to the server') return;
    if (this.fault === 'passes the 101 and swallows every frame') return;
    // After it has heard 3probe, a client says 5.
    if (this.hasPassedProbe && this.fault === 'cuts the first websocket instead of passing 5') this.cut();
    else this.server.write(chunk);
  }

  fromServer(chunk: Buffer): void {
    if (this.hasPassedAnswer) return this.frames(chunk);
    this.answer = Buffer.concat([this.answer, chunk]);
    const end = this.answer.indexOf(HEAD_END);
    if (end < 0) return;
    this.hasPassedAnswer = true;
    this.client.write(this.answer.subarray(0, end + HEAD_END.length));
    if (this.fault === 'closes the connection after the 101') return this.cut();
    const rest = this.answer.subarray(end + HEAD_END.length);
    if (rest.length > 0) this.frames(rest);
  }

  private frames(chunk: Buffer): void {
    if (this.fault === 'swallows the frames to the client') return;
    if (this.fault === 'passes the 101 and swallows every frame') return;
    const isProbe = chunk.includes('3probe');
    if (isProbe && this.fault === 'cuts the websocket instead of passing 3probe') return this.cut();
    this.client.write(chunk);
    if (isProbe && this.fault === 'cuts the first websocket after 3probe') return this.cut();
    this.hasPassedProbe ||= isProbe;
  }

  private cut(): void {
    this.client.end();
    this.server.destroy();
  }
}

function isOfTheFirst(fault: Fault): boolean {
  return FAULTS_OF_THE_FIRST.some((first) => first === fault);
}

function refuse(client: Duplex, status: number): void {
  client.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function ownAcceptance(key: string): string {
  const accept = createHash('sha1')
    .update(key + WEBSOCKET_GUID)
    .digest('base64');
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
  ];
  return lines.join('\r\n') + HEAD_END;
}

/** The request's head as it came. */
function headOf(request: http.IncomingMessage): string {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    lines.push(`${request.rawHeaders[index]}: ${request.rawHeaders[index + 1]}`);
  }
  return lines.join('\r\n') + HEAD_END;
}
