DROP TABLE chatoxide_mention_marker;
DROP TABLE chatoxide_mention;
