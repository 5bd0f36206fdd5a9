INSERT INTO "Profile" ("id", "nickname") VALUES ('alice', 'Alice'), ('bob', 'Bob'), ('carol', 'Carol');
INSERT INTO "Thread" ("id", "subject") VALUES ('r1', 'Glazes');
INSERT INTO "Thread" ("id", "subject", "isPublic", "isDeleted") VALUES ('r0', 'Closed', true, true);
INSERT INTO "ThreadMember" ("id", "threadId", "profileId") VALUES ('t1', 'r1', 'alice'), ('t2', 'r1', 'bob');
INSERT INTO "Message" ("id", "threadId", "fromId", "message", "createdAt") VALUES
    ('m1', 'r1', 'alice', 'first', '2026-01-31 09:05:07.042'), ('m2', 'r1', 'bob', 'second', '2026-01-31 09:05:08');
INSERT INTO "Message" ("id", "threadId", "fromId", "message", "createdAt", "isDeleted") VALUES
    ('m0', 'r1', 'bob', 'gone', '2026-01-31 09:05:09', true);
