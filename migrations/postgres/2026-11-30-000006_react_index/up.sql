-- Finds the entries that added the reactions on a message, which other programs may have added.
CREATE INDEX room_log_react_idx ON chatoxide.room_log (message_id) WHERE kind = 'react';
