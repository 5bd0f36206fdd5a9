DO $$
BEGIN
    IF to_regtype('"RoomType"') IS NULL THEN
        CREATE TYPE "RoomType" AS ENUM ('public', 'private', 'direct');
    END IF;
END
$$;
CREATE TABLE "Room" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" "RoomType" NOT NULL,
    "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "Room_pkey" PRIMARY KEY ("id")
);
