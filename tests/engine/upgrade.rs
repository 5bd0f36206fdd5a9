//! The upgrade from polling to a websocket: a failed one harms nothing, and a successful one loses nothing.

use futures_util::{FutureExt, SinkExt};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::Message;

use super::alice_and_carol;
use crate::support::{
    Backend, Client, TestServer,
    http::{self, Polling},
    soon,
};

/// Checks that messages pass between alice and carol's polling session in both directions.
async fn talk(alice: &mut Client, carol: &Polling, content: &str) {
    alice.say("general", content).await;
    let heard = carol.packets_until("42[\"message:new\"").await;
    assert!(heard.iter().any(|packet| packet.contains(content)), "{heard:?}");
    let send = json!(["message:send", {"roomId": "general", "content": format!("re: {content}")}]);
    assert_eq!(carol.post(&format!("42{send}")).await.status, 200);
    carol.packets_until("42[\"message:new\"").await;
    loop {
        if alice.hear("message:new").await["content"] == format!("re: {content}") {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_that_fails_leaves_polling_as_it_was_and_another_may_be_tried() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    for (name, packets) in [
        ("closed at once", &[][..]),
        ("no probe", &["2wrong"]),
        ("an event instead", &["42[\"room:leave\",\"general\"]"]),
        ("closed after the probe", &["2probe"]),
        ("something else after the probe", &["2probe", "42[\"room:leave\",\"general\"]"]),
    ] {
        let mut websocket = carol.websocket().await;
        for packet in packets {
            websocket.send(packet).await;
        }
        if packets.first() == Some(&"2probe") {
            assert_eq!(websocket.next().await.as_deref(), Some("3probe"));
        }
        if packets.len() < 2 && packets != ["2wrong"] {
            websocket.stream().close(None).await.unwrap();
        } else {
            assert_eq!(websocket.next().await, None, "{name}");
        }
        drop(websocket);
        talk(&mut alice, &carol, name).await;
    }
    let mut websocket = carol.websocket().await;
    websocket.send("2probe").await;
    assert_eq!(websocket.next().await.as_deref(), Some("3probe"));
    websocket.send("5").await;
    let ack = websocket.ask("message:send", &json!({"roomId": "general", "content": "at last"})).await;
    assert_eq!(ack["success"], true, "{ack}");
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_wait_and_deliver_as_long_as_the_websocket_is_silent() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    let _silent = carol.websocket().await;
    // The upgrade is under way for the server once a second one beside it is refused.
    let mut second = carol.websocket().await;
    assert_eq!(second.next().await, None);
    for round in 0..3 {
        let mut poll = Box::pin(carol.poll());
        assert!(poll.as_mut().now_or_never().is_none());
        let content = format!("round {round}");
        let (heard, _) = tokio::join!(poll, alice.say("general", &content));
        // Each poll is answered by what was said, not by a noop.
        assert!(heard.iter().any(|packet| packet.contains(&content)), "{heard:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_poll_is_released_by_one_noop_after_the_probe() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    let poll = tokio::spawn({
        let (address, path) = (carol.address, carol.path.clone());
        async move { http::get(address, &path).await.body }
    });
    let mut websocket = carol.websocket().await;
    websocket.send("2probe").await;
    assert_eq!(websocket.next().await.as_deref(), Some("3probe"));
    assert_eq!(poll.await.unwrap(), "6");
    // A client whose websocket passes packets one way only goes on polling: what is said comes before the next noop or with
    // it, and never is a poll answered at once for nothing.
    let begun = std::time::Instant::now();
    let mut noops = 0;
    while begun.elapsed().as_millis() < 1_500 {
        assert_eq!(carol.poll().await, ["6"]);
        noops += 1;
    }
    assert!(noops <= 6, "{noops} polls were let go");
    alice.say("general", "still polling").await;
    let heard = carol.packets_until("42[\"message:new\"").await;
    assert!(heard.iter().any(|packet| packet.contains("still polling")), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_that_no_poll_has_taken_come_over_the_websocket_in_order() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    let mut websocket = carol.websocket().await;
    websocket.send("2probe").await;
    assert_eq!(websocket.next().await.as_deref(), Some("3probe"));
    for number in 0..20 {
        alice.say("general", &format!("before {number}")).await;
    }
    // Packets that follow the upgrade packet in the same write are not lost either.
    let stream = websocket.stream();
    stream.feed(Message::text("5")).await.unwrap();
    stream.feed(Message::text(r#"420["typing:start","general"]"#)).await.unwrap();
    stream.feed(Message::text(r#"42["q\"uote"]"#)).await.unwrap();
    stream.flush().await.unwrap();
    alice.hear("typing:user").await;
    for number in 0..20 {
        alice.say("general", &format!("after {number}")).await;
    }
    let mut heard = Vec::new();
    while heard.len() < 40 {
        let packet = websocket.next().await.unwrap();
        if let Some(event) = packet.strip_prefix("42[\"message:new\",") {
            let message: serde_json::Value = serde_json::from_str(event.strip_suffix(']').unwrap()).unwrap();
            heard.push(message["content"].as_str().unwrap().to_owned());
        }
    }
    let expected = ["before", "after"].map(|when| (0..20).map(move |number| format!("{when} {number}")));
    assert_eq!(heard, Vec::from_iter(expected.into_iter().flatten()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgraded_session_takes_neither_polls_nor_another_websocket() {
    let (_server, _alice, carol) = alice_and_carol().await;
    let mut websocket = carol.websocket().await;
    websocket.send("2probe").await;
    websocket.next().await;
    websocket.send("5").await;
    let ack = websocket.ask("room:presence", &json!("general")).await;
    assert_eq!(ack["success"], true, "{ack}");

    let bad = json!({"code": 3, "message": "Bad request"});
    let poll = http::get(carol.address, &carol.path).await;
    assert_eq!((poll.status, poll.json()), (400, bad.clone()));
    let post = carol.post(r#"42["room:leave","general"]"#).await;
    assert_eq!((post.status, post.json()), (400, bad));
    let mut other = carol.websocket().await;
    other.send("2probe").await;
    assert_eq!(other.next().await, None);
    let ack = websocket.ask("room:presence", &json!("general")).await;
    assert!(ack["users"].as_array().unwrap().contains(&json!("carol")), "{ack}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_websocket_beside_a_probe_is_refused_at_once_and_leaves_the_first_alone() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    let mut first = carol.websocket().await;
    first.send("2probe").await;
    assert_eq!(first.next().await.as_deref(), Some("3probe"));
    for _ in 0..2 {
        let mut another = carol.websocket().await;
        another.send("2probe").await;
        assert_eq!(another.next().await, None);
    }
    first.send("5").await;
    alice.say("general", "to the first").await;
    while !first.next().await.expect("the first was closed").contains("to the first") {}
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgraded_session_can_be_ended() {
    let server = TestServer::start(Backend::Sqlite).await;
    let polling = Polling::open(server.address()).await;
    let mut websocket = polling.websocket().await;
    websocket.send("2probe").await;
    assert_eq!(websocket.next().await.as_deref(), Some("3probe"));
    websocket.send("5").await;
    for _ in 0..3 {
        websocket.send(r#"40{"token":"let me in"}"#).await;
        assert!(websocket.next().await.unwrap().starts_with("44"));
    }
    assert_eq!(websocket.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_sent_with_the_websocket_request_are_not_lost() {
    let server = TestServer::start(Backend::Sqlite).await;
    let request = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let sign_in = format!("40{}", json!({"token": server.token("alice")}));
    let mut bytes = request.as_bytes().to_vec();
    // A text under a mask of zeros.
    bytes.extend([0x81, 0x80 | 126]);
    bytes.extend(u16::try_from(sign_in.len()).unwrap().to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(sign_in.as_bytes());
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    let mut heard = Vec::new();
    while !String::from_utf8_lossy(&heard).contains("40{\"sid\"") {
        assert!(soon("the answer", stream.read_buf(&mut heard)).await.unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_wait_again_after_a_failed_probe() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    let mut websocket = carol.websocket().await;
    websocket.send("2probe").await;
    assert_eq!(websocket.next().await.as_deref(), Some("3probe"));
    assert_eq!(carol.poll().await, ["6"]);
    websocket.send("2wrong").await;
    assert_eq!(websocket.next().await, None);
    // Long enough for several polls to be let go, if they still were.
    let mut poll = tokio::spawn({
        let (address, path) = (carol.address, carol.path.clone());
        async move { http::get(address, &path).await.body }
    });
    let still_waiting = tokio::time::timeout(std::time::Duration::from_millis(1_000), &mut poll);
    assert!(still_waiting.await.is_err());
    alice.say("general", "something").await;
    assert!(poll.await.unwrap().contains("something"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_during_the_probe_takes_no_websocket() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    let mut websocket = carol.websocket().await;
    websocket.send("2probe").await;
    assert_eq!(websocket.next().await.as_deref(), Some("3probe"));
    assert_eq!(carol.post("1").await.status, 200);
    alice.hear("room:user-left").await;
    websocket.send("5").await;
    assert_eq!(websocket.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn posted_packets_come_before_those_after_the_upgrade_packet() {
    let (_server, mut alice, carol) = alice_and_carol().await;
    let send = |number: i32| {
        let argument = json!({"roomId": "general", "content": number.to_string()});
        format!("42{}", json!(["message:send", argument]))
    };
    let mut websocket = carol.websocket().await;
    websocket.send("2probe").await;
    assert_eq!(websocket.next().await.as_deref(), Some("3probe"));
    let posted: Vec<String> = (0..50).map(send).collect();
    assert_eq!(carol.post(&posted.join("\u{1e}")).await.status, 200);
    let stream = websocket.stream();
    stream.feed(Message::text("5")).await.unwrap();
    stream.feed(Message::text(send(50))).await.unwrap();
    stream.flush().await.unwrap();
    for number in 0..=50 {
        assert_eq!(alice.hear("message:new").await["content"], number.to_string());
    }
}
