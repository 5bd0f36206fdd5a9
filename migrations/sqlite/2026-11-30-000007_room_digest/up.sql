-- How the newest messages of a room were at an entry, when the room left a server's memory. If they differ when it is
-- loaded, and the log has not gone on, another program has changed them.
CREATE TABLE chatoxide_room_digest (
    room_id TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    is_whole BOOLEAN NOT NULL,
    hash BIGINT NOT NULL
);
-- Finds out whether any room's log is not complete.
CREATE INDEX chatoxide_room_head_incomplete_idx ON chatoxide_room_head (room_id) WHERE complete_from > 0;
