DROP TABLE chatoxide.read_marker;
DROP TABLE chatoxide.room_log;
DROP TABLE chatoxide.room_head;
