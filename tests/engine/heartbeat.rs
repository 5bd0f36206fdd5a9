//! Pings follow the interval that the handshake announces, from the first one on.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use futures_util::SinkExt;
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

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
async fn a_pong_right_behind_the_upgrade_packet_counts() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server =
        TestServer::start_with(database, &["--ping-interval", "200", "--ping-timeout", "1500"]).await;
    let carol = Polling::connect(server.address(), &server.token("carol")).await;
    while !carol.poll().await.iter().any(|packet| packet == "2") {}
    let mut websocket = carol.websocket().await;
    websocket.send("2probe").await;
    assert_eq!(websocket.next().await.as_deref(), Some("3probe"));
    let stream = websocket.stream();
    for packet in ["5", "3"] {
        stream.feed(Message::text(packet)).await.unwrap();
    }
    stream.flush().await.unwrap();
    // Were it lost, the session would end.
    for _ in 0..2 {
        assert_eq!(websocket.next().await.as_deref(), Some("2"));
        websocket.send("3").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packet_after_a_ping_extends_the_pong_timeout_on_each_transport() {
    const TIMEOUT: Duration = Duration::from_millis(3_000);
    const LEAVE: &str = r#"420["room:leave","nowhere"]"#;
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server =
        TestServer::start_with(database, &["--ping-interval", "200", "--ping-timeout", "3000"]).await;
    let sign_in = format!("40{}", json!({"token": server.token("carol")}));

    let over_websocket = async {
        let mut websocket = Websocket::open(server.address(), "").await;
        websocket.send(&sign_in).await;
        while websocket.next().await.as_deref() != Some("2") {}
        let silence = timeout(TIMEOUT / 10, websocket.next()).await;
        assert!(silence.is_err(), "{silence:?}");
        let sent = Instant::now();
        websocket.send(LEAVE).await;
        while websocket.next().await.is_some() {}
        assert!(sent.elapsed() >= TIMEOUT, "{:?}", sent.elapsed());
    };
    let over_polling = async {
        let polling = Polling::open(server.address()).await;
        polling.post(&sign_in).await;
        while !polling.poll().await.contains(&"2".to_owned()) {}
        let silence = timeout(TIMEOUT / 10, pending::<()>()).await;
        assert!(silence.is_err());
        let sent = Instant::now();
        polling.post(LEAVE).await;
        while !polling.poll().await.contains(&"1".to_owned()) {}
        assert!(sent.elapsed() >= TIMEOUT, "{:?}", sent.elapsed());
    };
    tokio::join!(over_websocket, over_polling);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_misses_a_pong_is_closed_on_each_transport() {
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
