-- The head of each room's log.
CREATE TABLE chatoxide_room_head (
    room_id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    at TIMESTAMP NOT NULL
);

-- Every change in a room, in order and without holes. Content is not kept here, only which message changed.
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
CREATE UNIQUE INDEX chatoxide_room_log_actor_client_key ON chatoxide_room_log (actor_id, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE chatoxide_read_marker (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (room_id, user_id)
);
