INSERT INTO "people" ("id", "display_name", "email", "password", "updated_at") VALUES
    ('alice', 'Alice', 'alice@clinic.example', 'x', now()), ('bob', 'Bob', 'bob@clinic.example', 'x', now()),
    ('carol', 'Carol', 'carol@clinic.example', 'x', now());
INSERT INTO "conversations" ("id", "title", "kind", "updated_at") VALUES ('r1', 'Ward', 'GROUP', now());
INSERT INTO "participants" ("id", "conversation_id", "person_id", "role") VALUES
    ('p1', 'r1', 'alice', 'OWNER'), ('p2', 'r1', 'bob', 'MEMBER');
INSERT INTO "chat_messages" ("id", "conversation_id", "author_id", "body", "created_at", "updated_at") VALUES
    ('m1', 'r1', 'alice', 'first', '2026-01-31 09:05:07.042Z', '2026-01-31 09:05:07.042Z'),
    ('m2', 'r1', 'bob', 'second', '2026-01-31 09:05:08Z', '2026-01-31 09:05:08Z');
INSERT INTO "chat_messages" ("id", "conversation_id", "author_id", "body", "created_at", "updated_at", "deleted_at")
    VALUES ('m0', 'r1', 'bob', 'gone', '2026-01-31 09:05:09Z', '2026-01-31 09:05:09Z', now());
