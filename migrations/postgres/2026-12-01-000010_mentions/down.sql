DROP TABLE chatoxide.mention_marker;
DROP TABLE chatoxide.mention;
