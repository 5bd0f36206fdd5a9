//! Adds the triggers that watch a team's tables, and removes them.

use std::time::Duration;

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Bool, Nullable, Text},
};
use diesel_async::{
    AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection, TransactionManager,
};
use sha2::{Digest, Sha256};

use crate::{
    chat::{Error, Result},
    config::PostgresUrl,
    db::{
        Db, blockers,
        catalog::{Finding, Severity, TABLES},
        facts, on_lease,
        room_log::NOTE,
        threads::{RECOUNT_PG, SETTLE_PG},
    },
};

const INSTALL: &str = include_str!("install.sql");

/// Removes the triggers by the functions that they call.
const REMOVE_TRIGGERS: &str = r"DO $watch$
DECLARE
    name regprocedure;
BEGIN
    FOR name IN SELECT oid FROM pg_proc WHERE pronamespace = to_regnamespace('chatoxide')
        AND proname IN ('watch_message', 'watch_reaction', 'watch_access', 'watch_truncate')
    LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', name);
    END LOOP;
END $watch$";

/// Logs what was left at commits, and removes the rest.
const REMOVE_REST: &str = r"DO $watch$
DECLARE
    name regprocedure;
BEGIN
    IF to_regprocedure('chatoxide.watch_take_left()') IS NOT NULL THEN
        PERFORM chatoxide.watch_take_left();
    END IF;
    DROP TABLE IF EXISTS chatoxide.watch_change;
    FOR name IN SELECT oid FROM pg_proc WHERE pronamespace = to_regnamespace('chatoxide') AND proname ~ '^watch_' LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', name);
    END LOOP;
END $watch$";

/// Attempts to lock the tables. Whoever uses a table waits while somebody waits to lock it, so each attempt is short.
/// PostgreSQL waits longer before it looks for a deadlock, which could end another program's transaction.
const ATTEMPTS: usize = 20;
const ATTEMPT: Duration = Duration::from_millis(500);

/// The finding if the triggers are not those that this version would add.
pub fn outdated() -> Finding {
    let text =
        "the triggers that watch it are of another version or not complete, or its tables have changed";
    Finding::new(Severity::Notice, text)
        .consequence("other programs' changes may be found only by comparison, or fail")
        .mend("chatoxide migrate --watch")
}

/// Whether the tables are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Unwatched,
    /// Another version has added the triggers, or the tables have changed since, or a trigger is missing.
    Outdated,
    Watched,
}

#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = Bool)]
    is_any: bool,
    #[diesel(sql_type = Bool)]
    is_all: bool,
    #[diesel(sql_type = Nullable<Text>)]
    fingerprint: Option<String>,
}

/// `$2`: the number of functions. The triggers need all of them: without one, other programs' changes fail.
const STATE: &str = r"
    SELECT count(*) > 0 AS is_any, count(*) = 10 AND $2 = (
            SELECT count(*) FROM pg_proc JOIN pg_namespace AS own ON own.oid = pronamespace
            WHERE own.nspname = 'chatoxide' AND proname ~ '^watch_'
        ) AND EXISTS (
            SELECT FROM pg_class AS change JOIN pg_namespace AS own ON own.oid = change.relnamespace
            JOIN pg_trigger AS at_commit ON at_commit.tgrelid = change.oid AND NOT at_commit.tgisinternal
            WHERE own.nspname = 'chatoxide' AND change.relname = 'watch_change'
        ) AS is_all,
        -- A role without rights in the schema may not name what is in it.
        (SELECT obj_description(pg_proc.oid, 'pg_proc') FROM pg_proc JOIN pg_namespace AS own ON own.oid = pronamespace
            WHERE own.nspname = 'chatoxide' AND proname = 'watch_log') AS fingerprint
    FROM pg_trigger JOIN pg_class AS class ON class.oid = tgrelid
    WHERE class.relnamespace = to_regnamespace($1) AND tgname ~ '^chatoxide_watch' AND tgenabled <> 'D'
        AND class.relname IN ('User', 'Room', 'Message', 'Reaction', '_RoomMembers')";

/// Reads whether the tables are watched.
pub async fn read_state(db: &Db, url: &PostgresUrl) -> Result<State> {
    let Db::Pg { pool, .. } = db else { return Ok(State::Unwatched) };
    let schema = quoted(&url.schema);
    let functions = INSTALL.matches("CREATE OR REPLACE FUNCTION chatoxide.watch_").count();
    let functions = i64::try_from(functions).unwrap_or(i64::MAX);
    let load = Box::pin(async {
        on_lease!(once readers db pool, connection => diesel::sql_query(STATE)
            .bind::<Text, _>(&schema)
            .bind::<BigInt, _>(functions)
            .get_result::<StateRow>(&mut *connection)
            .await?)
    });
    let found = db.within_timeout(load).await?;
    let is_current = found.is_all && found.fingerprint == Some(fingerprint(&script(db, url)));
    Ok(match (found.is_any, is_current) {
        (false, _) => State::Unwatched,
        (true, false) => State::Outdated,
        (true, true) => State::Watched,
    })
}

