// Rooms: who is in them, who has read them until when, and the rooms of two.
import { prisma, redis } from './stores';
import type { Member, Room } from './wire';

export async function members(id: string): Promise<Member[]> {
  const room = await prisma.room.findUnique({
    where: { id },
    include: { members: { select: { id: true, name: true, avatar: true } } },
  });
  return room?.members ?? [];
}

export async function markAsRead(id: string, userId: string): Promise<void> {
  await redis.hset(`chat:read:${id}`, userId, Date.now().toString());
}

/** The room of these two, made when they have none. */
export async function direct(userId: string, otherId: string): Promise<Room> {
  const pair = [userId, otherId].sort();
  const id = `dm:${pair.join(':')}`;
  const found = await prisma.room.findUnique({ where: { id } });
  if (found) return found;
  return prisma.room.create({
    data: {
      id,
      name: 'Direct Message',
      type: 'direct',
      // The original hands Prisma a list of ids here, which Prisma refuses.
      members: { connect: [...new Set(pair)].map((member) => ({ id: member })) },
    },
  });
}
