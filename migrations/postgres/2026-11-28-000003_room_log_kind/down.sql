ALTER TABLE chatoxide.room_log
    ADD CONSTRAINT room_log_kind_check CHECK (kind IN ('new', 'edit', 'delete', 'react', 'unreact'));
