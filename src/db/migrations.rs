//! Applies pending migrations in one transaction: a start that fails leaves nothing behind. On PostgreSQL everything of
//! ours, bookkeeping included, goes into schema `chatoxide`. The original's tables are created only if there are none.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use diesel::{
    connection::SimpleConnection,
    dsl::sql,
    migration::MigrationSource,
    pg::Pg,
    sql_types::{BigInt, Text},
    sqlite::{Sqlite, SqliteConnection},
};
use diesel_async::{
    AsyncConnection, AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection,
    TransactionManager,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio::time::timeout;

use super::{
    Db, Lite, blockers,
    catalog::{Catalog, TABLES, Tables},
    facts,
    room_log::repair_heads,
    user_settings,
};
use crate::{
    chat::{Error, Result},
    clock,
    config::{Config, DatabaseUrl, PostgresUrl},
};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// The migration that makes the search index. A database without it is served without search.
const SEARCH: &str = "20261201000008";

/// Nodes that start at the same time take turns on this advisory lock, whose number is arbitrary. A migration may take
/// any time, but no lock is waited for longer than `DATABASE_TIMEOUT`, so that a supervisor sees that the server does
/// not start, and why.
fn lock_statements(timeout: Duration) -> String {
    let timeout = timeout.as_millis();
    format!(
        "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL statement_timeout = 0; \
         SELECT set_config('lock_timeout', '{timeout}', true) FROM pg_settings \
             WHERE name = 'lock_timeout' AND (setting = '0' OR setting::bigint > {timeout}); \
         SELECT pg_advisory_xact_lock({})",
        blockers::MIGRATION_LOCK
    )
}

/// How many migrations ran, and the schema before.
pub struct Migrated {
    pub ran: usize,
    pub found: Catalog,
}

/// Applies pending migrations. `makes_tables`: missing tables of the original are also created beside others. If
/// somebody else holds a lock for longer than `DATABASE_TIMEOUT`, the error names them.
pub async fn run(db: &Db, config: &Config, makes_tables: bool) -> Result<Migrated> {
    match migrate(db, config, makes_tables).await {
        Err(error) => Err(blockers::explained(db, error).await),
        migrated => migrated,
    }
}

async fn migrate(db: &Db, config: &Config, makes_tables: bool) -> Result<Migrated> {
    let migrated = match (db, &config.database) {
        (Db::Pg { .. }, DatabaseUrl::Postgres(url)) if url.pgbouncer => {
            let found = Catalog::read(db, config).await?;
            ensure(&found, false, 0)?;
            let is_required = |version: &String| version != SEARCH;
            if found.tables != Tables::All || pending(db, &found).iter().any(is_required) {
                return Err(Error::Internal(
                    "its tables are not complete, and behind PgBouncer none can be made: run chatoxide migrate with a \
                     DATABASE_URL of PostgreSQL itself"
                        .to_owned(),
                ));
            }
            Migrated { ran: 0, found }
        }
        (Db::Pg { pool, .. }, DatabaseUrl::Postgres(url)) => {
            // The connection leaves the pool for good: dropping it rolls back.
            migrate_postgres(db, pool.get().await?.detach(), (url, config), makes_tables).await?
        }
        (Db::Lite { writer, .. }, DatabaseUrl::Sqlite(path)) => {
            // A file that is refused is not even opened for writing.
            ensure(&Catalog::read(db, config).await?, makes_tables, 0)?;
            make_folder(path)?;
            migrate_sqlite(db, writer.get().await?.detach(), path.clone(), makes_tables).await?
        }
        _ => return Err(Error::Internal("the pool is not of the configured database".to_owned())),
    };
    check_own_tables(db).await.map_err(|error| match error {
        Error::Internal(why) => Error::Internal(format!("chatoxide's own tables cannot be read: {why}")),
        other => other,
    })?;
    facts::check(db, clock::now()).await?;
    db.facts().note_private_readers(user_settings::has_private_readers(db).await?);
    db.facts().note_search(super::search::is_available(db).await?);
    match repair_heads(db).await {
        Ok(0) => {}
        Ok(rooms) => {
            tracing::warn!(
                rooms,
                "the heads of rooms' logs were missing or behind the logs, and were repaired"
            )
        }
        // A failed repair is not fatal: with very long logs it may time out, and most heads are right.
        Err(error) => {
            tracing::warn!(
                cause = error.cause(),
                "the heads of rooms' logs could not be compared with the logs"
            )
        }
    }
    Ok(Migrated { found: migrated.found.with_settings(config), ..migrated })
}

/// Returns the pending migrations.
pub fn pending(db: &Db, found: &Catalog) -> Vec<String> {
    fn versions<DB: diesel::backend::Backend>(migrations: EmbeddedMigrations) -> Vec<String> {
        let migrations = MigrationSource::<DB>::migrations(&migrations).unwrap_or_default();
        migrations.iter().map(|migration| migration.name().version().to_string()).collect()
    }
    let mut all = match db {
        Db::Pg { .. } => versions::<Pg>(POSTGRES),
        Db::Lite { .. } => versions::<Sqlite>(SQLITE),
    };
    all.retain(|version| !found.applied.contains(version));
    all
}

/// Returns the pending migrations, without that of the search index if this role may make no tables: the database is then
/// served without it.
pub fn required(db: &Db, found: &Catalog, makes_tables: bool) -> Vec<String> {
    let mut pending = pending(db, found);
    if pending == [SEARCH] && found.lack(makes_tables, true).is_some() {
        pending.clear();
    }
    pending
}

fn ensure(found: &Catalog, makes_tables: bool, pending: usize) -> Result<()> {
    found.obstacle(makes_tables, pending > 0).map_or(Ok(()), |why| Err(Error::Internal(why)))
}

async fn migrate_postgres(
    db: &Db,
    mut connection: AsyncPgConnection,
    (url, config): (&PostgresUrl, &Config),
    makes_tables: bool,
) -> Result<Migrated> {
    type Transaction = <AsyncPgConnection as AsyncConnection>::TransactionManager;
    // This timeout is for a database that does not answer at all: it ends after PostgreSQL's own lock timeout.
    let look = async {
        Transaction::begin_transaction(&mut connection).await?;
        connection.batch_execute(&lock_statements(db.timeout())).await?;
        Catalog::read_postgres(&mut connection, url).await
    };
    let found = timeout(db.timeout() * 2, look).await.map_err(|_| {
        let why = db.no_answer_within(db.timeout() * 2);
        Error::Unavailable(format!("{why} when its tables are looked at"))
    })??;
    let found = found.with_settings(config);
    let pending = required(db, &found, makes_tables).len();
    ensure(&found, makes_tables, pending)?;
    let makes = found.tables.missing();
    if !makes.is_empty() {
        make_schema(&mut connection, &url.schema).await?;
    }
    for table in TABLES.iter().filter(|table| makes.contains(&table.name)) {
        connection.batch_execute(table.postgres).await?;
    }
    if pending > 0 {
        make_schema(&mut connection, "chatoxide").await?;
        connection.batch_execute("SET LOCAL search_path = chatoxide").await?;
        let mut harness = AsyncMigrationHarness::new(connection);
        run_pending(&mut harness, POSTGRES)?;
        connection = harness.into_inner();
    }
    Transaction::commit_transaction(&mut connection).await?;
    Ok(Migrated { ran: pending, found })
}

/// The write lock is taken before the catalog is read: nodes that start at the same time take turns.
async fn migrate_sqlite(
    db: &Db,
    mut connection: Lite,
    path: PathBuf,
    makes_tables: bool,
) -> Result<Migrated> {
    // Another program may also hold the write lock.
    let wait_for_turn = format!("PRAGMA busy_timeout = {}", db.timeout().as_millis());
    connection.batch_execute(&wait_for_turn).await?;
    let db = db.clone();
    let migrate = move |c: &mut SqliteConnection| -> Result<Migrated> {
        let found = Catalog::read_sqlite(c, &path)?;
        ensure(&found, makes_tables, 0)?;
        let makes = found.tables.missing();
        for table in TABLES.iter().filter(|table| makes.contains(&table.name)) {
            SimpleConnection::batch_execute(c, table.sqlite)?;
        }
        let pending = pending(&db, &found).len();
        if pending > 0 {
            run_pending(c, SQLITE)?;
        }
        Ok(Migrated { ran: pending, found })
    };
    connection.spawn_blocking(move |c| Ok(c.immediate_transaction(migrate))).await?
}

/// Creates a schema unless it exists. For an existing one the right to create schemas is not needed.
async fn make_schema(connection: &mut AsyncPgConnection, name: &str) -> Result<()> {
    let there: i64 = sql::<BigInt>("SELECT count(*) FROM pg_namespace WHERE nspname = ")
        .bind::<Text, _>(name)
        .get_result(connection)
        .await?;
    if there == 0 {
        let quoted = name.replace('"', "\"\"");
        connection.batch_execute(&format!("CREATE SCHEMA \"{quoted}\"")).await?;
    }
    Ok(())
}

fn make_folder(path: &Path) -> Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder)
            .map_err(|error| Error::Unavailable(format!("{}: {error}", folder.display()))),
        _ => Ok(()),
    }
}

