INSERT INTO "User" ("id", "name", "email") VALUES ('alice', 'Alice', 'a@orchestra.example'),
    ('bob', 'Bob', 'b@orchestra.example'), ('carol', 'Carol', 'c@orchestra.example');
INSERT INTO "Channel" ("id", "name") VALUES ('r1', 'Strings');
INSERT INTO "_ChannelMembers" ("A", "B") VALUES ('r1', 'alice'), ('r1', 'bob');
INSERT INTO "Message" ("id", "channelId", "senderId", "content", "createdAt") VALUES
    ('m1', 'r1', 'alice', 'first', '2026-01-31 09:05:07.042'), ('m2', 'r1', 'bob', 'second', '2026-01-31 09:05:08');
