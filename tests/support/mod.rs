//! The support of the tests: a database for each, a server on it, and clients that speak the wire protocol.

pub mod client;
pub mod conversation;
pub mod database;
pub mod doors;
pub mod fixture;
pub mod http;
pub mod listener;
pub mod postgres;
pub mod prisma;
pub mod process;
pub mod proxy;
pub mod redis;
pub mod refusals;
pub mod server;
pub mod walk;

use std::time::Duration;

use tokio::time::MissedTickBehavior;

pub use client::Client;
pub use database::{Backend, TestDatabase, moment};
pub use listener::Listener;
pub use server::TestServer;

/// The longest that anything awaited may take. Only a failing test waits for it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Makes two tests of a story: one on SQLite, one on PostgreSQL.
macro_rules! on_both {
    ($(#[doc = $doc:literal])* async fn $name:ident($server:ident: TestServer) $story:block) => {
        $(#[doc = $doc])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn story($server: $crate::support::TestServer) $story

            #[tokio::test(flavor = "multi_thread")]
            async fn sqlite() {
                story($crate::support::TestServer::start($crate::support::Backend::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn postgres() {
                story($crate::support::TestServer::start($crate::support::Backend::Postgres).await).await;
            }
        }
    };
}
pub(crate) use on_both;

/// A variable that `make test` sets.
pub fn required(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run the tests by `make test`"))
}

/// Waits for what must happen, and says what it was if it does not.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen within {PATIENCE:?}"),
    }
}

/// Between two questions whether something has happened: others have the processor meanwhile.
const ASK_AGAIN: Duration = Duration::from_millis(2);

/// Asks again and again until the answer is there.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let mut ticks = tokio::time::interval(ASK_AGAIN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    soon(what, async {
        loop {
            ticks.tick().await;
            if let Some(value) = ask().await {
                return value;
            }
        }
    })
    .await
}
