// HTTP requests written byte by byte, for those that no HTTP client would send, and their answers.
import { connect } from 'node:net';
import { within } from '../support/client';

export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** The body as JSON, or undefined when it is none. */
  json: unknown;
}

export interface Lines {
  method?: string;
  /** After `/socket.io/?`. */
  query: string;
  version?: '1.0' | '1.1';
  /** Lines such as `Upgrade: websocket`, as they go over the wire. */
  headers?: string[];
  /** A body, whose length is told. */
  body?: string;
  /** Bytes that follow the head as they are; the headers tell their length. */
  raw?: string;
}

export const UPGRADE_HEADERS = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

const HEAD_END = '\r\n\r\n';

/** Sends one request; resolves with its answer, whose end is its length's or the connection's. */
export function exchange(server: string, lines: Lines): Promise<RawAnswer> {
  const { hostname, port } = new URL(server);
  return within<RawAnswer>('an answer', (resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    let received = Buffer.alloc(0);
    const finish = (answer: RawAnswer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const answer = parse(received, false);
      if (answer) finish(answer);
    });
    // An answer that came before the connection was reset counts: the server need not read a request that it refuses.
    const end = () => {
      const answer = parse(received, true);
      if (answer) finish(answer);
      else reject(new Error(`closed without an answer: ${received.toString('latin1')}`));
    };
    socket.on('error', end);
    socket.on('end', end);
    socket.write(textOf(lines, `${hostname}:${port}`));
  });
}

/** The same for a websocket's handshake, with the header lines that are given. */
export function exchangeUpgrade(server: string, lines: Partial<Lines>): Promise<RawAnswer> {
  return exchange(server, { query: 'EIO=4&transport=websocket', headers: UPGRADE_HEADERS, ...lines });
}

function textOf(
  { method = 'GET', query, version = '1.1', headers = [], body, raw }: Lines,
  host: string,
): string {
  const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const head = [`${method} /socket.io/?${query} HTTP/${version}`, `Host: ${host}`, ...headers, ...length];
  return head.join('\r\n') + HEAD_END + (body ?? raw ?? '');
}

function parse(received: Buffer, isAll: boolean): RawAnswer | undefined {
  const end = received.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const [first, ...rest] = received.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    rest.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const status = Number(first.split(' ')[1]);
  const body = bodyOf(received.subarray(end + HEAD_END.length), headers, status);
  if (!body.isWhole && !isAll) return undefined;
  return { status, headers, body: body.bytes, json: jsonOf(body.bytes) };
}

function bodyOf(bytes: Buffer, headers: Record<string, string>, status: number) {
  // Neither has a body, whatever its headers say (RFC 9112, 6.3).
  if (status === 101 || status === 204) return { bytes: Buffer.alloc(0), isWhole: true };
  if (headers['transfer-encoding'] === 'chunked') return unchunked(bytes);
  const length = headers['content-length'];
  if (length === undefined) return { bytes, isWhole: false };
  return { bytes, isWhole: bytes.length >= Number(length) };
}

function unchunked(bytes: Buffer) {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return { bytes: Buffer.concat(chunks), isWhole: false };
    const size = parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    if (size === 0) return { bytes: Buffer.concat(chunks), isWhole: true };
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
