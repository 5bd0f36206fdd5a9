INSERT INTO "Account" ("id", "name") VALUES ('alice', 'Alice'), ('bob', 'Bob'), ('carol', 'Carol');
INSERT INTO "Channel" ("id", "name") VALUES ('r1', 'roses');
INSERT INTO "_ChannelPeople" ("A", "B") VALUES ('alice', 'r1'), ('bob', 'r1');
INSERT INTO "Message" ("id", "channelId", "authorId", "text", "createdAt") VALUES
    ('m1', 'r1', 'alice', 'first', '2026-01-31 09:05:07.042'), ('m2', 'r1', 'bob', 'second', '2026-01-31 09:05:08');
