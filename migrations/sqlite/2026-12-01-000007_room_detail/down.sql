DROP TABLE chatoxide_room_detail;
