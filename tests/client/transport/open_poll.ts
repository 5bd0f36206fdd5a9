// A polling request that is left waiting, to be answered later or cut off.
import { connect, type Socket } from 'node:net';
import { within } from '../support/client';

export interface OpenPoll {
  /** The body of the answer. */
  answer(): Promise<string>;
  /** Closes the connection; resolves once it is closed. */
  cut(): Promise<void>;
}

/** Sends the request; resolves once it has been written. */
export async function openPoll(server: string, sid: string): Promise<OpenPoll> {
  const { hostname, port } = new URL(server);
  const socket: Socket = connect({ host: hostname, port: Number(port), noDelay: true });
  socket.on('error', () => {});
  let received = '';
  const answered = new Promise<string>((resolve) => {
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text;
      const length = /^content-length: (\d+)\r$/im.exec(received)?.[1];
      const body = received.split('\r\n\r\n')[1];
      if (length !== undefined && body?.length === Number(length)) resolve(body);
    });
  });
  const request = `GET /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`;
  await within<void>('a request to be written', (resolve) => socket.write(request, () => resolve()));
  return {
    answer: () =>
      within<string>('an answer', (resolve) => void answered.then(resolve)).finally(() => socket.destroy()),
    cut: () =>
      within<void>('a connection to close', (resolve) => {
        socket.once('close', () => resolve());
        socket.destroy();
      }),
  };
}
