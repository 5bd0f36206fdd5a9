-- Finds the entries that added the reactions on a message, which other programs may have added.
CREATE INDEX chatoxide_room_log_react_idx ON chatoxide_room_log (message_id) WHERE kind = 'react';
