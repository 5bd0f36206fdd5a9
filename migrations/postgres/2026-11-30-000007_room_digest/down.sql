DROP INDEX chatoxide.room_head_incomplete_idx;
DROP TABLE chatoxide.room_digest;
