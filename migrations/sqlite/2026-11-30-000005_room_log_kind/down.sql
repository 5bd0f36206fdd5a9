-- Fails while the log has entries of a kind that is not listed.
CREATE TABLE chatoxide_room_log_copy AS SELECT * FROM chatoxide_room_log;
DROP TABLE chatoxide_room_log;
CREATE TABLE chatoxide_room_log (
    room_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('new', 'edit', 'delete', 'react', 'unreact')),
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
