//! The database: the only place that knows SQL. One file per table, row structs beside their queries.
//!
//! PostgreSQL and SQLite run the same queries: `on!` pastes a query into an arm for each, and `in_transaction!` a whole
//! transaction, so that each is type-checked for its connection without bounds on generics.

mod blockers;
pub mod catalog;
pub mod columns;
mod connect;
pub mod delivery_markers;
mod direct;
mod error;
pub mod facts;
pub mod fingerprints;
pub mod health;
mod ids;
pub mod make_room;
pub mod mentions;
pub mod message_sizes;
pub mod messages;
pub mod migrations;
mod moment;
mod pool;
mod prepared;
pub mod reactions;
pub mod read_markers;
pub mod read_positions;
pub mod readers;
pub mod room_details;
pub mod room_list;
pub mod room_log;
pub mod rooms;
mod schema;
pub mod scratch;
pub mod search;
pub mod tails;
pub mod threads;
pub mod transfer;
mod types;
pub mod unread;
pub mod user_presence;
pub mod user_settings;
pub mod users;
pub mod watch;

use std::{sync::Arc, time::Duration};

use diesel::sqlite::SqliteConnection;
use diesel_async::{AsyncPgConnection, sync_connection_wrapper::SyncConnectionWrapper};
use prometheus_client::metrics::counter::Counter;

pub use self::error::refused_by_rule;
use self::{
    direct::Direct,
    facts::Facts,
    pool::{LiteConnections, PgConnections, Pool, Threads},
};
use crate::clock;

pub(crate) type Lite = SyncConnectionWrapper<SqliteConnection, Threads>;

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub enum Db {
    /// `direct` opens the log writer's own connection; none if only one connection is allowed.
    Pg {
        pool: Pool<PgConnections>,
        direct: Option<Arc<Direct>>,
        timeout: Duration,
        statements: Counter,
        facts: Arc<Facts>,
    },
    /// One connection writes and a few read: SQLite has one writer anyway, and waiting in our queue is fair.
    Lite {
        readers: Pool<LiteConnections>,
        writer: Pool<LiteConnections>,
        timeout: Duration,
        statements: Counter,
        facts: Arc<Facts>,
    },
}

impl Db {
    /// Counts the statements that are sent to the database.
    pub fn statements(&self) -> &Counter {
        let (Db::Pg { statements, .. } | Db::Lite { statements, .. }) = self;
        statements
    }

    /// Returns the facts about the database as they were last read.
    pub fn facts(&self) -> &Arc<Facts> {
        let (Db::Pg { facts, .. } | Db::Lite { facts, .. }) = self;
        facts
    }

    /// The connections that read at the same time.
    pub fn connections(&self) -> usize {
        match self {
            Db::Pg { pool, .. } => pool.max_size(),
            Db::Lite { readers, .. } => readers.max_size(),
        }
    }

    /// Returns how long a request may wait for the database.
    pub fn timeout(&self) -> Duration {
        let (Db::Pg { timeout, .. } | Db::Lite { timeout, .. }) = self;
        *timeout
    }

    /// The address of the database, for errors.
    fn address(&self) -> &str {
        match self {
            Db::Pg { pool, .. } => pool.address(),
            Db::Lite { writer, .. } => writer.address(),
        }
    }

    /// The cause of a failure for want of an answer.
    fn no_answer_within(&self, timeout: Duration) -> String {
        format!("no answer within {timeout:?} from {}", self.address())
    }

    /// Runs `work` within the time that a request may wait for the database, less the time that it has waited already.
    pub async fn within_timeout<T>(
        &self,
        work: impl Future<Output = crate::chat::Result<T>>,
    ) -> crate::chat::Result<T> {
        let timeout = self.timeout();
        match tokio::time::timeout(clock::time_left(timeout), work).await {
            Ok(result) => result,
            Err(_) => Err(crate::chat::Error::Unavailable(self.no_answer_within(timeout))),
        }
    }
}

// Futures of queries are large. Boxing them keeps the futures that await them small, so that an event without a query,
// as most are, does not pay for one.

