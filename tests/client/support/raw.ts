// Engine.IO by hand, without a client's good manners: single HTTP requests, and a websocket that says what it is told to.
import http from 'node:http';
import { WebSocket } from 'ws';
import { PATIENCE, within } from './client';

export interface Response {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

export interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

export const ENGINE_PATH = '/socket.io/';
export const PING = '2';
export const PONG = '3';
// The separator between packets in one polling response (ASCII record separator).
const SEPARATOR = '\x1e';

export function request(
  url: string,
  { method = 'GET', headers = {}, body }: RequestOptions = {},
): Promise<Response> {
  return within<Response>(`an answer to ${method} ${url}`, (resolve, reject) => {
    const outgoing = http.request(url, { method, headers, agent: false, timeout: PATIENCE }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

export interface Handshake {
  sid: string;
  upgrades: string[];
  pingInterval: number;
  pingTimeout: number;
  maxPayload: number;
}

/** A session over polling. */
export class RawPolling {
  private constructor(
    private readonly url: string,
    readonly handshake: Handshake,
  ) {}

  static async open(server: string): Promise<RawPolling> {
    const url = `${server}${ENGINE_PATH}?EIO=4&transport=polling`;
    const { body } = await request(url);
    return new RawPolling(url, JSON.parse(body.slice(1)) as Handshake);
  }

  private get session(): string {
    return `${this.url}&sid=${this.handshake.sid}`;
  }

  get(): Promise<Response> {
    return request(this.session);
  }

  post(body: string): Promise<Response> {
    const headers = { 'content-type': 'text/plain;charset=UTF-8' };
    return request(this.session, { method: 'POST', body, headers });
  }

  /** The packets of the next answer that holds more than pings, which are answered. */
  async packets(): Promise<string[]> {
    for (;;) {
      const { status, body } = await this.get();
      if (status !== 200) throw new Error(`${status}: ${body}`);
      const packets = body.split(SEPARATOR);
      if (packets.includes(PING)) await this.post(PONG);
      const rest = packets.filter((packet) => packet !== PING);
      if (rest.length > 0) return rest;
    }
  }

  /** Joins the namespace. */
  async connect(token: string): Promise<void> {
    await this.post(`40${JSON.stringify({ token })}`);
    const [packet] = await this.packets();
    if (!packet.startsWith('40')) throw new Error(`not connected: ${packet}`);
  }
}

/** A session over websocket, or the upgrade of one over polling. */
export class RawWebSocket {
  readonly closed: Promise<void>;
  private readonly frames: string[] = [];
  private waiting: ((frame: string) => void) | undefined;

  private constructor(
    private readonly socket: WebSocket,
    private readonly answersPings: boolean,
  ) {
    socket.on('message', (data: Buffer) => this.take(data.toString('utf8')));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  static open(server: string, { query = '', answersPings = true } = {}): Promise<RawWebSocket> {
    const url = `${server.replace('http', 'ws')}${ENGINE_PATH}?EIO=4&transport=websocket${query}`;
    return within<RawWebSocket>('a websocket', (resolve, reject) => {
      const raw = new RawWebSocket(new WebSocket(url, { perMessageDeflate: false }), answersPings);
      raw.socket.once('open', () => resolve(raw));
      raw.socket.once('error', reject);
    });
  }

  /** Opens a session in the namespace for the user that the token names. */
  static async connect(server: string, token: string, options = {}): Promise<RawWebSocket> {
    const raw = await RawWebSocket.open(server, options);
    await raw.next();
    raw.send(`40${JSON.stringify({ token })}`);
    let reply = await raw.next();
    if (reply === PING) reply = await raw.next();
    if (!reply.startsWith('40')) throw new Error(`not connected: ${reply}`);
    return raw;
  }

  send(frame: string | Buffer): void {
    this.socket.send(frame);
  }

  /** The next frame that has not been read. */
  next(): Promise<string> {
    const frame = this.frames.shift();
    if (frame !== undefined) return Promise.resolve(frame);
    return within<string>('a frame', (resolve) => (this.waiting = resolve));
  }

  /** Resolves once the server has closed the connection. */
  whenClosed(): Promise<void> {
    return within('the server to close the connection', (resolve) => void this.closed.then(resolve));
  }

  /** Cuts the connection, with no goodbye of any layer above TCP. */
  cut(): void {
    this.socket.terminate();
  }

  private take(frame: string): void {
    if (frame === PING && this.answersPings) return this.send(PONG);
    const waiting = this.waiting;
    this.waiting = undefined;
    if (waiting) waiting(frame);
    else this.frames.push(frame);
  }
}

/** The status of an upgrade to websocket that the server refuses. */
export function refusedUpgrade(server: string, query: string): Promise<number> {
  const url = `${server.replace('http', 'ws')}${ENGINE_PATH}?${query}`;
  return within<number>('the refusal of a websocket', (resolve, reject) => {
    const socket = new WebSocket(url);
    socket.once('unexpected-response', (_, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on('error', reject);
    socket.once('open', () => reject(new Error('the websocket opened')));
  });
}
