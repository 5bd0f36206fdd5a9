-- As on PostgreSQL: the topic of a room, and the user who created it. A room without either has no row.
CREATE TABLE chatoxide_room_detail (
    room_id TEXT NOT NULL PRIMARY KEY,
    topic TEXT,
    owner_id TEXT
);
