ALTER TABLE chatoxide.user_setting DROP COLUMN hides_presence;
DROP TABLE chatoxide.user_presence;
