// The Node baseline of the benchmarks: what a team runs in production when it builds its chat on the original's code.
// Own writing, faithful in what each event reads, writes and tells. One process, Socket.IO in memory, no adapter.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { listen } from './events';
import { settings } from './settings';
import { signIn } from './sign_in';
import { prisma, redis } from './stores';
import type { ChatServer } from './wire';

const http = createServer();
const io: ChatServer = new Server(http, { cors: { origin: settings.corsOrigin, credentials: true } });

io.use(signIn);
io.on('connection', (socket) => listen(io, socket));

redis.on('error', (error) => console.error(`Redis: ${error.message}`));

// At once: telling thousands of sockets in turn that the others leave would take minutes.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));

await prisma.$connect();
await redis.ping();
http.listen(settings.port, settings.host, () => {
  console.log(`listening ${(http.address() as AddressInfo).port}`);
});
