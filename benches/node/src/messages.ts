// Messages: in PostgreSQL, and the newest of each room in a Redis list, newest first. Only sending writes to that list, as
// in the original: edits and deletions do not touch it.
import type { Prisma } from '../generated/client';
import { prisma, redis } from './stores';
import type { Message, MessageSend } from './wire';

const CACHED = 100;
const PAGE = 50;

const withSender = { sender: { select: { name: true } } } satisfies Prisma.MessageInclude;

const cacheKey = (roomId: string) => `chat:messages:${roomId}`;

/** Four steps, one after the other: the sender's name, the row, the cache, the cache's end. */
export async function send(senderId: string, asked: MessageSend): Promise<Message> {
  const sender = await prisma.user.findUnique({ where: { id: senderId } });
  const row = await prisma.message.create({
    data: {
      id: crypto.randomUUID(),
      roomId: asked.roomId,
      senderId,
      content: asked.content,
      type: asked.type || 'text',
      metadata: (asked.metadata || {}) as Prisma.InputJsonValue,
      replyTo: asked.replyTo,
    },
  });
  const key = cacheKey(asked.roomId);
  await redis.lpush(key, JSON.stringify({ ...row, senderName: sender?.name }));
  await redis.ltrim(key, 0, CACHED - 1);
  return { ...row, senderName: sender?.name || 'Unknown' };
}

/** A page, newest first: without `before` from the cache, if there is anything in it. */
export async function page(roomId: string, limit = PAGE, before?: string): Promise<Message[]> {
  if (!before) {
    const cached = await redis.lrange(cacheKey(roomId), 0, limit - 1);
    if (cached.length > 0) return cached.map((text) => JSON.parse(text) as Message);
  }
  const rows = await prisma.message.findMany({
    where: before ? { roomId, createdAt: { lt: new Date(before) } } : { roomId },
    orderBy: { createdAt: 'desc' },
    take: limit,
    include: withSender,
  });
  return rows.map((row) => ({ ...row, senderName: row.sender.name }));
}

/** Null when there is no such message, or it is somebody else's. */
export async function edit(id: string, senderId: string, content: string): Promise<Message | null> {
  const own = await prisma.message.findFirst({ where: { id, senderId } });
  if (!own) return null;
  const row = await prisma.message.update({
    where: { id },
    data: { content, updatedAt: new Date() },
    include: withSender,
  });
  return { ...row, senderName: row.sender.name };
}

/** Whether there was one to delete. Throws when it has reactions: the original's foreign key forbids it. */
export async function remove(id: string, senderId: string): Promise<boolean> {
  const { count } = await prisma.message.deleteMany({ where: { id, senderId } });
  return count > 0;
}
