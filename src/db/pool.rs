//! Connection pools that take back only connections whose work has ended. When a caller stops waiting in the middle of
//! a query or a transaction, the connection leaves the pool and its query is cancelled. Otherwise the next caller would
//! be given a connection that is still busy.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use deadpool::managed::{self, Manager, Object};
use diesel::{
    QueryResult,
    result::{DatabaseErrorKind, Error as DieselError},
};
use diesel_async::{
    AsyncPgConnection,
    pooled_connection::{AsyncDieselConnectionManager, PoolError as ConnectError},
    sync_connection_wrapper::SpawnBlocking,
};
use futures_util::{FutureExt, TryFutureExt, future::BoxFuture};
use tokio::{
    runtime::Handle,
    time::{Instant, timeout},
};
use tokio_postgres::{CancelToken, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Lite, error::no_connection, facts::Facts};
use crate::chat::Result;

/// Sends cancel requests to PostgreSQL.
#[derive(Clone)]
pub struct Canceller {
    pub tls: Option<MakeRustlsConnect>,
    /// The longest wait for PostgreSQL to accept the request.
    pub timeout: Duration,
}

impl Canceller {
    /// Returns when PostgreSQL has accepted the request, or does not answer. A query that has ended is not affected.
    pub async fn cancel(self, query: CancelToken) {
        let request = async {
            match self.tls {
                None => query.cancel_query(NoTls).await,
                Some(tls) => query.cancel_query(tls).await,
            }
        };
        match timeout(self.timeout, request).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a query could not be cancelled"),
            Err(_) => tracing::debug!("a query could not be cancelled in time"),
        }
    }

    /// Cancels in the background. Without a runtime the process is ending, and its connections end with it.
    pub fn cancel_soon(&self, query: CancelToken) {
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(self.clone().cancel(query));
        }
    }
}

/// Opens connections, and can interrupt the query that one is busy with.
pub trait Connections: Manager<Type: Send, Error = ConnectError> + 'static {
    /// Returns when the query has ended, or nothing more can be done about it.
    fn interrupt(connection: &mut Self::Type, canceller: &Canceller) -> BoxFuture<'static, ()>;
}

pub type PgConnections = AsyncDieselConnectionManager<AsyncPgConnection>;
pub type LiteConnections = AsyncDieselConnectionManager<Lite>;

impl Connections for PgConnections {
    fn interrupt(connection: &mut AsyncPgConnection, canceller: &Canceller) -> BoxFuture<'static, ()> {
        canceller.clone().cancel(connection.cancel_token()).boxed()
    }
}

impl Connections for LiteConnections {
    /// SQLite's work cannot be interrupted: it waits for a lock for less than `DATABASE_TIMEOUT`, and a transaction
    /// always runs to its end.
    fn interrupt(connection: &mut Lite, _: &Canceller) -> BoxFuture<'static, ()> {
        connection.spawn_blocking(|_| Ok(())).map(|_: QueryResult<()>| ()).boxed()
    }
}

/// Runs SQLite's blocking work on threads. A caller that stops waiting continues at once: diesel-async's own threads
/// would block the runtime's thread until the work has ended.
pub struct Threads;

impl SpawnBlocking for Threads {
    fn spawn_blocking<'a, R: Send + 'static>(
        &mut self,
        task: impl FnOnce() -> R + Send + 'static,
    ) -> BoxFuture<'a, std::result::Result<R, Box<dyn std::error::Error + Send + Sync>>> {
        tokio::task::spawn_blocking(task).map_err(Into::into).boxed()
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// A pool of connections of one kind; cheap to clone.
pub struct Pool<M: Connections> {
    pool: managed::Pool<M>,
    canceller: Canceller,
    /// Connections opened before this moment have stale plans: the tables have changed since.
    stale_before: Arc<Mutex<Option<Instant>>>,
    /// The facts that are known about the database.
    facts: Arc<Facts>,
    /// The address of the database, for errors.
    address: Arc<str>,
}

impl<M: Connections> Clone for Pool<M> {
    fn clone(&self) -> Self {
        let (pool, canceller) = (self.pool.clone(), self.canceller.clone());
        let (stale_before, facts) = (Arc::clone(&self.stale_before), Arc::clone(&self.facts));
        Self { pool, canceller, stale_before, facts, address: Arc::clone(&self.address) }
    }
}

impl<M: Connections> Pool<M> {
    pub(super) fn new(
        pool: managed::Pool<M>,
        canceller: Canceller,
        facts: Arc<Facts>,
        address: Arc<str>,
    ) -> Self {
        Self { pool, canceller, stale_before: Arc::default(), facts, address }
    }