/// Adds the triggers, or replaces those of another version. The error is a sentence.
pub async fn install(db: &Db, url: &PostgresUrl) -> Result<()> {
    ensure_possible(db, url).await?;
    let script = script(db, url);
    let comment =
        format!("{script}\nCOMMENT ON FUNCTION chatoxide.watch_log(BIGINT[]) IS '{}'", fingerprint(&script));
    execute(db, &comment).await?;
    facts::refresh(db).await
}

/// Removes the triggers and all that belongs to them.
pub async fn remove(db: &Db) -> Result<()> {
    // The heads of logs are locked only when the tables no longer are: writers lock them in the other order.
    execute(db, REMOVE_TRIGGERS).await?;
    execute(db, REMOVE_REST).await?;
    facts::refresh(db).await
}

/// The statements for these tables.
fn script(db: &Db, url: &PostgresUrl) -> String {
    let columns = db.facts().columns();
    let script = columns.adapt("Message", INSTALL);
    let settle = columns.adapt("Message", SETTLE_PG).replace("\"Message\"", "{team}.\"Message\"");
    script
        .replace("{settle}", &settle)
        .replace("{recount}", RECOUNT_PG)
        .replace("{team}", &quoted(&url.schema))
        .replace("{note}", &columns.adapt("Message", NOTE))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn fingerprint(script: &str) -> String {
    Sha256::digest(script.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Runs statements in one transaction.
async fn execute(db: &Db, statements: &str) -> Result<()> {
    type Transaction = <AsyncPgConnection as AsyncConnection>::TransactionManager;
    let Db::Pg { pool, .. } = db else { return Ok(()) };
    let settings = format!(
        "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = {}; SET LOCAL client_min_messages = warning",
        ATTEMPT.min(db.timeout()).as_millis()
    );
    let mut attempts = 0;
    loop {
        // The connection leaves the pool for good: dropping it rolls back.
        let mut connection = pool.get().await?.detach();
        Transaction::begin_transaction(&mut connection).await?;
        let executed = async {
            connection.batch_execute(&settings).await?;
            connection.batch_execute(statements).await
        };
        match executed.await {
            Ok(()) => return Ok(Transaction::commit_transaction(&mut connection).await?),
            Err(error) => {
                attempts += 1;
                let error = Error::from(error);
                let is_locked = blockers::waited_for_lock(&error.cause());
                if !is_locked || attempts == ATTEMPTS {
                    return Err(blockers::explained(db, error).await);
                }
            }
        }
    }
}

#[derive(QueryableByName)]
struct TableRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_table: bool,
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Bool)]
    is_owner: bool,
    #[diesel(sql_type = Bool)]
    may_log: bool,
}

const POSSIBLE: &str = r"
    SELECT class.relname::text AS name, relkind IN ('r', 'p') AS is_table, pg_get_userbyid(relowner)::text AS owner,
        -- The functions run as the role that adds them, so a superuser's would give what the owner of the tables has not.
        pg_has_role(relowner, 'USAGE') AND (pg_get_userbyid(relowner) = current_user OR NOT EXISTS (
            SELECT FROM pg_roles WHERE rolname = current_user AND rolsuper
        )) AS is_owner,
        has_schema_privilege('chatoxide', 'CREATE') AND NOT EXISTS (
            SELECT FROM unnest(ARRAY['chatoxide.room_log', 'chatoxide.room_head']) AS own,
                unnest(ARRAY['SELECT', 'INSERT', 'UPDATE']) AS privilege
            WHERE NOT has_table_privilege(own, privilege)
        ) AS may_log
    FROM pg_class AS class WHERE class.relnamespace = to_regnamespace($1) AND class.relname = ANY ($2) ORDER BY 1";

/// Refuses views, tables of other roles, and a role that may not write to the log.
async fn ensure_possible(db: &Db, url: &PostgresUrl) -> Result<()> {
    let Db::Pg { pool, .. } = db else { return Ok(()) };
    let schema = quoted(&url.schema);
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let load = Box::pin(async {
        on_lease!(once readers db pool, connection => diesel::sql_query(POSSIBLE)
            .bind::<Text, _>(&schema)
            .bind::<Array<Text>, _>(&names)
            .load::<TableRow>(&mut *connection)
            .await?)
    });
    for table in db.within_timeout(load).await? {
        let TableRow { name, owner, .. } = &table;
        let why = if !table.is_table {
            format!(
                "\"{name}\" is a view, and only tables can be watched: without it, rooms are still compared with the \
                 database when users join them"
            )
        } else if !table.is_owner {
            format!(
                "table \"{name}\" belongs to the role \"{owner}\", and only that role may add triggers to it: run this \
                 with a DATABASE_URL of that role"
            )
        } else if !table.may_log {
            format!(
                "the role \"{owner}\", to which table \"{name}\" belongs, may not write to schema chatoxide: run GRANT \
                 USAGE, CREATE ON SCHEMA chatoxide TO \"{owner}\"; GRANT ALL ON ALL TABLES IN SCHEMA chatoxide TO \
                 \"{owner}\""
            )
        } else {
            continue;
        };
        return Err(Error::Internal(why));
    }
    Ok(())
}
