//! Facts about a database that other programs share: whether times are stored in UTC, whether history has its index,
//! whether triggers or column types change or refuse what is written. They are read at the start, and again while the
//! server writes.

use std::sync::{
    Arc, OnceLock, PoisonError, RwLock,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use diesel::{
    QueryableByName,
    sql_types::{Bool, Nullable, Text},
};

use super::{
    Db,
    catalog::{Finding, Severity},
    columns::{Columns, Described, Samples},
    ids::IdTypes,
    moment::TimeFormat,
    on,
};
use crate::chat::{Error, Result, timestamp::Timestamp};

/// The interval at which the facts are read again while the server writes, in milliseconds.
const REFRESH_INTERVAL_MS: i64 = 10_000;

const READ_PG: &str = r#"
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
            SELECT FROM pg_trigger JOIN ours ON ours.id = tgrelid WHERE NOT tgisinternal AND tgenabled <> 'D'
        ) AS has_triggers,
        EXISTS (
            SELECT FROM pg_trigger WHERE tgrelid = to_regclass('"Message"') AND NOT tgisinternal AND tgenabled <> 'D'
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

/// SQLite's tables are always made by us, with their index, and its times have no zone.
const READ_LITE: &str = "SELECT 'UTC' AS zone, 'C' AS language, 1 AS is_utc, 0 AS has_zoned_times, 1 AS has_index, EXISTS ( \
        SELECT 1 FROM sqlite_master WHERE type = 'trigger' \
            AND tbl_name IN ('User', 'Room', 'Message', 'Reaction', '_RoomMembers') \
    ) AS has_triggers, \
    EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'Message') AS changes_messages, '[]' AS widths, '[]' AS columns";

/// Selects the label in the default of a column of types that is a text, or else a label of ours that some row has.
const SAMPLES_PG: &str = r#"
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
const SAMPLES_LITE: &str = r#"
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
const LITE_TIMES: &str = r#"SELECT coalesce(typeof(at), CASE declared WHEN 'DATETIME' THEN 'integer' ELSE 'text' END) AS kind,
    coalesce(CAST(at AS TEXT), '') AS text, required FROM (
        SELECT coalesce(
            (SELECT "createdAt" FROM "Message" LIMIT 1), (SELECT "createdAt" FROM "Room" LIMIT 1),
            (SELECT "createdAt" FROM "User" LIMIT 1)
        ) AS at,
        (SELECT upper(type) FROM pragma_table_info('Message') WHERE name = 'createdAt') AS declared,
        (SELECT json_group_array(tables.name) FROM (SELECT 'User' AS name UNION SELECT 'Room' UNION SELECT 'Message') AS tables
            JOIN pragma_table_info(tables.name) AS info ON info.name = 'updatedAt' AND info."notnull") AS required
    )"#;

/// The facts as they were last read.
#[derive(Default)]
pub struct Facts {
    has_triggers: AtomicBool,
    changes_messages: AtomicBool,
    lacks_index: AtomicBool,
    speaks_other: AtomicBool,
    widths: RwLock<Vec<Width>>,
    columns: RwLock<Arc<Columns>>,
    /// How labels are spelled in columns of text, as it was read first: rows that come later must not change it.
    samples: OnceLock<Samples>,
    /// When the facts were last read, in milliseconds since 1970.
    read_at: AtomicI64,
}

/// A table, a column, and the most characters that it takes.
type Width = (String, String, usize);

impl Facts {
    /// Refuses a text for which a column is too short. The text is one that no user chose, such as an id that is made
    /// here.
    pub fn ensure_fits(&self, table: &str, column: &str, text: &str) -> Result<()> {
        let widths = self.widths.read().unwrap_or_else(PoisonError::into_inner);
        let width = widths.iter().find(|(of_table, name, _)| of_table == table && name == column);
        match width {
            Some((.., most)) if text.len() > *most && text.chars().count() > *most => {
                let sentence = format!(
                    "The database has no room for this: column \"{column}\" of \"{table}\" takes {most} characters"
                );
                Err(Error::Refused { cause: sentence.clone(), sentence: sentence.into() })
            }
            _ => Ok(()),
        }
    }

    /// How the columns differ from the original's.
    pub fn columns(&self) -> Arc<Columns> {
        Arc::clone(&self.columns.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The types of the columns of ids.
    pub(super) fn id_types(&self) -> IdTypes {
        self.columns.read().unwrap_or_else(PoisonError::into_inner).id_types
    }

    fn note_columns(&self, found: Columns) {
        let mut columns = self.columns.write().unwrap_or_else(PoisonError::into_inner);
        // The same ones stay the same, so that the writer keeps its prepared statements.
        if **columns != found {
            *columns = Arc::new(found);
        }
    }

    /// There are triggers on the original's tables, which may refuse what is written.
    pub fn has_triggers(&self) -> bool {
        self.has_triggers.load(Ordering::Relaxed)
    }

    /// A stored message may differ from the one that was written: there are triggers, or a column fills in, pads, cuts
    /// or rounds.
    pub fn changes_messages(&self) -> bool {
        self.changes_messages.load(Ordering::Relaxed)
    }

    /// True if the database's error texts are not in English: errors that are known only by their text are not
    /// recognised.
    pub fn speaks_other_language(&self) -> bool {
        self.speaks_other.load(Ordering::Relaxed)
    }

    /// True if no index leads to a room's newest messages.
    pub fn lacks_index(&self) -> bool {
        self.lacks_index.load(Ordering::Relaxed)
    }
}

#[derive(QueryableByName)]
struct FactsRow {
    #[diesel(sql_type = Text)]
    zone: String,
    #[diesel(sql_type = Text)]
    language: String,
    #[diesel(sql_type = Bool)]
    is_utc: bool,
    #[diesel(sql_type = Bool)]
    has_zoned_times: bool,
    #[diesel(sql_type = Bool)]
    has_index: bool,
    #[diesel(sql_type = Bool)]
    has_triggers: bool,
    #[diesel(sql_type = Bool)]
    changes_messages: bool,
    /// JSON of [`Width`]s.
    #[diesel(sql_type = Text)]
    widths: String,
    /// JSON of [`Described`] columns.
    #[diesel(sql_type = Text)]
    columns: String,
}

#[derive(QueryableByName)]
struct SampleRow {
    #[diesel(sql_type = Nullable<Text>)]
    room: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    message: Option<String>,
}

#[derive(QueryableByName)]
struct LiteTimesRow {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    text: String,
    /// A JSON list of tables.
    #[diesel(sql_type = Text)]
    required: String,
}

/// Reads the facts before the server accepts connections. Refuses a database that would store wrong times.
pub async fn check(db: &Db, now: Timestamp) -> Result<()> {
    db.facts().read_at.store(now.millis(), Ordering::Relaxed);
    let row = db.within_timeout(read(db)).await?;
    if matches!(db, Db::Lite { .. }) {
        read_lite_columns(db).await?;
    }
    if row.has_zoned_times && !row.is_utc {
        return Err(Error::Internal(format!(
            "its columns are TIMESTAMPTZ and the session's zone is {}, so that wrong times would be stored: behind a pooler, \
             run ALTER ROLE ... SET timezone = 'UTC' for the role of DATABASE_URL",
            row.zone
        )));
    }
    Ok(())
}

/// The finding if no index leads to a room's newest messages.
pub fn no_index() -> Finding {
    let text = "table Message has no index on (\"roomId\", \"createdAt\")";
    Finding::new(Severity::Notice, text).consequence("history is read slowly").mend(
        "CREATE INDEX CONCURRENTLY \"Message_roomId_createdAt_idx\" ON \"Message\" (\"roomId\", \"createdAt\")",
    )
}

/// The finding if the database's errors are not in English.
pub fn other_language() -> Finding {
    let text =
        "its messages are not in English (lc_messages), and many errors are recognised by their text only";
    Finding::new(Severity::Notice, text)
        .consequence("a refusal may be reported as an internal error")
        .mend("as a superuser, ALTER ROLE ... SET lc_messages = 'C' for the role of DATABASE_URL")
}

/// True if PostgreSQL's messages are in English, by the setting `lc_messages`. An empty setting means the locale of the
/// environment in which the server was started, which is mostly none.
fn is_english(language: &str) -> bool {
    matches!(language, "" | "POSIX")
        || language == "C"
        || language.starts_with("C.")
        || language.starts_with("en")
        || language.starts_with("English")
}

/// Reads the facts again in the background if they are old.
pub fn look_again(db: &Db, now: Timestamp) {
    let read_at = &db.facts().read_at;
    let last = read_at.load(Ordering::Relaxed);
    let is_due = now.millis() >= last.saturating_add(REFRESH_INTERVAL_MS);
    if is_due && read_at.compare_exchange(last, now.millis(), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        let db = db.clone();
        tokio::spawn(async move {
            if let Err(error) = db.within_timeout(refresh(&db)).await {
                tracing::debug!(
                    error = error.cause(),
                    "the facts about the database could not be read again"
                );
            }
        });
    }
}

/// Reads the facts from the database.
pub async fn refresh(db: &Db) -> Result<()> {
    read(db).await.map(drop)
}

async fn read(db: &Db) -> Result<FactsRow> {
    use diesel_async::RunQueryDsl;
    let row: FactsRow = match db {
        Db::Pg { pool, .. } => {
            let mut connection = pool.get().await?;
            let row = diesel::sql_query(READ_PG).get_result(&mut *connection).await;
            connection.finish(&row);
            row?
        }
        Db::Lite { readers, .. } => {
            let mut connection = readers.get().await?;
            let row = diesel::sql_query(READ_LITE).get_result(&mut *connection).await;
            connection.finish(&row);
            row?
        }
    };
    let facts = db.facts();
    let unreadable = |error: serde_json::Error| Error::Internal(format!("the facts about columns: {error}"));
    if matches!(db, Db::Pg { .. }) {
        let described: Vec<Described> = serde_json::from_str(&row.columns).map_err(unreadable)?;
        let has_texts = described.iter().any(Described::is_text_of_types);
        if has_texts && facts.samples.get().is_none() {
            let found = read_samples(db).await?;
            facts.samples.get_or_init(|| found);
        }
        let none = Samples::default();
        facts.note_columns(Columns::described(described, facts.samples.get().unwrap_or(&none)));
    }
    facts.has_triggers.store(row.has_triggers, Ordering::Relaxed);
    facts.changes_messages.store(row.changes_messages, Ordering::Relaxed);
    facts.lacks_index.store(!row.has_index, Ordering::Relaxed);
    let widths = serde_json::from_str(&row.widths).map_err(unreadable)?;
    *facts.widths.write().unwrap_or_else(PoisonError::into_inner) = widths;
    facts.speaks_other.store(!is_english(&row.language), Ordering::Relaxed);
    Ok(row)
}

async fn read_samples(db: &Db) -> Result<Samples> {
    use diesel_async::RunQueryDsl;
    let samples = if matches!(db, Db::Pg { .. }) { SAMPLES_PG } else { SAMPLES_LITE };
    let row: SampleRow = on!(db.readers, c => diesel::sql_query(samples).get_result(c).await?)?;
    Ok(Samples { room: row.room, message: row.message })
}

/// Reads how a SQLite file stores times and labels. Once is enough: a file has one format from then on.
async fn read_lite_columns(db: &Db) -> Result<()> {
    use diesel_async::RunQueryDsl;
    let row: LiteTimesRow = on!(db.readers, c => diesel::sql_query(LITE_TIMES).get_result(c).await?)?;
    let required = serde_json::from_str(&row.required)
        .map_err(|error| Error::Internal(format!("the facts about columns: {error}")))?;
    let samples = read_samples(db).await?;
    db.facts().note_columns(Columns::of_sqlite(&samples, required, TimeFormat::of(&row.kind, &row.text)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_is_known_by_its_names() {
        for language in ["C", "POSIX", "", "C.UTF-8", "en_US.UTF-8", "en_GB", "English_United States.1252"] {
            assert!(is_english(language), "{language}");
        }
        for language in
            ["de_DE.UTF-8", "fr_FR", "es_ES.utf8", "German_Germany.1252", "Chinese (Simplified)_China.936"]
        {
            assert!(!is_english(language), "{language}");
        }
    }
}
