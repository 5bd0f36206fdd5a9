// Users, rooms and messages put straight into a server's database, before the server first looks at them.
import { type Database, sql, timestamp } from './databases';

export interface SeedMessage {
  id: string;
  senderId: string;
  content: string;
  type?: 'text' | 'image' | 'file';
  metadata?: object;
  /** The id of the message that it answers. */
  replyTo?: string;
  /** In milliseconds. */
  at: number;
  /** When it was edited. */
  editedAt?: number;
}

export interface SeedUser {
  id: string;
  name: string;
  email?: string;
  avatar?: string | null;
}

export async function seedUsers(database: Database, users: SeedUser[]): Promise<void> {
  const rows = users.map(
    ({ id, name, email, avatar }) =>
      `(${sql(id)}, ${sql(name)}, ${sql(email ?? `${id}@example.org`)}, ${sql(avatar ?? null)})`,
  );
  await database.execute(
    `INSERT INTO "User" ("id", "name", "email", "avatar") VALUES ${rows.join(', ')} ON CONFLICT DO NOTHING`,
  );
}

export async function seedRoom(
  database: Database,
  room: { id: string; name: string; type: string; members: string[] },
): Promise<void> {
  const statements = [
    `INSERT INTO "Room" ("id", "name", "type") VALUES (${sql(room.id)}, ${sql(room.name)}, ${sql(room.type)})`,
    ...room.members.map(
      (member) => `INSERT INTO "_RoomMembers" ("A", "B") VALUES (${sql(room.id)}, ${sql(member)})`,
    ),
  ];
  await database.execute(statements.join(';\n'));
}

export async function seedMessages(database: Database, room: string, messages: SeedMessage[]): Promise<void> {
  const rows = messages.map(({ id, senderId, content, type = 'text', metadata = {}, ...more }) => {
    const { replyTo = null, at, editedAt } = more;
    const edited = editedAt === undefined ? null : timestamp(editedAt);
    const body = [content, type, JSON.stringify(metadata), replyTo, timestamp(at), edited];
    return `(${[id, room, senderId, ...body].map(sql).join(', ')})`;
  });
  const columns = [
    'id',
    'roomId',
    'senderId',
    'content',
    'type',
    'metadata',
    'replyTo',
    'createdAt',
    'updatedAt',
  ];
  const names = columns.map((column) => `"${column}"`).join(', ');
  await database.execute(`INSERT INTO "Message" (${names}) VALUES ${rows.join(',\n')}`);
}

export async function seedReactions(
  database: Database,
  reactions: { messageId: string; userId: string; emoji: string }[],
): Promise<void> {
  const rows = reactions.map(
    ({ messageId, userId, emoji }, index) =>
      `(${[`${messageId}-${index}`, messageId, userId, emoji].map(sql).join(', ')})`,
  );
  await database.execute(
    `INSERT INTO "Reaction" ("id", "messageId", "userId", "emoji") VALUES ${rows.join(', ')}`,
  );
}
