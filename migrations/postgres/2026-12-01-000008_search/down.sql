DROP TABLE chatoxide.search_message;
DROP TABLE chatoxide.search_room;