/// Runs a query on a connection of a pool, which goes back only when the query has ended. `twice` retries it once on a
/// new connection if a migration has made the first one's plans stale: it has done nothing then. `writer`: the error
/// may come from a trigger.
macro_rules! on_lease {
    (once $kind:ident $db:ident $pool:ident, $connection:ident => $query:expr) => {{
        let mut $connection = $pool.get().await?;
        let id_types = $db.facts().id_types();
        let result: diesel::QueryResult<_> = id_types.scope(async { Ok($query) }).await;
        $connection.finish(&result);
        $crate::db::on_lease!(@explained $kind $db result)
    }};
    (@explained readers $db:ident $result:ident) => { $result.map_err(Into::into) };
    (@explained writer $db:ident $result:ident) => { $db.explained($result).await };
    (twice $kind:ident $db:ident $pool:ident, $connection:ident => $query:expr) => {{
        let mut is_retry = false;
        loop {
            let mut $connection = $pool.get().await?;
            let id_types = $db.facts().id_types();
        let result: diesel::QueryResult<_> = id_types.scope(async { Ok($query) }).await;
            let is_stale = $connection.finish(&result);
            if is_retry || !is_stale {
                break $crate::db::on_lease!(@explained $kind $db result);
            }
            is_retry = true;
        }
    }};
}
pub(crate) use on_lease;

/// Runs a query on either database: `on!(db.readers, c => query.load(c).await?)`, or `db.writer` for what changes rows.
/// Inside, `own` is the module of our own tables and `c` the connection.
macro_rules! on {
    ($db:ident . $lite_pool:ident, $c:ident => $body:expr) => {
        $db.within_timeout(Box::pin(async {
            match $db {
                $crate::db::Db::Pg { pool, .. } => {
                    #[allow(unused_imports)]
                    use $crate::db::schema::pg as own;
                    $crate::db::on_lease!(twice $lite_pool $db pool, connection => {
                        let $c = &mut *connection;
                        $body
                    })
                }
                $crate::db::Db::Lite { $lite_pool, .. } => {
                    #[allow(unused_imports)]
                    use $crate::db::schema::lite as own;
                    $crate::db::on_lease!(once $lite_pool $db $lite_pool, connection => {
                        let $c = &mut *connection;
                        $body
                    })
                }
            }
        }))
        .await
    };
}
pub(crate) use on;

/// Runs a transaction on either database. `run!(c.load(query))` inside awaits on PostgreSQL. On SQLite it is a plain
/// call, and the whole body runs on a blocking thread, so the body owns what it uses. Its value is `QueryResult<T>`.
///
/// `snapshot` reads a single snapshot of the database; `write` takes SQLite's write lock at its beginning.
macro_rules! in_transaction {
    ($d:tt $db:ident snapshot, $c:ident => $body:block) => {
        in_transaction!(@arms $d $db, readers, build_transaction_snapshot, transaction, $c => $body)
    };
    ($d:tt $db:ident write, $c:ident => $body:block) => {
        in_transaction!(@arms $d $db, writer, build_transaction_write, immediate_transaction, $c => $body)
    };
    (@arms $d:tt $db:ident, $lite_pool:ident, $pg:ident, $lite:ident, $c:ident => $body:block) => {
        $db.within_timeout(Box::pin(async {
            match $db {
                $crate::db::Db::Pg { pool, .. } => {
                    #[allow(unused_imports)]
                    use $crate::db::schema::pg as own;
                    macro_rules! run {
                        ($d connection:ident . $d method:ident ($d query:expr)) => {
                            diesel_async::RunQueryDsl::$d method($d query, $d connection).await?
                        };
                    }
                    $crate::db::on_lease!(twice $lite_pool $db pool, connection => $crate::db::$pg(&mut connection)
                        .run(async |$c: &mut diesel_async::AsyncPgConnection| -> diesel::QueryResult<_> { $body })
                        .await?)
                }
                $crate::db::Db::Lite { $lite_pool, .. } => {
                    $crate::db::on_lease!(once $lite_pool $db $lite_pool, connection => connection
                        .spawn_blocking(move |connection| {
                            #[allow(unused_imports)]
                            use {diesel::Connection as _, $crate::db::schema::lite as own};
                            macro_rules! run {
                                ($d connection:ident . $d method:ident ($d query:expr)) => {
                                    diesel::RunQueryDsl::$d method($d query, $d connection)?
                                };
                            }
                            connection.$lite(|$c| $body)
                        })
                        .await?)
                }
            }
        }))
        .await
    };
}
pub(crate) use in_transaction;

type PgTransaction<'a> = diesel_async::pg::TransactionBuilder<'a, AsyncPgConnection>;

fn build_transaction_snapshot(connection: &mut AsyncPgConnection) -> PgTransaction<'_> {
    connection.build_transaction().read_only().repeatable_read()
}

fn build_transaction_write(connection: &mut AsyncPgConnection) -> PgTransaction<'_> {
    connection.build_transaction().read_committed()
}
