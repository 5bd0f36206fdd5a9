//! Connections of HTTP: which make room when there are too many, what those may ask that there is no room for, and that a
//! shutdown waits for no idle one.

use serde_json::json;
use tokio::net::TcpStream;

use crate::support::{
    Backend, TestDatabase, TestServer,
    http::{self, KeepAlive, Polling},
};

/// A header time-out that no test waits for.
const NEVER: &str = "600000";

async fn start(more: &[&str]) -> TestServer {
    let database = TestDatabase::create(Backend::Sqlite).await;
    TestServer::start_with(database, &[&["--header-timeout", NEVER], more].concat()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn polling_connections_of_a_signed_in_client_are_not_closed_to_make_room() {
    let server = start(&["--max-connections", "8"]).await;
    let address = server.address();
    let stranger = Polling::open(address).await;
    let carol = Polling::connect(address, &server.token("carol")).await;
    let mut polls = KeepAlive::open(address).await;
    let mut posts = KeepAlive::open(address).await;
    let mut stranger_posts = KeepAlive::open(address).await;
    assert_eq!(stranger_posts.request("POST", &stranger.path, "6").await.status, 200);
    assert_eq!(posts.request("POST", &carol.path, r#"420["room:leave","nowhere"]"#).await.status, 200);
    assert!(polls.request("GET", &carol.path, "").await.body.starts_with("430"));
    let mut upgrade = carol.websocket().await;
    upgrade.send("2probe").await;
    assert_eq!(upgrade.next().await.as_deref(), Some("3probe"));

    let mut silent = Vec::new();
    for _ in 0..30 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    // Connections are decided on in their order: all of these were.
    assert_eq!(http::get(address, "/healthz").await.status, 200);
    stranger_posts.is_closed().await;
    assert_eq!(posts.request("POST", &carol.path, r#"421["room:leave","nowhere"]"#).await.status, 200);
    assert!(polls.request("GET", &carol.path, "").await.body.starts_with("431"));
    upgrade.send("5").await;
    assert_eq!(upgrade.ask("room:leave", &json!("nowhere")).await["success"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_above_the_limit_may_only_check_health_and_not_be_silent_for_long() {
    let server = start(&["--max-connections", "1"]).await;
    let mut alice = server.connect("alice").await;
    let mut silent = KeepAlive::open(server.address()).await;
    let mut asking = KeepAlive::open(server.address()).await;
    assert_eq!(asking.request("GET", "/healthz", "").await.status, 200);
    let mut another = KeepAlive::open(server.address()).await;
    let handshake = another.request("GET", "/socket.io/?EIO=4&transport=polling", "").await;
    assert_eq!(handshake.status, 503, "{}", handshake.body);
    silent.is_closed().await;
    asking.is_closed().await;
    alice.heard().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_ends_connections_that_wait_for_another_request() {
    let server = start(&[]).await;
    let mut idle = KeepAlive::open(server.address()).await;
    assert_eq!(idle.request("GET", "/healthz", "").await.status, 200);
    server.stop().await;
    idle.is_closed().await;
}
