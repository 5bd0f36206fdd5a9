DO $$
BEGIN
    IF to_regtype('"MessageType"') IS NULL THEN
        CREATE TYPE "MessageType" AS ENUM ('text', 'image', 'file', 'system');
    END IF;
END
$$;
CREATE TABLE "Message" (
    "id" TEXT NOT NULL,
    "roomId" TEXT NOT NULL,
    "senderId" TEXT NOT NULL,
    "content" TEXT NOT NULL,
    "type" "MessageType" NOT NULL DEFAULT 'text',
    "metadata" JSONB NOT NULL DEFAULT '{}',
    "replyTo" TEXT,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMP(3),
    CONSTRAINT "Message_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "Message_roomId_fkey" FOREIGN KEY ("roomId") REFERENCES "Room" ("id")
        ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "Message_senderId_fkey" FOREIGN KEY ("senderId") REFERENCES "User" ("id")
        ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX "Message_roomId_createdAt_idx" ON "Message" ("roomId", "createdAt");
