//! A Redis database for one test.

use deadpool_redis::redis::{self, AsyncCommands, aio::MultiplexedConnection};

use super::required;

/// Its URL, and a connection to it.
pub async fn fresh_redis() -> (String, MultiplexedConnection) {
    let server = required("TEST_REDIS_URL");
    // The client tests count there too.
    let mut counter = try_connect(&format!("{server}/0")).await.unwrap();
    let index: u32 = counter.incr("databases", 1).await.unwrap();
    let url = format!("{server}/{index}");
    let connection = try_connect(&url).await.unwrap();
    (url, connection)
}

pub async fn try_connect(url: &str) -> Option<MultiplexedConnection> {
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.ok()
}
