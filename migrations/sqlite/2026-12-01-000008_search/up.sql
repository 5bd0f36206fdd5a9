-- The tables may be there already, if the list of migrations was lost: older programs of SQLite cannot drop the last one.

-- The rooms of the search index: how far each has followed its log, and how far back its history is indexed. The number of
-- a room stands for it in the index.
CREATE TABLE IF NOT EXISTS chatoxide_search_room (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id TEXT NOT NULL UNIQUE,
    seq BIGINT NOT NULL,
    -- The oldest message that is indexed, in microseconds since 1970; none yet: NULL.
    filled_at BIGINT,
    filled_id TEXT NOT NULL DEFAULT '',
    is_filled BOOLEAN NOT NULL DEFAULT false
);
CREATE INDEX IF NOT EXISTS chatoxide_search_room_unfilled ON chatoxide_search_room (filled_at DESC, number) WHERE NOT is_filled;

-- The messages of the index. Their numbers sort by time: the millisecond, then 20 bits that tell those of one apart.
CREATE TABLE IF NOT EXISTS chatoxide_search_message (
    number INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,
    room INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS chatoxide_search_message_place ON chatoxide_search_message (room, number);

-- The tokens of each message; its content is not kept here. Tokens are made by the server: FTS5 only splits at blanks.
CREATE VIRTUAL TABLE IF NOT EXISTS chatoxide_search_words USING fts5(
    words, tags, content = '', contentless_delete = 1, tokenize = "ascii tokenchars ':'"
);
