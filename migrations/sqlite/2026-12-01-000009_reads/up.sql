-- As on PostgreSQL. is_start: the user became a member here and has read nothing since. Such a row is no receipt.
-- unread_at, unread_id: the message that the user has marked as the first unread one, until they read the room again.
ALTER TABLE chatoxide_read_marker ADD COLUMN is_start BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE chatoxide_read_marker ADD COLUMN unread_at TIMESTAMP;
ALTER TABLE chatoxide_read_marker ADD COLUMN unread_id TEXT;

CREATE TABLE chatoxide_user_setting (
    user_id TEXT NOT NULL PRIMARY KEY,
    has_private_reads BOOLEAN NOT NULL DEFAULT FALSE
);

-- The last entry of a room's log that has reached a device of each user.
CREATE TABLE chatoxide_delivery_marker (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (room_id, user_id)
);
