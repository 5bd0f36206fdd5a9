CREATE TABLE "Reaction" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "messageId" TEXT NOT NULL REFERENCES "Message" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "userId" TEXT NOT NULL REFERENCES "User" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    "emoji" TEXT NOT NULL
);
CREATE UNIQUE INDEX "Reaction_messageId_userId_emoji_key" ON "Reaction" ("messageId", "userId", "emoji");
