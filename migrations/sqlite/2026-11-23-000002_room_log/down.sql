DROP TABLE chatoxide_read_marker;
DROP TABLE chatoxide_room_log;
DROP TABLE chatoxide_room_head;
