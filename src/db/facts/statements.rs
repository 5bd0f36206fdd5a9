//! The statements that read the facts about a database.

pub(super) const READ_PG: &str = r#"
    WITH ours (id) AS (
        VALUES (to_regclass('"User"')), (to_regclass('"Room"')), (to_regclass('"Message"')), (to_regclass('"Reaction"')),
            (to_regclass('"_RoomMembers"'))
    )
    SELECT current_setting('TimeZone') AS zone, current_setting('lc_messages') AS language,
        timestamptz '2026-01-01 00:00:00Z' = CAST(timestamp '2026-01-01' AS timestamptz)
            AND timestamptz '2026-07-01 00:00:00Z' = CAST(timestamp '2026-07-01' AS timestamptz) AS is_utc,
        EXISTS (
            SELECT FROM pg_attribute JOIN ours ON ours.id = attrelid
            WHERE attname IN ('createdAt', 'updatedAt') AND atttypid = 'timestamptz'::regtype AND NOT attisdropped
        ) AS has_zoned_times,
        EXISTS (
            SELECT FROM pg_index
            JOIN pg_attribute AS room ON room.attrelid = indrelid AND room.attnum = indkey[0]
            JOIN pg_attribute AS moment ON moment.attrelid = indrelid AND moment.attnum = indkey[1]
            WHERE indrelid = to_regclass('"Message"') AND indisvalid AND indpred IS NULL
                AND room.attname = 'roomId' AND moment.attname = 'createdAt'
        ) OR is_view AS has_index,
        EXISTS (
            SELECT FROM pg_trigger JOIN ours ON ours.id = tgrelid
            WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgname !~ '^chatoxide_watch'
        ) AS has_triggers,
        EXISTS (
            SELECT FROM pg_trigger
            WHERE tgrelid = to_regclass('"Message"') AND tgname = 'chatoxide_watch' AND tgenabled <> 'D'
        ) AS is_watched,
        EXISTS (
            SELECT FROM pg_trigger WHERE tgrelid = to_regclass('"Message"')
                AND NOT tgisinternal AND tgenabled <> 'D' AND tgname !~ '^chatoxide_watch'
        ) OR EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = to_regclass('"Message"') AND attname = 'updatedAt' AND atthasdef
                AND NOT attnotnull
        ) OR EXISTS (
            SELECT FROM pg_attribute JOIN pg_type AS type ON type.oid = atttypid
            LEFT JOIN pg_type AS below ON type.typtype = 'd' AND below.oid = type.typbasetype
            LEFT JOIN pg_type AS base ON below.typtype = 'd' AND base.oid = below.typbasetype
            WHERE attrelid = to_regclass('"Message"') AND (
                attname = 'content'
                    AND coalesce(base.oid, below.oid, type.oid) IN ('bpchar'::regtype, 'name'::regtype)
                OR attname IN ('createdAt', 'updatedAt')
                    AND greatest(atttypmod, type.typtypmod, below.typtypmod) BETWEEN 0 AND 2
            )
        ) OR is_view AS changes_messages,
        CAST((
            SELECT coalesce(json_agg(json_build_array(relname, attname, most)), '[]') FROM (
                SELECT class.relname, attname,
                    coalesce(nullif(atttypmod, -1), nullif(type.typtypmod, -1), nullif(below.typtypmod, -1)) - 4 AS most
                FROM ours JOIN pg_class AS class ON class.oid = ours.id
                JOIN pg_attribute ON attrelid = class.oid AND attnum > 0 AND NOT attisdropped
                JOIN pg_type AS type ON type.oid = atttypid
                LEFT JOIN pg_type AS below ON type.typtype = 'd' AND below.oid = type.typbasetype
                LEFT JOIN pg_type AS base ON below.typtype = 'd' AND base.oid = below.typbasetype
                WHERE coalesce(base.oid, below.oid, type.oid) IN ('varchar'::regtype, 'bpchar'::regtype)
            ) AS of_text WHERE most > 0
        ) AS TEXT) AS widths,
        CAST((
            SELECT coalesce(json_agg(json_build_object(
                'table', class.relname, 'column', attname, 'sql_type', format_type(atttypid, NULL),
                'is_required', attnotnull,
                'labels', (
                    SELECT json_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum
                    WHERE enumtypid IN (type.oid, below.oid, base.oid)
                )
            )), '[]')
            FROM ours JOIN pg_class AS class ON class.oid = ours.id
            JOIN pg_attribute ON attrelid = class.oid AND NOT attisdropped
            JOIN pg_type AS type ON type.oid = atttypid
            LEFT JOIN pg_type AS below ON type.typtype = 'd' AND below.oid = type.typbasetype
            LEFT JOIN pg_type AS base ON below.typtype = 'd' AND base.oid = below.typbasetype
            WHERE attname IN ('type', 'metadata', 'updatedAt', 'id', 'replyTo')
        ) AS TEXT) AS columns
    FROM (
        -- A view, or a table in parts: what is below it may have rules and indexes of its own.
        SELECT coalesce((SELECT relkind <> 'r' FROM pg_class WHERE oid = to_regclass('"Message"')), false) AS is_view
    ) AS message"#;

