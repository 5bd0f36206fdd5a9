// An endpoint for EVENT_WEBHOOK: handles `poll:open` for the people in a room. CHAT_WEBHOOK_SECRET is EVENT_WEBHOOK_SECRET.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env.CHAT_WEBHOOK_SECRET ?? '';
if (secret.length < 24) throw new Error('Set CHAT_WEBHOOK_SECRET to the secret of EVENT_WEBHOOK_SECRET');
const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : secret;

function isSigned({ 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature }, body) {
  const expected = Buffer.from(
    `v1,${createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64')}`,
  );
  const given = Buffer.from(`${signature}`);
  const isFresh = Math.abs(Date.now() / 1000 - Number(time)) < 300;
  return isFresh && given.length === expected.length && timingSafeEqual(given, expected);
}

const server = createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray()).toString();
  if (!isSigned(request.headers, body)) return response.writeHead(401).end();
  const { user, event, args } = JSON.parse(body);
  const [poll] = args;
  if (event !== 'poll:open' || !poll?.roomId)
    return response.end('{"ack":{"success":false,"error":"unknown"}}');
  const opened = { to: poll.roomId, event: 'poll:opened', args: [{ ...poll, by: user }] };
  response.end(JSON.stringify({ ack: { success: true }, emit: [opened] }));
});
server.listen(Number(process.env.PORT ?? 4000), '127.0.0.1', () =>
  console.log('listening on', server.address().port),
);
