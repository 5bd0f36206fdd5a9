-- The users whom messages mention. The user '' stands for all members of the room.
CREATE TABLE chatoxide_mention (
    message_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    room_id TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (message_id, user_id)
);
CREATE INDEX chatoxide_mention_user_idx ON chatoxide_mention (user_id, at, message_id);
CREATE INDEX chatoxide_mention_room_idx ON chatoxide_mention (user_id, room_id, at, message_id);

-- Up to when each user has read what mentions them.
CREATE TABLE chatoxide_mention_marker (
    user_id TEXT NOT NULL PRIMARY KEY,
    at TIMESTAMP NOT NULL
);
