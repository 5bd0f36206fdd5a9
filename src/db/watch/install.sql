-- The table, functions and triggers of `chatoxide migrate --watch`. Names in braces stand for the schema of the team's
-- tables and for the note of a message. Every statement may be repeated: it replaces what an older version has made.

-- The changes of transactions that are under way, and those of committed ones that could not be logged at their commit.
CREATE TABLE IF NOT EXISTS chatoxide.watch_change (
    xact BIGINT NOT NULL,
    place BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY,
    kind TEXT NOT NULL,
    room_id TEXT,
    message_id TEXT,
    user_id TEXT,
    emoji TEXT,
    is_first BOOLEAN NOT NULL,
    PRIMARY KEY (xact, place)
);

-- A serializable transaction reads nothing here: what it reads could make it fail.
CREATE OR REPLACE FUNCTION chatoxide.watch_note(kind TEXT, room_id TEXT, message_id TEXT, user_id TEXT, emoji TEXT)
RETURNS void LANGUAGE plpgsql AS $watch$
DECLARE
    is_first BOOLEAN := true;
BEGIN
    IF coalesce(room_id, message_id) IS NULL AND kind NOT IN ('gap', 'access') THEN
        RETURN;
    END IF;
    IF current_setting('transaction_isolation') <> 'serializable' THEN
        is_first := NOT EXISTS (SELECT FROM chatoxide.watch_change AS change WHERE change.xact = txid_current());
    END IF;
    INSERT INTO chatoxide.watch_change (xact, kind, room_id, message_id, user_id, emoji, is_first)
    VALUES (txid_current(), kind, room_id, message_id, user_id, emoji, is_first);
END $watch$;

-- True if a row differs in these columns. A column that is not there is NULL: no change of the tables makes this fail.
CREATE OR REPLACE FUNCTION chatoxide.watch_differs(old_row JSON, new_row JSON, columns TEXT[])
RETURNS boolean LANGUAGE sql AS $watch$
    SELECT EXISTS (
        SELECT FROM unnest(columns) AS name
        WHERE CAST(old_row -> name AS TEXT) IS DISTINCT FROM CAST(new_row -> name AS TEXT)
    )
$watch$;

CREATE OR REPLACE FUNCTION chatoxide.watch_message() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $watch$
DECLARE
    old_id TEXT;
    new_id TEXT;
    old_room TEXT;
    new_room TEXT;
    differs BOOLEAN;
BEGIN
    BEGIN
        old_id := to_json(OLD) ->> 'id';
        new_id := to_json(NEW) ->> 'id';
        old_room := to_json(OLD) ->> 'roomId';
        new_room := to_json(NEW) ->> 'roomId';
        differs := TG_OP = 'UPDATE' AND chatoxide.watch_differs(to_json(OLD), to_json(NEW), ARRAY[
            'roomId', 'senderId', 'content', 'type', 'metadata', 'replyTo', 'createdAt', 'updatedAt'
        ]);
    EXCEPTION WHEN OTHERS THEN
        -- Such as JSON with U+0000 in a column of the team's own, or a row of hundreds of megabytes.
        PERFORM chatoxide.watch_note('gap', NULL, NULL, NULL, NULL);
        RETURN NULL;
    END;
    IF TG_OP = 'UPDATE' AND old_id = new_id THEN
        IF differs THEN
            PERFORM chatoxide.watch_note('update', old_room, old_id, NULL, NULL);
        END IF;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM chatoxide.watch_note('delete', old_room, old_id, NULL, NULL);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM chatoxide.watch_note('insert', new_room, new_id, NULL, NULL);
    END IF;
    RETURN NULL;
END $watch$;

CREATE OR REPLACE FUNCTION chatoxide.watch_reaction() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $watch$
DECLARE
    -- The message, the user and the emoji.
    removed TEXT[];
    added TEXT[];
BEGIN
    BEGIN
        removed := ARRAY[to_json(OLD) ->> 'messageId', to_json(OLD) ->> 'userId', to_json(OLD) ->> 'emoji'];
        added := ARRAY[to_json(NEW) ->> 'messageId', to_json(NEW) ->> 'userId', to_json(NEW) ->> 'emoji'];
    EXCEPTION WHEN OTHERS THEN
        PERFORM chatoxide.watch_note('gap', NULL, NULL, NULL, NULL);
        RETURN NULL;
    END;
    IF TG_OP = 'UPDATE' AND removed = added THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM chatoxide.watch_note('unreact', NULL, removed[1], removed[2], removed[3]);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM chatoxide.watch_note('react', NULL, added[1], added[2], added[3]);
    END IF;
    RETURN NULL;
