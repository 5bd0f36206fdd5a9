-- The kinds of entries are listed in the program alone, as on PostgreSQL, so that a new kind needs no migration. SQLite
-- cannot drop a CHECK: the table is rebuilt.
CREATE TABLE chatoxide_room_log_rebuilt (
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
INSERT INTO chatoxide_room_log_rebuilt (room_id, seq, kind, message_id, actor_id, client_id, body, at)
    SELECT room_id, seq, kind, message_id, actor_id, client_id, body, at FROM chatoxide_room_log;
DROP TABLE chatoxide_room_log;
ALTER TABLE chatoxide_room_log_rebuilt RENAME TO chatoxide_room_log;
CREATE UNIQUE INDEX chatoxide_room_log_actor_client_key ON chatoxide_room_log (actor_id, client_id) WHERE client_id IS NOT NULL;
