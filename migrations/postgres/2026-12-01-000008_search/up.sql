-- The rooms of the search index: how far each has followed its log, and how far back its history is indexed. The number of
-- a room stands for it in the index.
CREATE TABLE chatoxide.search_room (
    number INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    room_id TEXT NOT NULL UNIQUE,
    seq BIGINT NOT NULL,
    -- The oldest message that is indexed, in microseconds since 1970; none yet: NULL.
    filled_at BIGINT,
    filled_id TEXT NOT NULL DEFAULT '',
    is_filled BOOLEAN NOT NULL DEFAULT false
);
CREATE INDEX search_room_unfilled ON chatoxide.search_room (filled_at DESC NULLS FIRST, number) WHERE NOT is_filled;

-- The tokens of each message, with their positions; its content is not kept here.
CREATE TABLE chatoxide.search_message (
    message_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    room INTEGER NOT NULL,
    -- Microseconds since 1970.
    at BIGINT NOT NULL,
    tokens TSVECTOR NOT NULL
);
CREATE INDEX search_message_place ON chatoxide.search_message (room, at, message_id);
CREATE INDEX search_message_tokens ON chatoxide.search_message USING gin (tokens);
