//! A database or a Redis that cannot be reached: the error of `serve` and the server's log name its address, and never the
//! password.

use std::{net::TcpListener, time::Duration};

use deadpool_redis::redis::AsyncCommands;
use serde_json::{Value, json};

use super::{
    logs::{Logged, lines},
    program::run,
};
use crate::support::{Backend, Client, proxy::Proxy, redis::fresh_redis, server::token, until};

const SECRET: &str = "a secret of more than thirty-two bytes";

#[tokio::test]
async fn a_database_that_is_down_at_the_start_ends_the_server_with_an_error_that_names_its_address() {
    let folder = tempfile::tempdir().unwrap();
    // One takes connections, which the system does by itself, and never says anything. The other is not there.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let away = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    for address in [silent.local_addr().unwrap(), away] {
        let url = format!("postgresql://u:hidden@{address}/x");
        let more = ["--database-url", &url, "--database-timeout", "100", "--jwt-secret", SECRET];
        for arguments in [&more[..], &[&["serve"], &more[..]].concat()] {
            let (code, printed, error) = run(folder.path(), arguments).await;
            assert_eq!((code, printed.as_str()), (1, ""), "{error}");
            let line = error.lines().last().unwrap();
            let cause = line.rsplit("***@").next().unwrap().split_once(": ").unwrap().1;
            assert!(
                line.starts_with("error: the database ") && cause.contains(&address.to_string()),
                "{error}"
            );
            assert!(!error.contains("hidden"), "{error}");
        }
    }
}

/// The line of the log that says that Redis is unavailable.
fn unavailable(log: &str) -> Value {
    let is_it =
        |line: &Value| line["fields"]["message"].as_str().unwrap().starts_with("Redis is unavailable");
    let mut told: Vec<Value> = lines(log).into_iter().filter(is_it).collect();
    assert_eq!(told.len(), 1, "{log}");
    told.remove(0)["fields"].take()
}

async fn start(redis_url: &str) -> (Logged, Client, Value) {
    let settings = [("RUST_LOG", "warn"), ("LOG_FORMAT", "json"), ("REDIS_URL", redis_url)];
    let server = Logged::start(Backend::Sqlite, &settings).await;
    let mut alice = Client::connect(server.address, &token("alice")).await.unwrap();
    let room = alice.ask("room:create", json!({"name": "General"})).await["room"]["id"].take();
    (server, alice, room)
}

#[tokio::test]
async fn a_redis_that_is_not_there_is_logged_with_its_address() {
    let away = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let (server, mut alice, room) = start(&format!("redis://u:hidden@{away}")).await;
    alice.say(room.as_str().unwrap(), "said").await;
    let log = server.end().await;
    assert_eq!(unavailable(&log)["redis"], away.to_string(), "{log}");
    assert!(!log.contains("hidden"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_goes_away_is_logged_with_its_address() {
    let (url, redis) = fresh_redis().await;
    let proxy = Proxy::start(&url, Duration::ZERO).await;
    let through = proxy.url(&url);
    let (server, mut alice, room) = start(&through).await;
    alice.say(room.as_str().unwrap(), "written").await;
    let key = format!("chat:messages:{}", room.as_str().unwrap());
    until("the list", async || redis.clone().exists::<_, bool>(&key).await.unwrap().then_some(())).await;
    proxy.close();
    alice.say(room.as_str().unwrap(), "not written").await;
    let log = server.end().await;
    let address = through.trim_start_matches("redis://").split('/').next().unwrap();
    assert_eq!(unavailable(&log)["redis"], address, "{log}");
}