/// SQLite's times have no zone. A view has the indexes of its table.
pub(super) const READ_LITE: &str = "SELECT 'UTC' AS zone, 'C' AS language, 1 AS is_utc, 0 AS has_zoned_times, \
    EXISTS ( \
        SELECT 1 FROM pragma_index_list('Message') AS list \
        JOIN pragma_index_info(list.name) AS room ON room.seqno = 0 AND room.name = 'roomId' \
        JOIN pragma_index_info(list.name) AS moment ON moment.seqno = 1 AND moment.name = 'createdAt' \
        WHERE NOT list.partial \
    ) OR EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'Message' AND type = 'view') AS has_index, EXISTS ( \
        SELECT 1 FROM sqlite_master WHERE type = 'trigger' \
            AND tbl_name IN ('User', 'Room', 'Message', 'Reaction', '_RoomMembers') \
    ) AS has_triggers, 0 AS is_watched, \
    EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'Message') AS changes_messages, '[]' AS widths, '[]' AS columns";

/// Selects the label in the default of a column of types that is a text, or else a label of ours that some row has.
pub(super) const SAMPLES_PG: &str = r#"
    SELECT coalesce(
        (SELECT split_part(pg_get_expr(adbin, adrelid), '''', 2) FROM pg_attrdef JOIN pg_attribute
            ON attrelid = adrelid AND attnum = adnum WHERE adrelid = to_regclass('"Room"') AND attname = 'type'),
        (SELECT kind FROM (SELECT CAST("type" AS TEXT) AS kind FROM "Room" LIMIT 100) AS sample
            WHERE lower(kind) IN ('public', 'private', 'direct') LIMIT 1)
    ) AS room, coalesce(
        (SELECT split_part(pg_get_expr(adbin, adrelid), '''', 2) FROM pg_attrdef JOIN pg_attribute
            ON attrelid = adrelid AND attnum = adnum WHERE adrelid = to_regclass('"Message"') AND attname = 'type'),
        (SELECT kind FROM (SELECT CAST("type" AS TEXT) AS kind FROM "Message" LIMIT 100) AS sample
            WHERE lower(kind) IN ('text', 'image', 'file', 'system') LIMIT 1)
    ) AS message"#;
pub(super) const SAMPLES_LITE: &str = r#"
    SELECT coalesce(
        (SELECT trim(dflt_value, '''') FROM pragma_table_info('Room') WHERE name = 'type'),
        (SELECT kind FROM (SELECT "type" AS kind FROM "Room" LIMIT 100)
            WHERE lower(kind) IN ('public', 'private', 'direct') LIMIT 1)
    ) AS room, coalesce(
        (SELECT trim(dflt_value, '''') FROM pragma_table_info('Message') WHERE name = 'type'),
        (SELECT kind FROM (SELECT "type" AS kind FROM "Message" LIMIT 100)
            WHERE lower(kind) IN ('text', 'image', 'file', 'system') LIMIT 1)
    ) AS message"#;

/// Selects a time that some row has, or else the type with which the column is declared: Prisma's is DATETIME.
pub(super) const LITE_TIMES: &str = r#"SELECT coalesce(typeof(at), CASE declared WHEN 'DATETIME' THEN 'integer' ELSE 'text' END) AS kind,
    coalesce(CAST(at AS TEXT), '') AS text, required FROM (
        SELECT coalesce(
            (SELECT "createdAt" FROM "Message" LIMIT 1), (SELECT "createdAt" FROM "Room" LIMIT 1),
            (SELECT "createdAt" FROM "User" LIMIT 1)
        ) AS at,
        (SELECT upper(type) FROM pragma_table_info('Message') WHERE name = 'createdAt') AS declared,
        (SELECT json_group_array(tables.name) FROM (SELECT 'User' AS name UNION SELECT 'Room' UNION SELECT 'Message') AS tables
            JOIN pragma_table_info(tables.name) AS info ON info.name = 'updatedAt' AND info."notnull") AS required
    )"#;
