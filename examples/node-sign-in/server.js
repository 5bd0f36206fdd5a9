// An endpoint for AUTH_URL: the user is that of the session whose id is in the cookie `session`.
import { createServer } from 'node:http';

// In your app these are the sessions of your sign-in.
const sessions = new Map([['s-1', { userId: 'ann', name: 'Ann' }]]);

const server = createServer(async (request, response) => {
  const { headers } = JSON.parse(Buffer.concat(await request.toArray()));
  const [, id] = /(?:^|; )session=([^;]*)/.exec(headers.cookie) ?? [];
  const session = sessions.get(id);
  if (!session) return response.writeHead(401).end();
  response.end(JSON.stringify({ id: session.userId, name: session.name }));
});
server.listen(Number(process.env.PORT ?? 4001), '127.0.0.1', () =>
  console.log('listening on', server.address().port),
);
