//! A client that does not read is aborted, delays nobody, and never has a gap in its stream. One that only pauses loses
//! nothing.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{Backend, Client, Listener, TestDatabase, TestServer, on_both, soon};

/// Alice is in `general`.
async fn start(more: &[&str]) -> (TestServer, Client) {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, more).await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let alice = server.connect_in("alice", "general").await;
    (server, alice)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_is_aborted_and_its_stream_has_no_gap() {
    let (server, alice) = start(&["--send-buffer", "64"]).await;
    let bob = Listener::connect(server.address(), &server.token("bob")).await;
    is_cut_off_without_a_gap(&server, alice, bob).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_after_the_upgrade_is_aborted_too() {
    let (server, alice) = start(&["--send-buffer", "64"]).await;
    let bob = Listener::upgrade(server.address(), &server.token("bob")).await;
    is_cut_off_without_a_gap(&server, alice, bob).await;
}

async fn is_cut_off_without_a_gap(server: &TestServer, mut alice: Client, mut bob: Listener) {
    bob.join("general").await;
    alice.hear("room:user-joined").await;

    // Far more than the buffers of the system between them hold.
    let content = "x".repeat(20_000);
    let mut sent = 0;
    let left = loop {
        let ack = alice.ask("message:send", json!({"roomId": "general", "content": content})).await;
        assert_eq!(ack["success"], true);
        sent += 1;
        assert!(sent < 2_000, "a reader that reads nothing is still there");
        let (name, argument) = alice.next().await;
        if name == "room:user-left" {
            break argument;
        }
    };
    assert_eq!(left["userId"], "bob");

    let mut heard = 0;
    while let Some(packet) = soon("the end", bob.hear_or_end()).await {
        if packet.event() == Some("message:new") {
            heard += 1;
            assert_eq!(packet.seq(), Some(heard));
        }
    }
    assert!(0 < heard && heard < sent, "{heard} of {sent}");
    // It comes back and is shown what it missed.
    let mut again = Listener::connect(server.address(), &server.token("bob")).await;
    let history = again.join("general").await;
    assert_eq!(history["seq"], sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_again_is_gone_after_the_ping_timeout_and_delays_nobody() {
    let (server, mut alice) = start(&["--ping-interval", "1000", "--ping-timeout", "1000"]).await;
    let (bob, _) = Listener::enter(server.address(), &server.token("bob"), "general").await;
    alice.hear("room:user-joined").await;
    // More than the system's buffers hold, less than ours: bob's writer is stuck in the middle of a packet.
    let content = "x".repeat(20_000);
    for _ in 0..200 {
        alice.say("general", &content).await;
    }
    let left = soon("bob is gone", alice.hear("room:user-left")).await;
    assert_eq!(left["userId"], "bob");
    // Nothing of him is left: the server ends without waiting for him.
    alice.close().await;
    server.stop().await;
    drop(bob);
}

on_both! {
    async fn a_client_that_only_pauses_loses_nothing(server: TestServer) {
        const MESSAGES: i64 = 5_000;
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let (mut bob, _) = Listener::enter(server.address(), &server.token("bob"), "general").await;
        let content = "x".repeat(2_000);
        // All has been said, far more than the system's buffers hold, before bob reads the first of it.
        for _ in 0..MESSAGES / 500 {
            let mut asked = Vec::new();
            for _ in 0..500 {
                let ask = json!({"roomId": "general", "content": content});
                asked.push(alice.begin("message:send", ask).await);
            }
            for id in asked {
                assert_eq!(alice.answer(id).await["success"], true);
            }
        }
        let mut heard = 0;
        while heard < MESSAGES {
            let packet = bob.hear().await;
            if packet.event() == Some("message:new") {
                heard += 1;
                assert_eq!(packet.seq(), Some(heard));
            }
        }
    }
}
