-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "back stage";

-- CreateEnum
CREATE TYPE "back stage"."sort of room" AS ENUM ('OPEN', 'closed');

-- CreateTable
CREATE TABLE "back stage"."user" (
    "the id" TEXT NOT NULL,
    "handle" TEXT NOT NULL,
    "email" TEXT,

    CONSTRAINT "user_pkey" PRIMARY KEY ("the id")
);

-- CreateTable
CREATE TABLE "back stage"."Room -- big" (
    "id" TEXT NOT NULL,
    "na'me" TEXT NOT NULL,
    "select" "back stage"."sort of room" NOT NULL DEFAULT 'closed',

    CONSTRAINT "Room -- big_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "back stage"."seats" (
    "id" TEXT NOT NULL,
    "room $1" TEXT NOT NULL,
    "user" TEXT NOT NULL,

    CONSTRAINT "seats_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "back stage"."$chatoxide0$" (
    "id" TEXT NOT NULL,
    "order" TEXT NOT NULL,
    "group" TEXT NOT NULL,
    "text; DROP" TEXT NOT NULL,
    "when" TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "$chatoxide0$_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "user_handle_key" ON "back stage"."user"("handle");

-- CreateIndex
CREATE UNIQUE INDEX "user_email_key" ON "back stage"."user"("email");

-- CreateIndex
CREATE UNIQUE INDEX "seats_room $1_user_key" ON "back stage"."seats"("room $1", "user");

-- CreateIndex
CREATE INDEX "$chatoxide0$_order_when_idx" ON "back stage"."$chatoxide0$"("order", "when");

-- AddForeignKey
ALTER TABLE "back stage"."seats" ADD CONSTRAINT "seats_room $1_fkey" FOREIGN KEY ("room $1") REFERENCES "back stage"."Room -- big"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "back stage"."seats" ADD CONSTRAINT "seats_user_fkey" FOREIGN KEY ("user") REFERENCES "back stage"."user"("the id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "back stage"."$chatoxide0$" ADD CONSTRAINT "$chatoxide0$_order_fkey" FOREIGN KEY ("order") REFERENCES "back stage"."Room -- big"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "back stage"."$chatoxide0$" ADD CONSTRAINT "$chatoxide0$_group_fkey" FOREIGN KEY ("group") REFERENCES "back stage"."user"("the id") ON DELETE RESTRICT ON UPDATE CASCADE;
