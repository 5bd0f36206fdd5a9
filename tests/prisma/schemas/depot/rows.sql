INSERT INTO "Tenant" ("id", "name") VALUES ('t1', 'North');
INSERT INTO "User" ("id", "name", "apiKey", "tenantId") VALUES
    ('alice', 'Alice', 'k1', 't1'), ('bob', 'Bob', 'k2', 't1'), ('carol', 'Carol', 'k3', 't1');
INSERT INTO "Channel" ("id", "slug", "name", "tenantId", "ownerId") VALUES ('r1', 'dock', 'Dock', 't1', 'alice');
INSERT INTO "ChannelMember" ("id", "channelId", "userId") VALUES ('c1', 'r1', 'alice'), ('c2', 'r1', 'bob');
INSERT INTO "Message" ("id", "channelId", "userId", "text", "priority", "locale", "createdAt", "updatedAt") VALUES
    ('m1', 'r1', 'alice', 'first', 'LOW', 'en', '2026-01-31 09:05:07.042', '2026-01-31 09:05:07.042'),
    ('m2', 'r1', 'bob', 'second', 'HIGH', 'en', '2026-01-31 09:05:08', '2026-01-31 09:05:08');
