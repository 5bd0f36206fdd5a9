//! Brings the database to today's shape. On PostgreSQL everything of ours, bookkeeping included, goes into schema
//! `chatoxide`; the original's tables are made only where they are missing.

use std::path::Path;

use diesel::{
    dsl::sql,
    sql_types::{BigInt, Text},
};
use diesel_async::{AsyncMigrationHarness, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::{Db, facts, schema};
use crate::{
    clock,
    config::{Config, DatabaseUrl},
    error::{Error, Result},
};

const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// Any number: what nodes that start at the same time take turns on.
const ADVISORY_LOCK: &str = "SELECT pg_advisory_lock(7163540178)";

/// Runs what has not run yet and checks that the tables are as expected. Returns how many migrations ran.
pub async fn run(db: &Db, config: &Config) -> Result<usize> {
    let ran = match (db, &config.database) {
        // Only looked at: see `check_tables` below.
        (Db::Pg { .. }, DatabaseUrl::Postgres(url)) if url.pgbouncer => 0,
        (Db::Pg { pool, .. }, DatabaseUrl::Postgres(url)) => {
            // Taken out of the pool for good: its search path is changed.
            let mut connection = pool.get().await?.detach();
            // A migration may take longer than a request.
            connection.batch_execute("RESET statement_timeout").await?;
            connection.batch_execute(ADVISORY_LOCK).await?;
            make_schema(&mut connection, &url.schema).await?;
            make_schema(&mut connection, "chatoxide").await?;
            connection.batch_execute("SET search_path = chatoxide").await?;
            diesel::sql_query("SELECT set_config('chatoxide.original_schema', $1, false)")
                .bind::<Text, _>(&url.schema)
                .execute(&mut connection)
                .await?;
            pending(AsyncMigrationHarness::new(connection), POSTGRES)?
        }
        (Db::Lite { writer, .. }, DatabaseUrl::Sqlite(path)) => {
            make_folder(path)?;
            pending(AsyncMigrationHarness::new(writer.get().await?.detach()), SQLITE)?
        }
        _ => return Err(Error::Internal("the pool is not of the configured database".to_owned())),
    };
    check_tables(db).await.map_err(|error| match error {
        Error::Internal(why) => Error::Internal(format!("its tables are not as expected: {why}")),
        other => other,
    })?;
    facts::check(db, clock::now()).await?;
    Ok(ran)
}

/// Makes a schema that is not there. One that is there needs no right to make any.
async fn make_schema(connection: &mut AsyncPgConnection, name: &str) -> Result<()> {
    let there: i64 = sql::<BigInt>("SELECT count(*) FROM pg_namespace WHERE nspname = ")
        .bind::<Text, _>(name)
        .get_result(connection)
        .await?;
    if there == 0 {
        let quoted = name.replace('"', "\"\"");
        connection.batch_execute(&format!("CREATE SCHEMA IF NOT EXISTS \"{quoted}\"")).await?;
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

fn pending<DB: diesel::backend::Backend>(
    mut harness: impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> Result<usize> {
    let ran = harness
        .run_pending_migrations(migrations)
        .map_err(|error| Error::Internal(format!("migration failed: {error}")))?;
    Ok(ran.len())
}

/// Selects no rows from every table, so that a database of another shape is found at the start and not by a user.
pub async fn check_tables(db: &Db) -> Result<()> {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    macro_rules! select_none {
        ($c:ident, $($table:path => $row:ty),+ $(,)?) => {{
            use $crate::db::types::{JsonRow, MessageTypeRow, RoomTypeRow};
            use chrono::NaiveDateTime;
            $({
                use $table as table;
                let _: Vec<$row> = RunQueryDsl::load(table::table.limit(0), $c).await?;
            })+
        }};
    }
    super::on!(db.readers, c => {
        select_none!(c,
            schema::users => (String, String, String, Option<String>, NaiveDateTime),
            schema::rooms => (String, String, RoomTypeRow, NaiveDateTime),
            schema::messages => (
                String, String, String, String, MessageTypeRow, JsonRow, Option<String>, NaiveDateTime, Option<NaiveDateTime>
            ),
            schema::reactions => (String, String, String, String),
            schema::room_members => (String, String),
            own::room_head => (String, i64, NaiveDateTime),
            own::room_log => (String, i64, String, String, String, Option<String>, Option<String>, NaiveDateTime),
            own::read_marker => (String, String, i64, NaiveDateTime),
        )
    })
}