END $watch$;

-- The arguments are the kind of the change, the column with the id, and those whose change matters.
CREATE OR REPLACE FUNCTION chatoxide.watch_access() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $watch$
DECLARE
    old_id TEXT;
    new_id TEXT;
    differs BOOLEAN;
BEGIN
    BEGIN
        old_id := to_json(OLD) ->> TG_ARGV[1];
        new_id := to_json(NEW) ->> TG_ARGV[1];
        differs := TG_OP <> 'UPDATE' OR chatoxide.watch_differs(to_json(OLD), to_json(NEW), TG_ARGV[1:]);
    EXCEPTION WHEN OTHERS THEN
        PERFORM chatoxide.watch_note('access', NULL, NULL, NULL, NULL);
        RETURN NULL;
    END;
    IF NOT differs THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM chatoxide.watch_note(TG_ARGV[0], old_id, NULL, old_id, NULL);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM chatoxide.watch_note(TG_ARGV[0], new_id, NULL, new_id, NULL);
    END IF;
    RETURN NULL;
END $watch$;

-- The argument is the kind of the change.
CREATE OR REPLACE FUNCTION chatoxide.watch_truncate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $watch$
BEGIN
    PERFORM chatoxide.watch_note(TG_ARGV[0], NULL, NULL, NULL, NULL);
    RETURN NULL;
END $watch$;

-- Sends notifications on the server's channel: each of them, or a single other one where they are many or too long.
CREATE OR REPLACE FUNCTION chatoxide.watch_send(notes TEXT[], instead TEXT) RETURNS void LANGUAGE plpgsql AS $watch$
BEGIN
    IF cardinality(notes) > 100 OR EXISTS (SELECT FROM unnest(notes) AS note WHERE octet_length(note) > 7000) THEN
        notes := ARRAY[instead];
    END IF;
    PERFORM pg_notify('chatoxide', note) FROM unnest(notes) AS note;
END $watch$;

-- Tells the server of changes of rooms, members and users.
CREATE OR REPLACE FUNCTION chatoxide.watch_tell(xacts BIGINT[]) RETURNS void LANGUAGE plpgsql AS $watch$
DECLARE
    notes TEXT[];
BEGIN
    WITH change AS (
        DELETE FROM chatoxide.watch_change WHERE xact = ANY (xacts) AND kind IN ('room', 'user', 'access') RETURNING *
    )
    SELECT array_agg(DISTINCT CASE kind WHEN 'access' THEN '"access"'
        ELSE CAST(json_build_object(kind, room_id) AS TEXT) END) INTO notes FROM change;
    PERFORM chatoxide.watch_send(notes, '"access"');
END $watch$;

-- Notes in the logs of rooms that they are complete only from here on, by an entry that is about no message. The heads
-- are locked.
CREATE OR REPLACE FUNCTION chatoxide.watch_gap(rooms TEXT[]) RETURNS void LANGUAGE plpgsql AS $watch$
BEGIN
    WITH advanced AS (
        UPDATE chatoxide.room_head
        SET seq = seq + 1, complete_from = seq + 1,
            at = greatest(at, date_trunc('milliseconds', clock_timestamp() AT TIME ZONE 'UTC'))
        WHERE room_id = ANY (rooms) RETURNING room_id, seq, at
    )
    INSERT INTO chatoxide.room_log (room_id, seq, kind, message_id, actor_id, at)
    SELECT room_id, seq, 'gap', '', '', at FROM advanced;
    PERFORM pg_notify('chatoxide', '"compare"');
END $watch$;

-- Counts the threads anew whose replies have come or gone in these transactions. The heads are locked.
CREATE OR REPLACE FUNCTION chatoxide.watch_threads(xacts BIGINT[]) RETURNS void LANGUAGE plpgsql AS $watch$
DECLARE
    replies TEXT[];
    roots TEXT[];
