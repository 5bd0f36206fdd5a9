INSERT INTO "User" ("id", "firstName", "lastName") VALUES
    ('alice', 'Alice', ''), ('bob', 'Bob', 'Baker'), ('carol', 'Carol', 'Cook');
INSERT INTO "Room" ("id", "name") VALUES ('r1', 'Stove');
INSERT INTO "Message" ("id", "roomId", "sender", "content", "timestamp") VALUES
    ('m1', 'r1', 'alice', 'first', '2026-01-31 09:05:07.042'), ('m2', 'r1', 'bob', 'second', '2026-01-31 09:05:08');
