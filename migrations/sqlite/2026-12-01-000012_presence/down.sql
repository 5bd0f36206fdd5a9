ALTER TABLE chatoxide_user_setting DROP COLUMN hides_presence;
DROP TABLE chatoxide_user_presence;
