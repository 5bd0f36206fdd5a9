DROP TABLE chatoxide.room_detail;