BEGIN
    SELECT array_agg(reply.message_id), array_agg(DISTINCT reply.root_id) INTO replies, roots
    FROM chatoxide.thread_reply AS reply WHERE reply.message_id IN (
        SELECT change.message_id FROM chatoxide.watch_change AS change
        WHERE change.xact = ANY (xacts) AND change.kind IN ('insert', 'delete')
    );
    IF replies IS NOT NULL THEN
        EXECUTE $settle${settle}$settle$ USING CAST(to_json(replies) AS TEXT);
        EXECUTE $recount${recount}$recount$ USING CAST(to_json(roots) AS TEXT);
    END IF;
END $watch$;

-- Adds the entries of these transactions to the rooms' logs. Several changes of one message or reaction count as one,
-- from the state before the first of them to the state now.
CREATE OR REPLACE FUNCTION chatoxide.watch_log(xacts BIGINT[]) RETURNS void LANGUAGE plpgsql AS $watch$
DECLARE
    now CONSTANT TIMESTAMP := date_trunc('milliseconds', clock_timestamp() AT TIME ZONE 'UTC');
    rooms TEXT[];
    notes TEXT[];
BEGIN
    IF EXISTS (SELECT FROM chatoxide.watch_change WHERE xact = ANY (xacts) AND kind = 'gap') THEN
        -- A table was emptied, so every log is complete only from here on. Heads are locked in one order everywhere.
        PERFORM FROM chatoxide.room_head ORDER BY room_id COLLATE "C" FOR UPDATE;
        PERFORM chatoxide.watch_gap(ARRAY(SELECT room_id FROM chatoxide.room_head));
        DELETE FROM chatoxide.watch_change WHERE xact = ANY (xacts) AND kind = 'gap';
    END IF;

    rooms := ARRAY(
        SELECT change.room_id FROM chatoxide.watch_change AS change
        WHERE change.xact = ANY (xacts) AND change.room_id IS NOT NULL
        UNION
        SELECT CAST(message."roomId" AS TEXT) FROM chatoxide.watch_change AS change
        JOIN {team}."Message" AS message ON message."id" = CAST(change.message_id AS /*message*/TEXT)
        WHERE change.xact = ANY (xacts)
    );
    INSERT INTO chatoxide.room_head (room_id, seq, at)
    SELECT room.id, 0, now FROM unnest(rooms) AS room (id) ORDER BY room.id COLLATE "C"
    ON CONFLICT (room_id) DO UPDATE SET room_id = excluded.room_id;

    IF (
        SELECT count(*) FROM (SELECT FROM chatoxide.watch_change WHERE xact = ANY (xacts) LIMIT 20001) AS counted
    ) > 20000 THEN
        -- A commit must not take long. So many changes are found by comparison.
        PERFORM chatoxide.watch_gap(rooms);
        DELETE FROM chatoxide.watch_change WHERE xact = ANY (xacts);
        RETURN;
    END IF;

    PERFORM chatoxide.watch_threads(xacts);
    WITH change AS (
        DELETE FROM chatoxide.watch_change WHERE xact = ANY (xacts) RETURNING *
    ), message AS (
        SELECT touched.*, CAST("Message"."roomId" AS TEXT) AS room_now, CAST("Message"."senderId" AS TEXT) AS sender_id,
            {note} AS note
        FROM (
            SELECT message_id, min(place) AS first_place, max(place) AS last_place,
                (array_agg(kind ORDER BY place))[1] <> 'insert' AS was_there,
                (array_agg(room_id ORDER BY place))[1] AS room_before
            FROM change WHERE kind IN ('insert', 'update', 'delete') GROUP BY message_id
        ) AS touched
        LEFT JOIN {team}."Message" ON "Message"."id" = CAST(touched.message_id AS /*message*/TEXT)
    ), reaction AS (
        SELECT change.message_id, change.user_id, change.emoji, max(place) AS place,
            (array_agg(kind ORDER BY place))[1] = 'unreact' AS was_there
        FROM change WHERE kind IN ('react', 'unreact') GROUP BY change.message_id, change.user_id, change.emoji
    ), entry (room_id, kind, message_id, actor_id, body, place) AS (
        SELECT room_now, 'new', message_id, sender_id, note, first_place FROM message
        WHERE room_now IS NOT NULL AND NOT (was_there AND room_now = room_before)
        UNION ALL
        SELECT room_now, 'edit', message_id, sender_id, note, last_place FROM message
        WHERE was_there AND room_now = room_before
        UNION ALL
        SELECT room_before, 'delete', message_id, '', NULL, last_place FROM message
        WHERE was_there AND room_now IS DISTINCT FROM room_before
        UNION ALL
        -- Reactions that went with their message are not removed one by one.
        SELECT CAST(on_message."roomId" AS TEXT), CASE WHEN is_there THEN 'react' ELSE 'unreact' END,
            reaction.message_id, reaction.user_id, reaction.emoji,
            -- After its message, though that may have been inserted later.
            CASE WHEN message.was_there THEN reaction.place ELSE greatest(reaction.place, message.first_place) END
        FROM reaction
        JOIN {team}."Message" AS on_message ON on_message."id" = CAST(reaction.message_id AS /*message*/TEXT)
        LEFT JOIN message USING (message_id)
        CROSS JOIN LATERAL (
            SELECT EXISTS (
                SELECT FROM {team}."Reaction" AS stored WHERE stored."messageId" = on_message."id"
                    AND stored."userId" = CAST(reaction.user_id AS /*user*/TEXT) AND stored."emoji" = reaction.emoji
            ) AS is_there
        ) AS now_is
        WHERE is_there <> reaction.was_there
    ), own AS (
        -- A chatoxide that does not mark its writes, such as an older one or one behind PgBouncer, has logged them
        -- itself. The entries of this function are written in a subtransaction.
        SELECT last.room_id FROM (SELECT DISTINCT room_id FROM entry) AS room
        JOIN chatoxide.room_head AS head USING (room_id)
        JOIN chatoxide.room_log AS last ON last.room_id = head.room_id AND last.seq = head.seq
        WHERE CAST(CAST(last.xmin AS TEXT) AS BIGINT) = txid_current() % 4294967296
    ), numbered AS (
        SELECT entry.*, greatest(head.at, now) AS at,
            head.seq + row_number() OVER (PARTITION BY entry.room_id ORDER BY entry.place, entry.kind) AS seq
        FROM entry JOIN chatoxide.room_head AS head USING (room_id)
        WHERE entry.room_id NOT IN (SELECT room_id FROM own)
    ), logged AS (
        INSERT INTO chatoxide.room_log (room_id, seq, kind, message_id, actor_id, body, at)
        SELECT room_id, seq, kind, message_id, actor_id, body, at FROM numbered
    ), range AS (
        SELECT room_id, min(seq) AS first, max(seq) AS last, max(at) AS at FROM numbered GROUP BY room_id
    ), advanced AS (
        UPDATE chatoxide.room_head AS head SET seq = range.last, at = range.at
        FROM range WHERE head.room_id = range.room_id
    )
    SELECT array_agg(CAST(json_build_object(
        'entries', json_build_object('room', room_id, 'from', first, 'to', last)) AS TEXT)) INTO notes FROM range;
    PERFORM chatoxide.watch_send(notes, '"look"');
