//! `typing:start`.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{
    TestServer, on_both,
    refusals::{Closed, not_ids, refuses_bad_input},
};

on_both! {
    async fn the_others_get_typing_with_the_name_in_the_token(server: TestServer) {
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
    async fn a_user_without_a_name_in_the_token_types_without_one(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let mut dave = server.connect_as(&json!({"sub": "dave"})).await;
        dave.ask("typing:start", "general".into()).await;
        let types = json!({"roomId": "general", "userId": "dave"});
        assert_eq!(alice.heard().await, [("typing:user".to_owned(), types)]);
    }
}

on_both! {
    async fn each_typing_start_is_sent_so_that_later_joiners_see_it_too(server: TestServer) {
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
    async fn many_typing_events_arrive_in_order_and_before_later_messages(server: TestServer) {
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
    async fn typing_events_above_the_rate_arrive_although_nothing_follows_them(server: TestServer) {
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
    async fn a_leave_arrives_after_the_users_typing_events(server: TestServer) {
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
    async fn the_event_works_without_a_callback(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.emit("typing:start", "general".into()).await;
        assert_eq!(bob.heard().await, []);
        assert_eq!(alice.heard_names().await, ["typing:user"]);
    }
}

on_both! {
    async fn no_typing_is_sent_to_a_room_that_the_caller_may_not_enter(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("typing:start", |room| room.into()).await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn an_invalid_room_id_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        refuses_bad_input(&mut bob, "typing:start", &not_ids()).await;
        assert_eq!(alice.heard().await, []);
    }
}