fn run_pending<DB: diesel::backend::Backend>(
    harness: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<()> {
    harness.run_pending_migrations(migrations).map(drop).map_err(|error| {
        let text = format!("migration failed: {error}");
        if blockers::waited_for_lock(&text) { Error::Unavailable(text) } else { Error::Internal(text) }
    })
}

/// Runs a SELECT without rows on our own tables, so that a missing right is found at the start and not by a user.
pub async fn check_own_tables(db: &Db) -> Result<()> {
    use chrono::NaiveDateTime;
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    macro_rules! select_none {
        ($c:ident, $($table:path => $row:ty),+ $(,)?) => {{
            $({
                use $table as table;
                let _: Vec<$row> = RunQueryDsl::load(table::table.limit(0), $c).await?;
            })+
        }};
    }
    super::on!(db.readers, c => {
        select_none!(c,
            own::room_head => (String, i64, NaiveDateTime, i64),
            own::room_log => (String, i64, String, String, String, Option<String>, Option<String>, NaiveDateTime),
            own::mention => (String, String, String, String, String, NaiveDateTime),
            own::mention_marker => (String, NaiveDateTime),
            own::thread => (String, String, i64, i64, String, String, String, NaiveDateTime),
            own::thread_follower => (String, String, String, Option<bool>, NaiveDateTime, String),
            own::thread_reply => (String, String, String, String, bool, bool, NaiveDateTime),
            own::read_marker => (String, String, i64, NaiveDateTime, bool, Option<NaiveDateTime>, Option<String>),
            own::user_setting => (String, bool, bool),
            own::user_presence => (
                String, Option<NaiveDateTime>, Option<String>, Option<String>, Option<NaiveDateTime>,
            ),
            own::delivery_marker => (String, String, i64),
            own::room_detail => (String, Option<String>, Option<String>),
            own::room_digest => (String, i64, i64, bool, i64),
        )
    })
}
