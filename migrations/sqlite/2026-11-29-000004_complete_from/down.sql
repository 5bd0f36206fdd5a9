ALTER TABLE chatoxide_room_head DROP COLUMN complete_from;