END $watch$;

-- Runs once at the commit of another program's transaction, and never makes it fail: the server logs what cannot be
-- logged now, as soon as it is told. The wait for a head is shorter than PostgreSQL's before it looks for a deadlock.
CREATE OR REPLACE FUNCTION chatoxide.watch_commit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $watch$
BEGIN
    IF current_setting('transaction_isolation') = 'serializable' THEN
        PERFORM pg_notify('chatoxide', '"left"');
        RETURN NULL;
    END IF;
    PERFORM chatoxide.watch_tell(ARRAY[txid_current()]);
    BEGIN
        PERFORM chatoxide.watch_log(ARRAY[txid_current()]);
    EXCEPTION WHEN OTHERS THEN
        PERFORM pg_notify('chatoxide', '"left"');
    END;
    RETURN NULL;
END $watch$;

-- Logs what was left at commits. Returns the number of transactions.
CREATE OR REPLACE FUNCTION chatoxide.watch_take_left() RETURNS BIGINT LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $watch$
DECLARE
    xacts BIGINT[];
BEGIN
    PERFORM pg_advisory_xact_lock(7163540179);
    xacts := ARRAY(SELECT DISTINCT xact FROM chatoxide.watch_change WHERE xact <> txid_current());
    IF cardinality(xacts) > 0 THEN
        PERFORM chatoxide.watch_tell(xacts);
        PERFORM chatoxide.watch_log(xacts);
    END IF;
    RETURN cardinality(xacts);
