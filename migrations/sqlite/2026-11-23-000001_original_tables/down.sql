DROP TABLE "_RoomMembers";
DROP TABLE "Reaction";
DROP TABLE "Message";
DROP TABLE "Room";
DROP TABLE "User";
