-- The messages that belong to threads. is_in_room: it was sent to the room, too. is_gone: it was deleted, or another program has
-- deleted it.
CREATE TABLE chatoxide.thread_reply (
    message_id TEXT NOT NULL PRIMARY KEY,
    root_id TEXT NOT NULL,
    room_id TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    is_in_room BOOLEAN NOT NULL,
    is_gone BOOLEAN NOT NULL DEFAULT FALSE,
    at TIMESTAMP(3) NOT NULL
);
CREATE INDEX thread_reply_root_idx ON chatoxide.thread_reply (root_id, at, message_id);

-- The state of each thread that has replies. participants: the ids of the five who have replied last, as JSON.
CREATE TABLE chatoxide.thread (
    root_id TEXT NOT NULL PRIMARY KEY,
    room_id TEXT NOT NULL,
    reply_count BIGINT NOT NULL,
    participant_count BIGINT NOT NULL,
    participants TEXT NOT NULL,
    last_id TEXT NOT NULL,
    last_sender_id TEXT NOT NULL,
    last_at TIMESTAMP(3) NOT NULL
);

-- The users who follow threads, and up to where they have read. follows: false for those who follow it no more, NULL for those
-- who have only read it.
CREATE TABLE chatoxide.thread_follower (
    root_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    room_id TEXT NOT NULL,
    follows BOOLEAN,
    read_at TIMESTAMP(3) NOT NULL,
    read_id TEXT NOT NULL,
    PRIMARY KEY (root_id, user_id)
);
CREATE INDEX thread_follower_user_idx ON chatoxide.thread_follower (user_id);
