//! Connections to Redis. An error names the address, and never the password of the URL.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool_redis::{
    Connection, Hook, Manager, Pool, PoolError, Runtime,
    redis::{self, AsyncConnectionConfig, IntoConnectionInfo},
};
use tokio::time::timeout;

/// The timeout of a pipeline. After it, the pipeline may or may not have been executed.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The Redis of `REDIS_URL`, with its connection pool.
pub(super) struct Redis {
    pool: Pool,
    address: String,
}

#[derive(Debug, thiserror::Error)]
#[error("no connection to {address}: {cause}")]
pub(super) struct ConnectError {
    address: String,
    cause: String,
}

impl Redis {
    /// A new connection may lead to another run of Redis than the last one.
    pub(super) fn new(url: &str, may_have_restarted: &Arc<AtomicBool>) -> Result<Self, String> {
        let may_have_restarted = Arc::clone(may_have_restarted);
        let is_new = Hook::sync_fn(move |_, _| {
            may_have_restarted.store(true, Ordering::Release);
            Ok(())
        });
        let server = url.into_connection_info().map_err(|error| error.to_string())?;
        let address = server.addr().to_string();
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(RESPONSE_TIMEOUT));
        let manager = Manager::new_with_config(server, config).map_err(|error| error.to_string())?;
        let builder = Pool::builder(manager).runtime(Runtime::Tokio1).post_create(is_new);
        let pool = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { pool, address })
    }

    /// `host:port`, or the path of a socket.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) async fn connect(&self) -> Result<Connection, ConnectError> {
        match timeout(CONNECT_TIMEOUT, self.pool.get()).await {
            Ok(Ok(connection)) => Ok(connection),
            // The pool's own text only says that an object could not be created.
            Ok(Err(PoolError::Backend(cause))) => Err(self.error(cause.to_string())),
            Ok(Err(error)) => Err(self.error(error.to_string())),
            Err(_) => Err(self.error(format!("no answer within {CONNECT_TIMEOUT:?}"))),
        }
    }

    pub(super) async fn ping(&self) -> Result<(), ConnectError> {
        let mut connection = self.connect().await?;
        let pong: redis::RedisResult<()> = redis::cmd("PING").query_async(&mut connection).await;
        pong.map_err(|error| self.error(error.to_string()))
    }

    fn error(&self, cause: String) -> ConnectError {
        ConnectError { address: self.address.clone(), cause }
    }
}
