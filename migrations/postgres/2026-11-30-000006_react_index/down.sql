DROP INDEX chatoxide.room_log_react_idx;
