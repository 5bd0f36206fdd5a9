//! A connection to PostgreSQL without diesel, for the log's writer.

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

/// Makes each statement's plan once. PostgreSQL would plan an append for the values of each batch, which takes it longer than
/// to execute it; and a plan that is kept must not be one for tables that were small when it was made.
pub(super) const KEEP_PLANS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; \
                          SET enable_mergejoin = off";

/// How long the writer waits for the head of a room's log that another transaction has locked, unless the database limits it already.
/// Meanwhile nothing is written in any room. `is_local`: for the transaction at hand.
pub(super) fn limit_lock_waits(timeout: Duration, is_local: bool) -> String {
    let patience = (timeout / 4).as_millis();
    format!(
        "SELECT set_config('lock_timeout', '{patience}ms', {is_local}) WHERE current_setting('lock_timeout') = '0'"
    )
}

/// The way to a connection without diesel.
pub struct Direct {
    pub(super) url: String,
    pub(super) tls: Option<MakeRustlsConnect>,
    /// The statements that set what holds for a session.
    pub(super) session: String,
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

/// A connection without diesel. Dropped in the middle of a statement, it has PostgreSQL cancel that.
pub struct DirectClient {
    client: Client,
    canceller: Canceller,
    /// Statements that were sent and not answered.
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

    /// Several statements, whose rows are not looked at.
    pub(super) async fn batch_execute(&self, text: &str) -> Result<(), tokio_postgres::Error> {
        self.answer(self.client.batch_execute(text)).await
    }

    /// A statement that is not prepared.
    pub(super) async fn query_typed(
        &self,
        text: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, tokio_postgres::Error> {
        self.answer(self.client.query_typed(text, parameters)).await
    }

    /// Returns the number of rows.
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

/// Runs the connection until its client is dropped, or it breaks: then its client is told of it.
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
