CREATE TABLE "Message" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "roomId" TEXT NOT NULL REFERENCES "Room" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "senderId" TEXT NOT NULL REFERENCES "User" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "content" TEXT NOT NULL,
    "type" TEXT NOT NULL DEFAULT 'text',
    "metadata" TEXT NOT NULL DEFAULT '{}',
    "replyTo" TEXT,
    "createdAt" TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')),
    "updatedAt" TIMESTAMP
);
CREATE INDEX "Message_roomId_createdAt_idx" ON "Message" ("roomId", "createdAt");
