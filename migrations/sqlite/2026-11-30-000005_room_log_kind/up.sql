-- The kinds of entries are listed in the program alone, as on PostgreSQL, so that a new kind needs no migration. SQLite
-- cannot drop a CHECK: the table is rebuilt. It is copied and not renamed: RENAME fails if any view in the database,
-- such as a team's own on this table, refers to a table that is missing.
CREATE TABLE chatoxide_room_log_copy AS SELECT * FROM chatoxide_room_log;
DROP TABLE chatoxide_room_log;
CREATE TABLE chatoxide_room_log (
    room_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    message_id TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    client_id TEXT,
    body TEXT,
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (room_id, seq)
);
INSERT INTO chatoxide_room_log (room_id, seq, kind, message_id, actor_id, client_id, body, at)
    SELECT room_id, seq, kind, message_id, actor_id, client_id, body, at FROM chatoxide_room_log_copy;
DROP TABLE chatoxide_room_log_copy;
CREATE UNIQUE INDEX chatoxide_room_log_actor_client_key ON chatoxide_room_log (actor_id, client_id) WHERE client_id IS NOT NULL;
