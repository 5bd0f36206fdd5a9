DROP TABLE chatoxide_delivery_marker;
DROP TABLE chatoxide_user_setting;
DELETE FROM chatoxide_read_marker WHERE is_start;
ALTER TABLE chatoxide_read_marker DROP COLUMN is_start;
ALTER TABLE chatoxide_read_marker DROP COLUMN unread_at;
ALTER TABLE chatoxide_read_marker DROP COLUMN unread_id;
