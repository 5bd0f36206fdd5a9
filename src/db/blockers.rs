//! Names the sessions whose locks kept the server from reading or migrating its database.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};
use diesel_async::RunQueryDsl;

use super::{Db, on_lease};
use crate::chat::{Error, Result};

/// The advisory lock by which nodes that start at the same time take turns.
pub const MIGRATION_LOCK: i64 = 7_163_540_178;

/// Selects other sessions that hold a lock which the start may wait for: the turn to migrate, or an exclusive table
/// lock. For a session of another role PostgreSQL shows neither its state nor its program.
const BLOCKERS: &str = r#"
    SELECT CASE WHEN locktype = 'advisory' THEN 'the turn to migrate is held'
            ELSE 'table "' || relname || '" is locked' END
        || ' by the session of process ' || activity.pid
        || coalesce(' (' || nullif(concat_ws(', ', nullif(application_name, ''), state,
            'for ' || extract(epoch FROM date_trunc('second', clock_timestamp() - xact_start))::bigint || ' s'), '') || ')', '')
        AS text
    FROM pg_locks JOIN pg_stat_activity AS activity USING (pid)
    LEFT JOIN pg_class AS class ON class.oid = relation AND class.relkind IN ('r', 'p', 'v', 'f', 'm')
    WHERE granted AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND activity.pid <> pg_backend_pid() AND (
            locktype = 'advisory' AND (classid::bigint << 32 | objid::bigint) = $1
            OR mode IN ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock') AND relname IS NOT NULL
        )
    ORDER BY xact_start LIMIT 3"#;

#[derive(QueryableByName)]
struct Blocker {
    #[diesel(sql_type = Text)]
    text: String,
}

/// True if an error says that waiting for a lock timed out.
pub fn waited_for_lock(text: &str) -> bool {
    ["lock timeout", "statement timeout", "no answer within", "database is locked"]
        .iter()
        .any(|part| text.contains(part))
}

/// Adds to the error the names of the sessions that hold the lock, as far as they can be found.
pub async fn explained(db: &Db, error: Error) -> Error {
    let cause = match &error {
        Error::Unavailable(cause) if waited_for_lock(cause) => cause,
        _ => return error,
    };
    match list(db).await {
        Ok(blockers) if !blockers.is_empty() => {
            Error::Unavailable(format!("{cause}: {}", blockers.join("; ")))
        }
        _ => error,
    }
}

async fn list(db: &Db) -> Result<Vec<String>> {
    let Db::Pg { pool, .. } = db else {
        return Ok(vec!["another program writes to the file, and has not ended its transaction".to_owned()]);
    };
    let load = Box::pin(async {
        on_lease!(once readers db pool, connection => diesel::sql_query(BLOCKERS)
            .bind::<BigInt, _>(MIGRATION_LOCK)
            .load::<Blocker>(&mut *connection)
            .await?)
    });
    let blockers = db.within_timeout(load).await?;
    Ok(blockers.into_iter().map(|blocker| blocker.text).collect())
}
