DROP TABLE chatoxide_search_words;
DROP TABLE chatoxide_search_message;
DROP TABLE chatoxide_search_room;
