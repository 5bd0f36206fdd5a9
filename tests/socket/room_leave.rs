//! `room:leave`.

use serde_json::json;

use crate::support::{
    on_both,
    refusals::{CLOSED_ROOMS, Closed, not_ids, refuses_bad_input},
};

on_both! {
    async fn the_others_get_the_leave_and_the_leaver_gets_no_more_events(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut carol = server.connect("carol").await;

        assert_eq!(bob.ask("room:leave", "general".into()).await, json!({"success": true}));

        assert_eq!(bob.heard().await, []);
        let left = json!({"roomId": "general", "userId": "bob"});
        assert_eq!(alice.heard().await, [("room:user-left".to_owned(), left)]);
        assert_eq!(carol.heard().await, []);
        let message = alice.say("general", "without bob").await;
        alice.ask("typing:start", "general".into()).await;
        alice.ask("room:read", "general".into()).await;
        alice.ask("message:delete", json!({"messageId": message["id"], "roomId": "general"})).await;
        assert_eq!(bob.heard().await, []);
    }
}

on_both! {
    async fn a_user_who_comes_back_gets_the_missed_messages_and_is_announced_again(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.ask("room:leave", "general".into()).await;
        alice.say("general", "meanwhile").await;
        alice.heard().await;

        bob.ask("room:join", "general".into()).await;

        assert_eq!(bob.hear("room:history").await["messages"][0]["content"], "meanwhile");
        assert_eq!(alice.heard_names().await, ["room:user-joined"]);
        alice.say("general", "welcome back").await;
        assert_eq!(bob.hear("message:new").await["content"], "welcome back");
    }
}

on_both! {
    async fn leaving_twice_is_announced_once(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        assert_eq!(bob.ask("room:leave", "general".into()).await["success"], true);
        assert_eq!(bob.ask("room:leave", "general".into()).await["success"], true);
        assert_eq!(alice.heard_names().await, ["room:user-left"]);
    }
}

on_both! {
    async fn one_tab_that_leaves_does_not_take_the_other_with_it(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut tab = server.connect_in("bob", "general").await;
        tab.heard().await;

        bob.ask("room:leave", "general".into()).await;
        alice.say("general", "to whom it concerns").await;

        assert_eq!(alice.heard_names().await, ["message:new"]);
        assert_eq!(tab.heard_names().await, ["message:new"]);
        assert_eq!(bob.heard().await, []);
    }
}

on_both! {
    async fn leaving_while_typing_stops_the_typing_first(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.emit("typing:start", "general".into()).await;
        bob.ask("room:leave", "general".into()).await;
        assert_eq!(alice.heard_names().await, ["typing:user", "typing:stopped", "room:user-left"]);
    }
}

on_both! {
    async fn leaving_a_room_that_one_is_not_in_sends_no_event(server: TestServer) {
        let mut closed = Closed::start(server).await;
        for (room, _) in CLOSED_ROOMS {
            closed.carol.ask("room:leave", room.into()).await;
            closed.carol.emit("room:leave", room.into()).await;
        }
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn nobody_leaves_their_own_personal_channel(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.ask("room:leave", "user:bob".into()).await;

        alice.ask("dm:start", "bob".into()).await;

        assert_eq!(bob.heard_names().await.last().unwrap(), "dm:started");
    }
}

on_both! {
    async fn the_event_works_without_a_callback(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.emit("room:leave", "general".into()).await;
        assert_eq!(bob.heard().await, []);
        assert_eq!(alice.heard_names().await, ["room:user-left"]);
    }
}

on_both! {
    async fn an_invalid_room_id_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        refuses_bad_input(&mut bob, "room:leave", &not_ids()).await;
        assert_eq!(alice.heard().await, []);
        alice.say("general", "still here?").await;
        assert_eq!(bob.heard_names().await, ["message:new"]);
    }
}
