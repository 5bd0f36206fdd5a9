//! Tests that a client that reconnects is shown everything that it missed, up to a setting, and not only the usual
//! page.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{Backend, Client, TestDatabase, TestServer, http::Polling, on_both};

/// Joins the room of which `until` messages have been sent, and is shown the last `count` of them.
async fn is_shown(server: &TestServer, user: &str, count: usize, until: usize) -> Client {
    let mut client = server.connect(user).await;
    client.emit("room:join", "general".into()).await;
    let history = client.hear("room:history").await;
    let messages = history["messages"].as_array().unwrap();
    assert_eq!(messages.len(), count);
    for (message, expected) in messages.iter().zip((0..until).rev()) {
        assert_eq!(message["content"], expected.to_string());
    }
    client
}

async fn say(client: &mut Client, range: std::ops::Range<usize>) {
    for n in range {
        client.emit("message:send", serde_json::json!({"roomId": "general", "content": n.to_string()})).await;
    }
    client.heard().await;
}

on_both! {
    async fn a_user_who_was_away_for_more_than_a_page_misses_nothing(server: TestServer) {
        let (mut alice, bob) = server.meet().await;
        say(&mut alice, 0..300).await;
        bob.close().await;
        alice.hear("room:user-left").await;
        say(&mut alice, 300..420).await;
        // All that is not certain to have arrived before bob's connection broke is shown to him, too: here, everything.
        let bob = is_shown(&server, "bob", 420, 420).await;
        // A client that was never here has missed nothing.
        is_shown(&server, "carol", 50, 420).await;

        // Another time, and more than the live room keeps by itself.
        bob.close().await;
        alice.hear("room:user-left").await;
        say(&mut alice, 420..480).await;
        is_shown(&server, "bob", 480, 480).await;
    }
}

on_both! {
    async fn a_tab_beside_a_live_one_is_shown_a_page(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        say(&mut alice, 0..120).await;
        // Any packet of his other tab, such as the answer to a ping, says that it lives.
        bob.heard().await;
        let tab = is_shown(&server, "bob", 50, 120).await;
        say(&mut alice, 120..170).await;
        drop(tab);
    }
}

on_both! {
    async fn a_tab_beside_one_that_may_be_dead_is_shown_all_that_it_may_have_missed(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        say(&mut alice, 0..30).await;
        bob.heard().await;
        say(&mut alice, 30..150).await;
        // Bob's connection has said nothing since: it may have been cut, and this is he again.
        is_shown(&server, "bob", 150, 150).await;
    }
}

on_both! {
    async fn a_tab_in_a_busy_room_beside_an_idle_one_that_answers_is_shown_a_page(server: TestServer) {
        let (mut alice, bob) = server.meet().await;
        // Carol's idle tab speaks over polling, bob's over a websocket: they answer pings and say nothing.
        let polling = Polling::connect(server.address(), &server.token("carol")).await;
        polling.post(r#"420["room:join","general"]"#).await;
        polling.packets_until("430").await;
        say(&mut alice, 0..120).await;
        let idle = tokio::spawn(bob.idle());
        is_shown(&server, "bob", 50, 120).await;
        let answering = tokio::spawn(async move {
            loop {
                if polling.poll().await.iter().any(|packet| packet == "2") {
                    polling.post("3").await;
                }
            }
        });
        is_shown(&server, "carol", 50, 120).await;
        idle.abort();
        answering.abort();
    }
}

on_both! {
    async fn a_client_that_returns_with_its_pid_is_shown_all_that_it_may_have_missed(server: TestServer) {
        let (mut alice, bob) = server.meet().await;
        say(&mut alice, 0..120).await;
        // His old connection would answer; but it is his client that says so, and nobody is asked.
        let idle = tokio::spawn(bob.idle());
        let auth = json!({"token": server.token("bob"), "pid": "of the last connection"}).to_string();
        let mut back = Client::connect_with(server.address(), &auth).await.unwrap();
        back.ask("room:join", "general".into()).await;
        let history = back.hear("room:history").await;
        assert_eq!(history["messages"].as_array().unwrap().len(), 120);
        idle.abort();
    }
}

on_both! {
    async fn history_sent_to_a_connection_that_broke_at_once_is_sent_again(server: TestServer) {
        let (mut alice, bob) = server.meet().await;
        bob.close().await;
        alice.hear("room:user-left").await;
        say(&mut alice, 0..200).await;
        // He joins, and is not heard of again.
        let _dead = is_shown(&server, "bob", 200, 200).await;
        say(&mut alice, 200..210).await;
        is_shown(&server, "bob", 210, 210).await;
    }
}

on_both! {
    async fn a_user_who_comes_back_after_a_restart_misses_nothing(server: TestServer) {
        let (mut alice, bob) = server.meet().await;
        say(&mut alice, 0..20).await;
        bob.close().await;
        alice.hear("room:user-left").await;
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let mut alice = server.connect_in("alice", "general").await;
        say(&mut alice, 20..200).await;
        is_shown(&server, "bob", 200, 200).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn history_reaches_no_further_back_than_the_setting() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--max-history", "100"]).await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    let bob = server.connect_in("bob", "general").await;
    bob.close().await;
    alice.hear("room:user-left").await;
    say(&mut alice, 0..400).await;
    is_shown(&server, "bob", 100, 400).await;
}
