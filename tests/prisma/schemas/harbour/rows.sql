INSERT INTO "User" ("id", "username", "hash", "updatedAt") VALUES
    ('alice', 'Alice', 'x', now()), ('bob', 'Bob', 'x', now()), ('carol', 'Carol', 'x', now());
INSERT INTO "Chat" ("id", "name", "isGroup", "updatedAt") VALUES ('r1', 'Pier', true, now());
INSERT INTO "ChatMember" ("chatId", "userId") VALUES ('r1', 'alice'), ('r1', 'bob');
INSERT INTO "Message" ("id", "chatId", "userId", "body", "createdAt", "updatedAt") VALUES
    ('m1', 'r1', 'alice', 'first', '2026-01-31 09:05:07.042', '2026-01-31 09:05:07.042'),
    ('m2', 'r1', 'bob', 'second', '2026-01-31 09:05:08', '2026-01-31 09:05:08');
