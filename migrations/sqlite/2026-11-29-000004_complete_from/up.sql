-- As on PostgreSQL: the entry from which on a room's log is known to have all that happened in the room.
ALTER TABLE chatoxide_room_head ADD COLUMN complete_from BIGINT NOT NULL DEFAULT 0;
