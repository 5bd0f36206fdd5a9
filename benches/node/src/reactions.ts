// Reactions: one row for each message, user and emoji.
import { prisma } from './stores';

export async function add(messageId: string, userId: string, emoji: string): Promise<void> {
  const reaction = { messageId, userId, emoji };
  await prisma.reaction.upsert({
    where: { messageId_userId_emoji: reaction },
    create: reaction,
    update: {},
  });
}

export async function remove(messageId: string, userId: string, emoji: string): Promise<void> {
  await prisma.reaction.deleteMany({ where: { messageId, userId, emoji } });
}