END $watch$;

-- Another program's transaction locks a table of the team before it notes a change, and so do these statements.
-- The conditions name no column: a column that a trigger names cannot be altered.
DROP TRIGGER IF EXISTS chatoxide_watch ON {team}."Message";
DROP TRIGGER IF EXISTS chatoxide_watch_truncate ON {team}."Message";
CREATE TRIGGER chatoxide_watch AFTER INSERT OR UPDATE OR DELETE ON {team}."Message"
FOR EACH ROW WHEN (current_setting('chatoxide.own', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION chatoxide.watch_message();
CREATE TRIGGER chatoxide_watch_truncate AFTER TRUNCATE ON {team}."Message"
FOR EACH STATEMENT EXECUTE FUNCTION chatoxide.watch_truncate('gap');

DROP TRIGGER IF EXISTS chatoxide_watch ON {team}."Reaction";
DROP TRIGGER IF EXISTS chatoxide_watch_truncate ON {team}."Reaction";
CREATE TRIGGER chatoxide_watch AFTER INSERT OR UPDATE OR DELETE ON {team}."Reaction"
FOR EACH ROW WHEN (current_setting('chatoxide.own', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION chatoxide.watch_reaction();
CREATE TRIGGER chatoxide_watch_truncate AFTER TRUNCATE ON {team}."Reaction"
FOR EACH STATEMENT EXECUTE FUNCTION chatoxide.watch_truncate('gap');

DROP TRIGGER IF EXISTS chatoxide_watch ON {team}."Room";
DROP TRIGGER IF EXISTS chatoxide_watch_truncate ON {team}."Room";
CREATE TRIGGER chatoxide_watch AFTER INSERT OR UPDATE OR DELETE ON {team}."Room"
FOR EACH ROW WHEN (current_setting('chatoxide.own', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION chatoxide.watch_access('room', 'id', 'name', 'type');
CREATE TRIGGER chatoxide_watch_truncate AFTER TRUNCATE ON {team}."Room"
FOR EACH STATEMENT EXECUTE FUNCTION chatoxide.watch_truncate('access');

DROP TRIGGER IF EXISTS chatoxide_watch ON {team}."_RoomMembers";
DROP TRIGGER IF EXISTS chatoxide_watch_truncate ON {team}."_RoomMembers";
CREATE TRIGGER chatoxide_watch AFTER INSERT OR UPDATE OR DELETE ON {team}."_RoomMembers"
FOR EACH ROW WHEN (current_setting('chatoxide.own', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION chatoxide.watch_access('room', 'A', 'B');
CREATE TRIGGER chatoxide_watch_truncate AFTER TRUNCATE ON {team}."_RoomMembers"
FOR EACH STATEMENT EXECUTE FUNCTION chatoxide.watch_truncate('access');

DROP TRIGGER IF EXISTS chatoxide_watch ON {team}."User";
DROP TRIGGER IF EXISTS chatoxide_watch_truncate ON {team}."User";
CREATE TRIGGER chatoxide_watch AFTER UPDATE OR DELETE ON {team}."User"
FOR EACH ROW WHEN (current_setting('chatoxide.own', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION chatoxide.watch_access('user', 'id', 'name', 'avatar');
CREATE TRIGGER chatoxide_watch_truncate AFTER TRUNCATE ON {team}."User"
FOR EACH STATEMENT EXECUTE FUNCTION chatoxide.watch_truncate('access');

DROP TRIGGER IF EXISTS watch_commit ON chatoxide.watch_change;
CREATE CONSTRAINT TRIGGER watch_commit AFTER INSERT ON chatoxide.watch_change DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.is_first) EXECUTE FUNCTION chatoxide.watch_commit();

-- The server's role reads what was left, where that is not the role that owns the team's tables.
DO $watch$
BEGIN
    EXECUTE format('GRANT SELECT ON chatoxide.watch_change TO %s', (
        SELECT CAST(relowner AS regrole) FROM pg_class WHERE oid = CAST('chatoxide.room_log' AS regclass)
    ));
END $watch$;
