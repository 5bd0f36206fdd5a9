// The events of one socket: what each reads and writes, whom it tells, what it answers.
import * as messages from './messages';
import * as reactions from './reactions';
import * as rooms from './rooms';
import type { Ack, ChatServer, ChatSocket, Done, Refused } from './wire';

/**
 * An event's work, its failure answered and logged. The original lets most failures end the process; nobody runs that in
 * production.
 */
async function answered<Answer>(ack: Ack<Answer>, work: () => Promise<Answer | Refused>): Promise<void> {
  let answer: Answer | Refused;
  try {
    answer = await work();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    console.error(text);
    if (typeof ack === 'function') ack(refused(text));
    return;
  }
  if (typeof ack === 'function') ack(answer);
}

const done: Done = { success: true };
const refused = (error: string): Refused => ({ success: false, error });

export function listen(io: ChatServer, socket: ChatSocket): void {
  void socket.join(`user:${socket.data.user.id}`);
  roomEvents(socket);
  messageEvents(io, socket);
  reactionEvents(io, socket);
  typingEvents(socket);
  directEvents(io, socket);
}

function roomEvents(socket: ChatSocket): void {
  const { user, rooms: joined } = socket.data;

  socket.on('room:join', (roomId, ack) => {
    void answered(ack, async () => {
      void socket.join(roomId);
      joined.add(roomId);
      socket.emit('room:history', { roomId, messages: await messages.page(roomId) });
      socket.emit('room:members', { roomId, members: await rooms.members(roomId) });
      socket.to(roomId).emit('room:user-joined', { roomId, user: { id: user.id, name: user.name } });
      await rooms.markAsRead(roomId, user.id);
      return done;
    });
  });

  socket.on('room:leave', (roomId, ack) => {
    void socket.leave(roomId);
    joined.delete(roomId);
    socket.to(roomId).emit('room:user-left', { roomId, userId: user.id });
    if (typeof ack === 'function') ack(done);
  });

  socket.on('room:read', (roomId, ack) => {
    void answered(ack, async () => {
      await rooms.markAsRead(roomId, user.id);
      socket.to(roomId).emit('room:user-read', { roomId, userId: user.id, timestamp: new Date() });
      return done;
    });
  });

  socket.on('disconnect', () => {
    for (const roomId of joined) socket.to(roomId).emit('room:user-left', { roomId, userId: user.id });
  });
}

function messageEvents(io: ChatServer, socket: ChatSocket): void {
  const { user } = socket.data;

  socket.on('message:send', (data, ack) => {
    void answered(ack, async () => {
      const message = await messages.send(user.id, data);
      io.to(data.roomId).emit('message:new', message);
      return { ...done, message };
    });
  });

  socket.on('message:edit', (data, ack) => {
    void answered(ack, async () => {
      const message = await messages.edit(data.messageId, user.id, data.content);
      if (!message) return refused('Message not found');
      io.to(message.roomId).emit('message:updated', message);
      return { ...done, message };
    });
  });

  socket.on('message:delete', (data, ack) => {
    void answered(ack, async () => {
      const { messageId, roomId } = data;
      if (!(await messages.remove(messageId, user.id))) return refused('Failed to delete');
      io.to(roomId).emit('message:deleted', { messageId, roomId });
      return done;
    });
  });

  socket.on('messages:load', (data, ack) => {
    void answered(ack, async () => ({
      messages: await messages.page(data.roomId, data.limit || undefined, data.before),
    }));
  });
}

function reactionEvents(io: ChatServer, socket: ChatSocket): void {
  const { user } = socket.data;

  socket.on('reaction:add', (data, ack) => {
    void answered(ack, async () => {
      const { messageId, roomId, emoji } = data;
      await reactions.add(messageId, user.id, emoji);
      io.to(roomId).emit('reaction:added', { messageId, userId: user.id, emoji });
      return done;
    });
  });

  socket.on('reaction:remove', (data, ack) => {
    void answered(ack, async () => {
      const { messageId, roomId, emoji } = data;
      await reactions.remove(messageId, user.id, emoji);
      io.to(roomId).emit('reaction:removed', { messageId, userId: user.id, emoji });
      return done;
    });
  });
}

function typingEvents(socket: ChatSocket): void {
  const { user } = socket.data;

  socket.on('typing:start', (roomId, ack) => {
    socket.to(roomId).emit('typing:user', { roomId, userId: user.id, userName: user.name });
    if (typeof ack === 'function') ack(done);
  });

  socket.on('typing:stop', (roomId, ack) => {
    socket.to(roomId).emit('typing:stopped', { roomId, userId: user.id });
    if (typeof ack === 'function') ack(done);
  });
}

function directEvents(io: ChatServer, socket: ChatSocket): void {
  const { user, rooms: joined } = socket.data;

  socket.on('dm:start', (targetId, ack) => {
    void answered(ack, async () => {
      const room = await rooms.direct(user.id, targetId);
      void socket.join(room.id);
      joined.add(room.id);
      io.to(`user:${targetId}`).emit('dm:started', { room, from: { id: user.id, name: user.name } });
      return { room };
    });
  });
}
