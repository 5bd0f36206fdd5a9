SET search_path = "back stage";
INSERT INTO "user" ("the id", "handle") VALUES ('alice', 'Alice'), ('bob', 'Bob'), ('carol', 'Carol');
INSERT INTO "Room -- big" ("id", "na'me") VALUES ('r1', 'Boxes');
INSERT INTO "seats" ("id", "room $1", "user") VALUES ('s1', 'r1', 'alice'), ('s2', 'r1', 'bob');
INSERT INTO "$chatoxide0$" ("id", "order", "group", "text; DROP", "when") VALUES
    ('m1', 'r1', 'alice', 'first', '2026-01-31 09:05:07.042'), ('m2', 'r1', 'bob', 'second', '2026-01-31 09:05:08');
