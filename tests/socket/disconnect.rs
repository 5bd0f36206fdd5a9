//! A client disconnects: by its own wish, with its tab, or with its network.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{Backend, Client, TestDatabase, TestServer, http::metric, on_both, until};

on_both! {
    async fn the_others_in_each_of_its_rooms_get_the_leave(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice"]).await;
        server.make_room("random", RoomType::Public, &["carol"]).await;
        server.make_room("quiet", RoomType::Public, &["dave"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut carol = server.connect_in("carol", "random").await;
        let mut dave = server.connect_in("dave", "quiet").await;
        let mut bob = server.connect_in("bob", "general").await;
        bob.ask("room:join", "random".into()).await;
        bob.ask("room:join", "quiet".into()).await;
        bob.ask("room:leave", "quiet".into()).await;
        for client in [&mut alice, &mut carol, &mut dave] {
            client.heard().await;
        }

        bob.close().await;

        for (client, room) in [(&mut alice, "general"), (&mut carol, "random")] {
            let left = json!({"roomId": room, "userId": "bob"});
            assert_eq!(client.next().await, ("room:user-left".to_owned(), left));
            assert_eq!(client.heard().await, []);
        }
        // He had left that one before.
        assert_eq!(dave.heard().await, []);
    }
}

on_both! {
    async fn a_connection_that_breaks_silently_is_announced_as_well(server: TestServer) {
        let (mut alice, bob) = server.meet().await;
        drop(bob);
        let left = json!({"roomId": "general", "userId": "bob"});
        assert_eq!(alice.next().await, ("room:user-left".to_owned(), left));
    }
}

on_both! {
    async fn leaving_the_namespace_is_announced_though_the_connection_stays(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.write("41").await;
        assert_eq!(alice.next().await.0, "room:user-left");
    }
}

on_both! {
    async fn events_sent_before_a_disconnect_take_effect_first(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        for n in 0..50 {
            bob.emit("message:send", json!({"roomId": "general", "content": n.to_string()})).await;
        }
        bob.emit("typing:start", "general".into()).await;
        bob.emit("room:read", "general".into()).await;
        bob.close().await;

        for n in 0..50 {
            let (name, message) = alice.next().await;
            assert_eq!((name.as_str(), &message["content"]), ("message:new", &json!(n.to_string())));
        }
        for expected in ["typing:user", "room:user-read", "typing:stopped", "room:user-left"] {
            assert_eq!(alice.next().await.0, expected);
        }
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn a_user_who_is_back_gets_no_event_of_their_own_leave(server: TestServer) {
        let (mut alice, bob) = server.meet().await;
        bob.close().await;
        alice.hear("room:user-left").await;
        let mut bob = server.connect_in("bob", "general").await;
        assert_eq!(bob.heard_names().await, ["room:history", "room:members"]);
        assert_eq!(alice.heard_names().await, ["room:user-joined"]);
    }
}

on_both! {
    async fn a_room_that_was_refused_is_not_left(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob"]).await;
        let (mut alice, mut bob) = server.meet().await;
        bob.ask("room:join", "secret".into()).await;
        bob.heard().await;
        let mut carol = server.connect_in("carol", "general").await;
        assert_eq!(carol.ask("room:join", "secret".into()).await["success"], false);
        alice.ask("room:join", "secret".into()).await;
        alice.heard().await;
        bob.heard().await;

        carol.close().await;

        let left = json!({"roomId": "general", "userId": "carol"});
        for client in [&mut alice, &mut bob] {
            assert_eq!(client.next().await, ("room:user-left".to_owned(), left.clone()));
            assert_eq!(client.heard().await, []);
        }
    }
}

/// A peer that is there and answers no ping is as good as gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_answers_no_ping_has_left_the_room() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server =
        TestServer::start_with(database, &["--ping-interval", "200", "--ping-timeout", "1500"]).await;
    let (mut alice, bob) = server.meet().await;
    // Alice answers pings while she waits; bob is not read from.
    assert_eq!(alice.next().await.0, "room:user-left");
    let heard = bob.hear_to_the_end().await;
    assert_eq!(heard, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_while_it_signs_in_leaves_nothing_behind() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--metrics", "true"]).await;
    let (mut alice, _bob) = server.meet().await;
    let token = format!(r#"40{{"token":"{}"}}"#, server.token("carol"));
    for _ in 0..200 {
        let mut carol = Client::open(server.address()).await;
        carol.write(&token).await;
        carol.write(r#"42["message:send",{"roomId":"general","content":"bye"}]"#).await;
        drop(carol);
    }
    // Alice and bob are there.
    let are_gone = async || (metric(server.address(), "chatoxide_sockets").await == 2.0).then_some(());
    until("the others' end", are_gone).await;
    alice.heard().await;
    // Nothing is left that shutting down would wait for.
    server.stop().await;
}
