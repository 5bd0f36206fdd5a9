-- The tables of the original backend, under the same names as on PostgreSQL.
CREATE TABLE "User" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "avatar" TEXT,
    "createdAt" TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
);
CREATE TABLE "Room" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL CHECK ("type" IN ('public', 'private', 'direct')),
    "createdAt" TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now'))
);
CREATE TABLE "Message" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "roomId" TEXT NOT NULL REFERENCES "Room" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "senderId" TEXT NOT NULL REFERENCES "User" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "content" TEXT NOT NULL,
    "type" TEXT NOT NULL DEFAULT 'text' CHECK ("type" IN ('text', 'image', 'file', 'system')),
    "metadata" TEXT NOT NULL DEFAULT '{}',
    "replyTo" TEXT,
    "createdAt" TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
    "updatedAt" TIMESTAMP
);
CREATE TABLE "Reaction" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "messageId" TEXT NOT NULL REFERENCES "Message" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "userId" TEXT NOT NULL REFERENCES "User" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "emoji" TEXT NOT NULL
);
CREATE TABLE "_RoomMembers" (
    "A" TEXT NOT NULL REFERENCES "Room" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    "B" TEXT NOT NULL REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE,
    PRIMARY KEY ("A", "B")
);

CREATE UNIQUE INDEX "User_email_key" ON "User" ("email");
CREATE INDEX "Message_roomId_createdAt_idx" ON "Message" ("roomId", "createdAt");
CREATE UNIQUE INDEX "Reaction_messageId_userId_emoji_key" ON "Reaction" ("messageId", "userId", "emoji");
CREATE INDEX "_RoomMembers_B_index" ON "_RoomMembers" ("B");
