// A small chat server on Node's socket.io: the peer that chatoxide is compared with. It runs in a process of its own, so
// that its work does not disturb the test, and it takes the same settings from the environment. It prints its URL.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import jwt from 'jsonwebtoken';
import { Server } from 'socket.io';

const PAGE = 50;

function milliseconds(name, fallback) {
  return Number(process.env[name] ?? fallback);
}

const http = createServer();
const io = new Server(http, {
  cors: { origin: '*' },
  pingInterval: milliseconds('PING_INTERVAL', 25_000),
  pingTimeout: milliseconds('PING_TIMEOUT', 20_000),
  connectTimeout: milliseconds('CONNECT_TIMEOUT', 45_000),
  maxHttpBufferSize: Number(process.env.MAX_PAYLOAD ?? 1_000_000),
});

/** Room id to its messages, the newest first. */
const histories = new Map();

function historyOf(roomId) {
  if (!histories.has(roomId)) histories.set(roomId, []);
  return histories.get(roomId);
}

io.use((socket, next) => {
  try {
    const claims = jwt.verify(socket.handshake.auth.token, process.env.JWT_SECRET, { algorithms: ['HS256'] });
    socket.data.user = { id: claims.sub, name: claims.name };
    next();
  } catch {
    next(new Error('Authentication failed'));
  }
});

io.on('connection', (socket) => {
  const { user } = socket.data;

  socket.on('room:join', async (roomId, ack) => {
    await socket.join(roomId);
    socket.to(roomId).emit('room:user-joined', { roomId, user });
    const present = await io.in(roomId).fetchSockets();
    const members = new Map(present.map(({ data }) => [data.user.id, { ...data.user, avatar: null }]));
    socket.emit('room:history', { roomId, messages: historyOf(roomId).slice(0, PAGE) });
    socket.emit('room:members', { roomId, members: [...members.values()] });
    ack?.({ success: true });
  });

  socket.on('message:send', ({ roomId, content }, ack) => {
    const message = {
      id: randomUUID(),
      roomId,
      senderId: user.id,
      content,
      type: 'text',
      metadata: {},
      replyTo: null,
      createdAt: new Date().toISOString(),
      updatedAt: null,
      senderName: user.name,
    };
    historyOf(roomId).unshift(message);
    io.to(roomId).emit('message:new', message);
    ack?.({ success: true, message });
  });
});

http.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${http.address().port}`));
process.once('SIGTERM', () => process.exit(0));
