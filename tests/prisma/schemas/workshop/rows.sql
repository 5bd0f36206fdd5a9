INSERT INTO "User" ("id", "name", "email", "password") VALUES ('alice', 'Alice', 'a@workshop.example', 'x'),
    ('bob', 'Bob', 'b@workshop.example', 'x'), ('carol', 'Carol', 'c@workshop.example', 'x');
INSERT INTO "Room" ("id", "name", "type") VALUES ('r1', 'Lathe', 'private');
INSERT INTO "_RoomMembers" ("A", "B") VALUES ('r1', 'alice'), ('r1', 'bob');
INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt", "updatedAt") VALUES
    ('m1', 'r1', 'alice', 'first', '2026-01-31 09:05:07.042', '2026-01-31 09:05:07.042'),
    ('m2', 'r1', 'bob', 'second', '2026-01-31 09:05:08', '2026-01-31 09:05:08');
