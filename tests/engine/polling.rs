//! Polling, and clients that break its protocol: each ends its own session and no other.

use chatoxide::chat::room::RoomType;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{alice_and_carol, enter};
use crate::support::{
    Backend, Client, TestDatabase, TestServer,
    http::{self, Polling},
};

async fn has_left(alice: &mut Client, carol: &Polling) {
    assert_eq!(alice.hear("room:user-left").await["userId"], "carol");
    has_ended(carol).await;
}

async fn has_ended(carol: &Polling) {
    let unknown = json!({"code": 1, "message": "Session ID unknown"});
    let answer = http::get(carol.address, &carol.path).await;
    assert_eq!((answer.status, answer.json()), (400, unknown));
}

/// A poll that waits, on a connection of its own.
async fn begin_poll(carol: &Polling) -> TcpStream {
    let mut stream = TcpStream::connect(carol.address).await.unwrap();
    let request = format!("GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", carol.path);
    stream.write_all(request.as_bytes()).await.unwrap();
    // Requests that follow are answered before the poll is used: by then the poll has long been accepted.
    for _ in 0..3 {
        assert_eq!(carol.post("6").await.body, "ok");
    }
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_closes_has_left_and_its_waiting_poll_is_released() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    let mut poll = begin_poll(&carol).await;
    assert_eq!(carol.post("1").await.body, "ok");
    let mut answer = String::new();
    poll.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("\r\n\r\n6"), "{answer}");
    has_left(&mut alice, &carol).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_disconnects_during_a_poll_has_left() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    let poll = begin_poll(&carol).await;
    drop(poll);
    has_left(&mut alice, &carol).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_polls_at_once_end_the_session() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    let (one, other) =
        tokio::join!(http::get(carol.address, &carol.path), http::get(carol.address, &carol.path));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    has_left(&mut alice, &carol).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_posts_at_once_and_one_that_breaks_off_end_the_session() {
    let (server, mut alice, carol) = alice_and_carol().await;
    let head = |carol: &Polling| {
        format!("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n42[", carol.path)
    };
    let mut half = TcpStream::connect(carol.address).await.unwrap();
    half.write_all(head(&carol).as_bytes()).await.unwrap();
    // The half one is there by the time that this is refused, or one of these: each is a second one beside it.
    while carol.post("6").await.status == 200 {}
    has_left(&mut alice, &carol).await;

    let carol = enter(&server, &mut alice).await;
    let mut half = TcpStream::connect(carol.address).await.unwrap();
    half.write_all(head(&carol).as_bytes()).await.unwrap();
    drop(half);
    has_left(&mut alice, &carol).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answer_above_the_send_limit_arrives_and_a_client_that_does_not_poll_is_ended() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--send-limit", "65536"]).await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    for _ in 0..5 {
        alice.say("general", &"x".repeat(30_000)).await;
    }
    let carol = enter(&server, &mut alice).await;
    for _ in 0..20 {
        alice.say("general", &"x".repeat(30_000)).await;
    }
    loop {
        let (name, left) = alice.next().await;
        if name == "room:user-left" {
            assert_eq!(left["userId"], "carol");
            break;
        }
    }
    // Her last words wait a moment for the next poll; then there is no session.
    while http::get(carol.address, &carol.path).await.status == 200 {}
    has_ended(&carol).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_packet_ends_the_session_and_harms_nobody_else() {
    let (server, mut alice, mut carol) = alice_and_carol().await;
    for body in ["abc", "", "b!", "42[\"typing:start\",\"general\"]\u{1e}x"] {
        assert_eq!(carol.post(body).await.status, 400, "{body}");
        has_left(&mut alice, &carol).await;
        carol = enter(&server, &mut alice).await;
    }
    alice.say("general", "still here").await;
    carol.packets_until("42[\"message:new\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_without_content_are_accepted() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    assert_eq!(carol.post("6\u{1e}3\u{1e}42[\"typing:start\",\"general\"]\u{1e}5").await.body, "ok");
    alice.hear("typing:user").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_answers_are_compressed_for_those_who_ask_and_none_may_be_cached() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    for (encoding, length, compressed) in [("gzip", 5_000, true), ("gzip", 10, false), ("br", 5_000, false)] {
        alice.say("general", &"x".repeat(length)).await;
        let headers = [("Accept-Encoding", encoding)];
        let mut text = format!("GET {} HTTP/1.1\r\nHost: {}\r\n", carol.path, carol.address);
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let answer = http::exchange_bytes(carol.address, &format!("{text}Connection: close\r\n\r\n")).await;
        let head = String::from_utf8_lossy(&answer).to_lowercase();
        assert_eq!(head.contains("content-encoding: gzip"), compressed, "{encoding} {length}");
        assert_eq!(answer.len() < 2_000, compressed || length < 1_000, "{encoding} {length}");
        assert!(head.contains("cache-control: no-store"));
    }
}
