ALTER TABLE chatoxide.room_head DROP COLUMN complete_from;
