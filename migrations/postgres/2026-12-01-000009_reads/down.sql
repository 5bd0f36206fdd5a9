DROP TABLE chatoxide.delivery_marker;
DROP TABLE chatoxide.user_setting;
DELETE FROM chatoxide.read_marker WHERE is_start;
ALTER TABLE chatoxide.read_marker DROP COLUMN is_start, DROP COLUMN unread_at, DROP COLUMN unread_id;
