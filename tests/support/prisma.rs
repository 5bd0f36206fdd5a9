//! A database as Prisma makes it from the original's schema, with a little in it.

/// The original's tables as Prisma writes them; the join table has a primary key since Prisma 6, a unique index before.
pub fn prisma_tables(join_key: &str) -> String {
    format!(
        r#"
        CREATE TYPE "RoomType" AS ENUM ('public', 'private', 'direct');
        CREATE TYPE "MessageType" AS ENUM ('text', 'image', 'file', 'system');
        CREATE TABLE "User" ("id" TEXT NOT NULL, "name" TEXT NOT NULL, "email" TEXT NOT NULL, "avatar" TEXT,
            "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT "User_pkey" PRIMARY KEY ("id"));
        CREATE TABLE "Room" ("id" TEXT NOT NULL, "name" TEXT NOT NULL, "type" "RoomType" NOT NULL,
            "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT "Room_pkey" PRIMARY KEY ("id"));
        CREATE TABLE "Message" ("id" TEXT NOT NULL, "roomId" TEXT NOT NULL, "senderId" TEXT NOT NULL,
            "content" TEXT NOT NULL, "type" "MessageType" NOT NULL DEFAULT 'text',
            "metadata" JSONB NOT NULL DEFAULT '{{}}', "replyTo" TEXT,
            "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, "updatedAt" TIMESTAMP(3),
            CONSTRAINT "Message_pkey" PRIMARY KEY ("id"));
        CREATE TABLE "Reaction" ("id" TEXT NOT NULL, "messageId" TEXT NOT NULL, "userId" TEXT NOT NULL,
            "emoji" TEXT NOT NULL, CONSTRAINT "Reaction_pkey" PRIMARY KEY ("id"));
        CREATE TABLE "_RoomMembers" ("A" TEXT NOT NULL, "B" TEXT NOT NULL{join_key});
        CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
        CREATE INDEX "Message_roomId_createdAt_idx" ON "Message"("roomId", "createdAt");
        CREATE UNIQUE INDEX "Reaction_messageId_userId_emoji_key" ON "Reaction"("messageId", "userId", "emoji");
        CREATE INDEX "_RoomMembers_B_index" ON "_RoomMembers"("B");
        ALTER TABLE "Message" ADD CONSTRAINT "Message_roomId_fkey" FOREIGN KEY ("roomId") REFERENCES "Room"("id")
            ON DELETE RESTRICT ON UPDATE CASCADE;
        ALTER TABLE "Message" ADD CONSTRAINT "Message_senderId_fkey" FOREIGN KEY ("senderId") REFERENCES "User"("id")
            ON DELETE RESTRICT ON UPDATE CASCADE;
        ALTER TABLE "Reaction" ADD CONSTRAINT "Reaction_messageId_fkey" FOREIGN KEY ("messageId")
            REFERENCES "Message"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
        ALTER TABLE "Reaction" ADD CONSTRAINT "Reaction_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id")
            ON DELETE RESTRICT ON UPDATE CASCADE;
        ALTER TABLE "_RoomMembers" ADD CONSTRAINT "_RoomMembers_A_fkey" FOREIGN KEY ("A") REFERENCES "Room"("id")
            ON DELETE CASCADE ON UPDATE CASCADE;
        ALTER TABLE "_RoomMembers" ADD CONSTRAINT "_RoomMembers_B_fkey" FOREIGN KEY ("B") REFERENCES "User"("id")
            ON DELETE CASCADE ON UPDATE CASCADE;
        INSERT INTO "User" ("id", "name", "email") VALUES ('alice', 'Alice of the database', 'alice@example.org');
        INSERT INTO "Room" ("id", "name", "type") VALUES ('old', 'Old', 'private');
        INSERT INTO "_RoomMembers" VALUES ('old', 'alice');
        INSERT INTO "Message" ("id", "roomId", "senderId", "content", "metadata", "createdAt") VALUES
            ('m1', 'old', 'alice', 'first', '{{"a": 1}}', '2026-01-31 09:05:07.042'),
            ('m2', 'old', 'alice', 'second', '{{}}', '2026-01-31 09:05:08');
        INSERT INTO "Reaction" VALUES ('r1', 'm1', 'alice', '👍');
        "#
    )
}

pub const PRISMA_6: &str = r#", CONSTRAINT "_RoomMembers_AB_pkey" PRIMARY KEY ("A","B")"#;
pub const PRISMA_5: &str = "";
pub const PRISMA_5_INDEX: &str =
    r#"CREATE UNIQUE INDEX "_RoomMembers_AB_unique" ON "_RoomMembers"("A", "B");"#;

/// The original's tables on SQLite as Prisma writes them, with the same rows; `at` and `later` are two times.
pub fn prisma_sqlite_tables(at: &str, later: &str) -> String {
    format!(
        r#"
        CREATE TABLE "User" ("id" TEXT NOT NULL PRIMARY KEY, "name" TEXT NOT NULL, "email" TEXT NOT NULL, "avatar" TEXT,
            "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP);
        CREATE TABLE "Room" ("id" TEXT NOT NULL PRIMARY KEY, "name" TEXT NOT NULL, "type" TEXT NOT NULL,
            "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP);
        CREATE TABLE "Message" ("id" TEXT NOT NULL PRIMARY KEY, "roomId" TEXT NOT NULL, "senderId" TEXT NOT NULL,
            "content" TEXT NOT NULL, "type" TEXT NOT NULL DEFAULT 'text', "metadata" JSONB NOT NULL DEFAULT '{{}}',
            "replyTo" TEXT, "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, "updatedAt" DATETIME,
            CONSTRAINT "Message_roomId_fkey" FOREIGN KEY ("roomId") REFERENCES "Room" ("id")
                ON DELETE RESTRICT ON UPDATE CASCADE,
            CONSTRAINT "Message_senderId_fkey" FOREIGN KEY ("senderId") REFERENCES "User" ("id")
                ON DELETE RESTRICT ON UPDATE CASCADE);
        CREATE TABLE "Reaction" ("id" TEXT NOT NULL PRIMARY KEY, "messageId" TEXT NOT NULL, "userId" TEXT NOT NULL,
            "emoji" TEXT NOT NULL,
            CONSTRAINT "Reaction_messageId_fkey" FOREIGN KEY ("messageId") REFERENCES "Message" ("id")
                ON DELETE RESTRICT ON UPDATE CASCADE,
            CONSTRAINT "Reaction_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id")
                ON DELETE RESTRICT ON UPDATE CASCADE);
        CREATE TABLE "_RoomMembers" ("A" TEXT NOT NULL, "B" TEXT NOT NULL,
            CONSTRAINT "_RoomMembers_A_fkey" FOREIGN KEY ("A") REFERENCES "Room" ("id")
                ON DELETE CASCADE ON UPDATE CASCADE,
            CONSTRAINT "_RoomMembers_B_fkey" FOREIGN KEY ("B") REFERENCES "User" ("id")
                ON DELETE CASCADE ON UPDATE CASCADE);
        CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
        CREATE INDEX "Message_roomId_createdAt_idx" ON "Message"("roomId", "createdAt");
        CREATE UNIQUE INDEX "Reaction_messageId_userId_emoji_key" ON "Reaction"("messageId", "userId", "emoji");
        CREATE UNIQUE INDEX "_RoomMembers_AB_unique" ON "_RoomMembers"("A", "B");
        CREATE INDEX "_RoomMembers_B_index" ON "_RoomMembers"("B");
        INSERT INTO "User" VALUES ('alice', 'Alice of the database', 'alice@example.org', NULL, {at});
        INSERT INTO "Room" VALUES ('old', 'Old', 'private', {at});
        INSERT INTO "_RoomMembers" VALUES ('old', 'alice');
        INSERT INTO "Message" VALUES ('m1', 'old', 'alice', 'first', 'text', '{{"a": 1}}', NULL, {at}, NULL),
            ('m2', 'old', 'alice', 'second', 'text', '{{}}', NULL, {later}, NULL);
        INSERT INTO "Reaction" VALUES ('r1', 'm1', 'alice', '👍');
        "#
    )
}
