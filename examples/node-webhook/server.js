// An endpoint for EVENT_WEBHOOK: handles `poll:open` for the people in a room. CHAT_WEBHOOK_SECRET is EVENT_WEBHOOK_SECRET.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
const secret = process.env.CHAT_WEBHOOK_SECRET;
if (!secret) throw new Error('Set CHAT_WEBHOOK_SECRET to the secret of EVENT_WEBHOOK_SECRET');
const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
const server = createServer(async (request, response) => {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = request.headers;
  const body = Buffer.concat(await request.toArray()).toString();
  const expected = createHmac('sha256', key).update(`${id}.${time}.${body}`).digest();
  const given = Buffer.from(`${signature}`.replace('v1,', ''), 'base64');
  const isFresh = Math.abs(Date.now() / 1000 - Number(time)) < 300 && given.length === expected.length;
  if (!isFresh || !timingSafeEqual(given, expected)) return response.writeHead(401).end();
  const { user, event, args } = JSON.parse(body);
  if (event !== 'poll:open' || !args[0]?.roomId) return response.end('{"ack":{"success":false}}');
  const opened = { to: args[0].roomId, event: 'poll:opened', args: [{ ...args[0], by: user }] };
  response.end(JSON.stringify({ ack: { success: true }, emit: [opened] }));
});
server.listen(process.env.PORT ?? 4000, '127.0.0.1');
server.on('listening', () => console.log('listening on', server.address().port));
