-- The head of each room's log. Its row lock orders the nodes that append to one room.
CREATE TABLE chatoxide.room_head (
    room_id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    at TIMESTAMP(3) NOT NULL
);

-- Every change in a room, in order and without holes. Content is not kept here, only which message changed.
CREATE TABLE chatoxide.room_log (
    room_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('new', 'edit', 'delete', 'react', 'unreact')),
    message_id TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    client_id TEXT,
    body TEXT,
    at TIMESTAMP(3) NOT NULL,
    PRIMARY KEY (room_id, seq)
);
CREATE UNIQUE INDEX room_log_actor_client_key ON chatoxide.room_log (actor_id, client_id) WHERE client_id IS NOT NULL;

CREATE TABLE chatoxide.read_marker (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at TIMESTAMP(3) NOT NULL,
    PRIMARY KEY (room_id, user_id)
);
