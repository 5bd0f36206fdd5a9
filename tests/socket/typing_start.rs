//! `typing:start`.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{
    TestServer, on_both,
    refusals::{Closed, not_ids, refuses_bad_input},
};

on_both! {
    async fn the_others_hear_who_types_by_the_name_in_the_token(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut carol = server.connect("carol").await;

        assert_eq!(bob.ask("typing:start", "general".into()).await, json!({"success": true}));

        assert_eq!(bob.heard().await, []);
        let types = json!({"roomId": "general", "userId": "bob", "userName": "Bob"});
        assert_eq!(alice.heard().await, [("typing:user".to_owned(), types)]);
        assert_eq!(carol.heard().await, []);
    }
}

on_both! {
    async fn who_has_no_name_in_the_token_types_without_one(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let mut dave = server.connect_as(&json!({"sub": "dave"})).await;
        dave.ask("typing:start", "general".into()).await;
        let types = json!({"roomId": "general", "userId": "dave"});
        assert_eq!(alice.heard().await, [("typing:user".to_owned(), types)]);
    }
}

on_both! {
    async fn each_start_is_told_so_that_who_comes_later_sees_it_too(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.ask("typing:start", "general".into()).await;
        let mut carol = server.connect_in("carol", "general").await;
        carol.heard().await;

        bob.ask("typing:start", "general".into()).await;

        assert_eq!(carol.heard_names().await, ["typing:user"]);
        assert_eq!(alice.heard_names().await, ["typing:user", "room:user-joined", "typing:user"]);
    }
}

on_both! {
    async fn a_message_ends_its_authors_typing_before_it_is_heard(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.ask("typing:start", "general".into()).await;
        bob.say("general", "hello").await;
        bob.say("general", "again").await;
        assert_eq!(alice.heard_names().await, ["typing:user", "typing:stopped", "message:new", "message:new"]);
        assert_eq!(bob.heard_names().await, ["message:new", "message:new"]);
    }
}

on_both! {
    async fn a_message_in_one_room_does_not_end_the_typing_in_another(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        server.make_room("random", RoomType::Public, &[]).await;
        bob.ask("typing:start", "general".into()).await;
        bob.say("random", "elsewhere").await;
        assert_eq!(alice.heard_names().await, ["typing:user"]);
    }
}

on_both! {
    async fn typing_where_one_is_not_ends_with_the_connection_too(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let mut carol = server.connect("carol").await;
        carol.ask("typing:start", "general".into()).await;
        carol.close().await;
        assert_eq!(alice.next().await.0, "typing:user");
        let stopped = json!({"roomId": "general", "userId": "carol"});
        assert_eq!(alice.next().await, ("typing:stopped".to_owned(), stopped));
    }
}

on_both! {
    async fn where_much_is_typed_all_is_heard_in_order_and_before_what_follows_it(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &["--ephemeral-rate", "1"]).await;
        let (mut alice, mut bob) = server.meet().await;
        let mut expected = Vec::new();
        for round in 0..3 {
            for _ in 0..100 {
                bob.emit("typing:start", "general".into()).await;
                bob.emit("typing:stop", "general".into()).await;
                expected.extend(["typing:user", "typing:stopped"]);
            }
            bob.emit("typing:start", "general".into()).await;
            bob.say("general", &round.to_string()).await;
            expected.extend(["typing:user", "typing:stopped", "message:new"]);
        }
        assert_eq!(alice.heard_names().await, expected);
        assert_eq!(bob.heard_names().await, ["message:new"; 3]);
    }
}

on_both! {
    async fn what_is_typed_beyond_the_rate_is_heard_although_nothing_follows_it(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &["--ephemeral-rate", "2"]).await;
        let (mut alice, mut bob) = server.meet().await;
        let mut carol = server.connect("carol").await;
        for _ in 0..10 {
            bob.emit("typing:start", "general".into()).await;
        }
        // Gone by the time that it is told.
        carol.ask("typing:start", "general".into()).await;
        carol.close().await;
        let mut heard = Vec::new();
        for _ in 0..12 {
            let (name, told) = alice.next().await;
            heard.push((name, told["userId"].clone()));
        }
        let of_bob = heard.iter().filter(|(name, user)| name == "typing:user" && user == "bob").count();
        assert_eq!(of_bob, 10, "{heard:?}");
        let of_carol: Vec<_> = heard.iter().filter(|(_, user)| user == "carol").map(|(name, _)| name).collect();
        assert_eq!(of_carol, ["typing:user", "typing:stopped"]);
    }
}

on_both! {
    async fn who_leaves_is_seen_to_leave_after_what_they_typed(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &["--ephemeral-rate", "1"]).await;
        let (mut alice, mut bob) = server.meet().await;
        for _ in 0..3 {
            bob.emit("typing:start", "general".into()).await;
        }
        bob.ask("room:leave", "general".into()).await;
        let expected = ["typing:user", "typing:user", "typing:user", "typing:stopped", "room:user-left"];
        assert_eq!(alice.heard_names().await, expected);
    }
}

on_both! {
    async fn without_a_callback_it_works_as_well(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.emit("typing:start", "general".into()).await;
        assert_eq!(bob.heard().await, []);
        assert_eq!(alice.heard_names().await, ["typing:user"]);
    }
}

on_both! {
    async fn in_a_room_that_is_not_the_callers_nobody_sees_them_type(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("typing:start", |room| room.into()).await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn what_is_no_room_id_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        refuses_bad_input(&mut bob, "typing:start", &not_ids()).await;
        assert_eq!(alice.heard().await, []);
    }
}
