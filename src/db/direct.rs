//! The log writer's direct connection to PostgreSQL, without diesel.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_postgres::{
    Client, Connection, NoTls, Row, Statement,
    types::{ToSql, Type},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::pool::Canceller;

/// Makes PostgreSQL keep one generic plan for each prepared statement. It would otherwise plan an append for the values
/// of each batch, which takes longer than to execute it. Scans and joins that suit only small tables are off, because
/// the plan is kept while the tables grow.
pub(super) const KEEP_PLANS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; \
                          SET enable_mergejoin = off";

/// Sets the writer's lock timeout for the head of a room's log, unless the database has a limit already. While it
/// waits, nothing is written in any room. `is_local`: only for the current transaction.
pub(super) fn limit_lock_waits(timeout: Duration, is_local: bool) -> String {
    let lock_timeout = (timeout / 4).as_millis();
    format!(
        "SELECT set_config('lock_timeout', '{lock_timeout}ms', {is_local}) WHERE current_setting('lock_timeout') = '0'"
    )
}

/// Opens direct connections, without diesel.
pub struct Direct {
    pub(super) url: String,
    pub(super) tls: Option<MakeRustlsConnect>,
    /// The SET statements of a session.
    pub(super) session: String,
    /// A session gets notifications. Behind PgBouncer none does.
    pub(super) may_listen: bool,
    pub(super) canceller: Canceller,
}

impl Direct {
    pub(super) async fn connect(&self) -> Result<DirectClient, tokio_postgres::Error> {
        let client = match &self.tls {
            None => run(tokio_postgres::connect(&self.url, NoTls).await?),
            Some(tls) => run(tokio_postgres::connect(&self.url, tls.clone()).await?),
        };
        client.batch_execute(&self.session).await?;
        Ok(DirectClient { client, canceller: self.canceller.clone(), under_way: AtomicUsize::new(0) })
    }
}

/// A direct connection. If it is dropped in the middle of a statement, that is cancelled in PostgreSQL.
pub struct DirectClient {
    client: Client,
    canceller: Canceller,
    /// The number of statements in flight.
    under_way: AtomicUsize,
}

impl DirectClient {
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    pub(super) async fn prepare(
        &self,
        text: &str,
        types: &[Type],
    ) -> Result<Statement, tokio_postgres::Error> {
        self.answer(self.client.prepare_typed(text, types)).await
    }

    /// Runs several statements and ignores their rows.
    pub(super) async fn batch_execute(&self, text: &str) -> Result<(), tokio_postgres::Error> {
        self.answer(self.client.batch_execute(text)).await
    }

    /// Runs a statement without preparing it.
    pub(super) async fn query_typed(
        &self,
        text: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        self.answer(self.client.query_typed(text, parameters)).await
    }

    /// Runs a statement and returns the number of rows.
    pub(super) async fn execute(
        &self,
        statement: &Statement,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, tokio_postgres::Error> {
        self.answer(self.client.execute(statement, parameters)).await
    }

    async fn answer<T>(
        &self,
        answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, tokio_postgres::Error> {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        let answer = answer.await;
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        answer
    }
}

impl Drop for DirectClient {
    fn drop(&mut self) {
        if self.under_way.load(Ordering::Relaxed) > 0 {
            self.canceller.cancel_soon(self.client.cancel_token());
        }
    }
}

/// Runs the connection until its client is dropped or it breaks; in that case its client returns errors.
fn run<S, T>((client, connection): (Client, Connection<S, T>)) -> Client
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "the writer's connection to the database is gone");
        }
    });
    client
}
