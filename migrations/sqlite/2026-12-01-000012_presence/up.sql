-- When each user was last online, and their status. A status without text and emoji is none.
CREATE TABLE chatoxide_user_presence (
    user_id TEXT NOT NULL PRIMARY KEY,
    last_seen TIMESTAMP,
    status_text TEXT,
    status_emoji TEXT,
    clear_at TIMESTAMP
);

-- Others are shown this user as offline.
ALTER TABLE chatoxide_user_setting ADD COLUMN hides_presence BOOLEAN NOT NULL DEFAULT false;