    /// The address of the database, for errors.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Marks the plans of all open connections as stale, if this error says so. An unknown error in another language
    /// counts as one, but only once in a while, because all connections are then replaced.
    fn notes_stale(&self, error: &DieselError) -> bool {
        let mut stale_before = self.stale_before.lock().unwrap_or_else(PoisonError::into_inner);
        let was_noted = stale_before.is_some_and(|moment| moment.elapsed() < UNKNOWN_ERROR_INTERVAL);
        let is_stale =
            is_stale(error) || self.facts.speaks_other_language() && is_unknown(error) && !was_noted;
        if is_stale {
            *stale_before = Some(Instant::now());
        }
        is_stale
    }

    /// The size limit of the connection pool.
    pub fn max_size(&self) -> usize {
        self.pool.status().max_size
    }

    /// Takes a connection out of the pool. It goes back with [`Lease::finish`].
    pub async fn get(&self) -> Result<Lease<'_, M>> {
        loop {
            let got = self.pool.get().await;
            let object = got.map_err(|error| no_connection(&self.address, error))?;
            let opened = Instant::from_std(Object::metrics(&object).created);
            let stale_before = *self.stale_before.lock().unwrap_or_else(PoisonError::into_inner);
            if stale_before.is_some_and(|moment| opened < moment) {
                drop(Object::take(object));
                continue;
            }
            return Ok(Lease { pool: self, object: Some(object) });
        }
    }
}

/// A leased connection. If it is dropped before it is finished, as when its caller stops waiting, it leaves the pool
/// and its query is cancelled. Its place in the pool is free when that is done.
pub struct Lease<'a, M: Connections> {
    pool: &'a Pool<M>,
    /// None once it is finished.
    object: Option<Object<M>>,
}

impl<M: Connections> Lease<'_, M> {
    /// Returns the connection to the pool when its query has ended. True: its plans were stale, nothing was done, and
    /// the query may be retried on a new connection.
    pub fn finish<T>(mut self, result: &QueryResult<T>) -> bool {
        let is_stale = result.as_ref().is_err_and(|error| self.pool.notes_stale(error));
        if let Some(object) = self.object.take_if(|_| is_stale) {
            drop(Object::take(object));
        }
        self.object = None;
        is_stale
    }

    /// Takes the connection out of the pool for good.
    #[expect(clippy::expect_used, reason = "the connection is there as long as the lease is")]
    pub fn detach(mut self) -> M::Type {
        Object::take(self.object.take().expect(IN_USE))
    }
}

impl<M: Connections> Drop for Lease<'_, M> {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else { return };
        // Without a runtime the process is ending.
        let Ok(runtime) = Handle::try_current() else { return drop(Object::take(object)) };
        let ended = M::interrupt(&mut object, &self.pool.canceller);
        runtime.spawn(async move {
            ended.await;
            drop(Object::take(object));
        });
    }
}

const IN_USE: &str = "only finishing a connection takes it out of its lease, and consumes the lease";

impl<M: Connections> Deref for Lease<'_, M> {
    type Target = M::Type;

    #[expect(clippy::expect_used, reason = "the connection is there as long as the lease is")]
    fn deref(&self) -> &M::Type {
        self.object.as_ref().expect(IN_USE)
    }
}

impl<M: Connections> DerefMut for Lease<'_, M> {
    #[expect(clippy::expect_used, reason = "the connection is there as long as the lease is")]
    fn deref_mut(&mut self) -> &mut M::Type {
        self.object.as_mut().expect(IN_USE)
    }
}

/// The minimum interval between two unknown errors that count as stale plans.
const UNKNOWN_ERROR_INTERVAL: Duration = Duration::from_millis(200);

/// PostgreSQL's error texts for a prepared statement whose tables or types a migration has changed.
const STALE: [&str; 3] =
    ["cached plan must not change result type", "cache lookup failed for type", "type with OID"];

fn is_stale(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(_, info) => STALE.iter().any(|text| info.message().contains(text)),
        _ => false,
    }
}

/// True for an error of unknown kind, in whatever language.
fn is_unknown(error: &DieselError) -> bool {
    matches!(error, DieselError::DatabaseError(DatabaseErrorKind::Unknown, _))
}
