//! Pings come at the rhythm that the handshake tells, the first one included.

use std::time::{Duration, Instant};

use crate::support::{
    Backend, TestDatabase, TestServer,
    http::{self, Polling, Websocket},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_ping_comes_after_the_interval_on_each_transport() {
    const INTERVAL: Duration = Duration::from_millis(400);
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--ping-interval", "400"]).await;

    let begun = Instant::now();
    let mut websocket = Websocket::open(server.address(), "").await;
    assert!(websocket.next().await.unwrap().starts_with("0{"));
    for beat in 1..4 {
        assert_eq!(websocket.next().await.as_deref(), Some("2"));
        assert!(begun.elapsed() >= INTERVAL * beat);
        websocket.send("3").await;
    }
    // An answer that nobody waits for, and other packets, change nothing.
    let begun = Instant::now();
    websocket.send("3").await;
    websocket.send("6").await;
    assert_eq!(websocket.next().await.as_deref(), Some("2"));
    assert!(begun.elapsed() < INTERVAL * 2);

    let begun = Instant::now();
    let polling = Polling::open(server.address()).await;
    for beat in 1..4 {
        assert_eq!(polling.poll().await, ["2"]);
        assert!(begun.elapsed() >= INTERVAL * beat);
        polling.post("3").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_a_ping_is_closed_on_each_transport() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let quick = ["--ping-interval", "200", "--ping-timeout", "300"];
    let server = TestServer::start_with(database, &quick).await;

    let mut websocket = Websocket::open(server.address(), "").await;
    let mut packets = Vec::new();
    while let Some(packet) = websocket.next().await {
        packets.push(packet);
    }
    assert_eq!(packets.split_first().unwrap().1, ["2"]);

    let polling = Polling::open(server.address()).await;
    assert_eq!(polling.poll().await, ["2"]);
    assert_eq!(polling.poll().await, ["1"]);
    // The session is on its way out; a poll that comes before it is gone is told the same.
    loop {
        let answer = http::get(polling.address, &polling.path).await;
        if answer.status == 400 {
            break;
        }
        assert_eq!((answer.status, answer.body.as_str()), (200, "1"));
    }
}
