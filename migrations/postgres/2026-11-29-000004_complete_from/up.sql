-- The entry from which on a room's log is known to have all that happened in the room. Before it another program may have
-- written, or the database may have lost entries.
ALTER TABLE chatoxide.room_head ADD COLUMN complete_from BIGINT NOT NULL DEFAULT 0;
