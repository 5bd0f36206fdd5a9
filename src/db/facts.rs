//! Facts about a database that other programs share: whether times are stored in UTC, whether history has its index,
//! whether triggers or column types change or refuse what is written. They are read at the start, and again while the
//! server writes.

mod statements;

use std::sync::{
    Arc, OnceLock, PoisonError, RwLock,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use diesel::{
    QueryableByName,
    sql_types::{Bool, Nullable, Text},
};
use tokio::sync::watch;

use self::statements::{LITE_TIMES, READ_LITE, READ_PG, SAMPLES_LITE, SAMPLES_PG};
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

/// The facts as they were last read.
#[derive(Default)]
pub struct Facts {
    has_triggers: AtomicBool,
    changes_messages: AtomicBool,
    lacks_index: AtomicBool,
    speaks_other: AtomicBool,
    /// The reads of some users are private.
    has_private_readers: AtomicBool,
    has_search: AtomicBool,
    /// The triggers of `chatoxide migrate --watch` are there.
    is_watched: watch::Sender<bool>,
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

    /// The reads of some users may be private.
    pub fn has_private_readers(&self) -> bool {
        self.has_private_readers.load(Ordering::Relaxed)
    }

    pub fn note_private_readers(&self, has_private_readers: bool) {
        self.has_private_readers.store(has_private_readers, Ordering::Relaxed);
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

    /// True if the triggers of `chatoxide migrate --watch` log what other programs change.
    pub fn is_watched(&self) -> bool {
        *self.is_watched.borrow()
    }

    /// Waits until [`Self::is_watched`] is this.
    pub async fn wait_until_watched(&self, is_watched: bool) {
        let mut known = self.is_watched.subscribe();
        // The facts, which send, are borrowed here: there is no error.
        let _changed = known.wait_for(|known| *known == is_watched).await;
    }

    /// The search index can be read and written, as it was found at the start.
    pub fn has_search(&self) -> bool {
        self.has_search.load(Ordering::Relaxed)
    }

    pub(super) fn note_search(&self, has_search: bool) {
        self.has_search.store(has_search, Ordering::Relaxed);
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
    is_watched: bool,
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
    read_first(db, now).await?.map_or(Ok(()), |obstacle| Err(Error::Internal(obstacle.to_string())))
}

/// Reads the facts, and returns the finding about a database that would store wrong times.
pub async fn read_first(db: &Db, now: Timestamp) -> Result<Option<Finding>> {
    db.facts().read_at.store(now.millis(), Ordering::Relaxed);
    let row = db.within_timeout(read(db)).await?;
    if matches!(db, Db::Lite { .. }) {
        read_lite_columns(db).await?;
    }
    let stores_wrong_times = row.has_zoned_times && !row.is_utc;
    Ok(stores_wrong_times.then(|| {
        let text =
            format!("its columns are TIMESTAMPTZ and the session's zone is {}, as behind a pooler", row.zone);
        Finding::new(Severity::Unusable, text)
            .consequence("wrong times would be stored")
            .mend("ALTER ROLE ... SET timezone = 'UTC' for the role of DATABASE_URL")
    }))
}

/// The finding if no index leads to a room's newest messages.
pub fn no_index(db: &Db) -> Finding {
    let text = "table Message has no index on (\"roomId\", \"createdAt\")";
    let concurrently = if matches!(db, Db::Pg { .. }) { "CONCURRENTLY " } else { "" };
    Finding::new(Severity::Notice, text).consequence("history is read slowly").mend(format!(
        "CREATE INDEX {concurrently}\"Message_roomId_createdAt_idx\" ON \"Message\" (\"roomId\", \"createdAt\")"
    ))
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
    facts.is_watched.send_if_modified(|known| std::mem::replace(known, row.is_watched) != row.is_watched);
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
