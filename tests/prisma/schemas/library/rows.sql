INSERT INTO "User" ("id", "fullName", "email") VALUES
    ('alice', 'Alice', 'alice@library.example'), ('bob', 'Bob', 'bob@library.example'),
    ('carol', 'Carol', 'carol@library.example');
INSERT INTO "Group" ("id", "title", "type") VALUES ('r1', 'Shelves', 'PRIVATE');
INSERT INTO "GroupMembership" ("id", "role", "groupId", "userId", "since") VALUES
    ('g1', 'LIBRARIAN', 'r1', 'alice', now()), ('g2', 'MEMBER', 'r1', 'bob', now());
INSERT INTO "GroupMessage" ("id", "groupId", "senderId", "content", "sentAt", "updatedAt") VALUES
    ('m1', 'r1', 'alice', 'first', '2026-01-31 09:05:07.042', '2026-01-31 09:05:07.042'),
    ('m2', 'r1', 'bob', 'second', '2026-01-31 09:05:08', '2026-01-31 09:05:08');
