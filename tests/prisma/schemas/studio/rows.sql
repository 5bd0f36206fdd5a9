INSERT INTO "User" ("id", "name", "updatedAt") VALUES
    ('alice', 'Alice', now()), ('bob', 'Bob', now()), ('carol', 'Carol', now());
INSERT INTO "Conversation" ("id", "isGroup") VALUES ('r1', true);
INSERT INTO "_ConversationUsers" ("A", "B") VALUES ('r1', 'alice'), ('r1', 'bob');
INSERT INTO "Message" ("id", "conversationId", "senderId", "body", "createdAt") VALUES
    ('m1', 'r1', 'alice', 'first', '2026-01-31 09:05:07.042'), ('m2', 'r1', 'bob', 'second', '2026-01-31 09:05:08');
INSERT INTO "Message" ("id", "conversationId", "senderId", "body", "createdAt") VALUES
    ('m3', 'r1', NULL, 'of nobody', '2026-01-31 09:05:09'), ('m4', NULL, 'bob', 'nowhere', '2026-01-31 09:05:09');
