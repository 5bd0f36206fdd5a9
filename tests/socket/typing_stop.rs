//! `typing:stop`.

use serde_json::json;

use crate::support::{
    on_both,
    refusals::{Closed, not_ids, refuses_bad_input},
};

on_both! {
    async fn the_others_get_the_end_of_typing(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut carol = server.connect("carol").await;
        bob.ask("typing:start", "general".into()).await;
        alice.heard().await;

        assert_eq!(bob.ask("typing:stop", "general".into()).await, json!({"success": true}));

        assert_eq!(bob.heard().await, []);
        let stopped = json!({"roomId": "general", "userId": "bob"});
        assert_eq!(alice.heard().await, [("typing:stopped".to_owned(), stopped)]);
        assert_eq!(carol.heard().await, []);
    }
}

on_both! {
    async fn typing_that_has_stopped_does_not_stop_again_by_sending_or_leaving(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.emit("typing:start", "general".into()).await;
        bob.emit("typing:stop", "general".into()).await;
        bob.say("general", "done").await;
        bob.close().await;
        for expected in ["typing:user", "typing:stopped", "message:new", "room:user-left"] {
            assert_eq!(alice.next().await.0, expected);
        }
    }
}

on_both! {
    async fn the_event_works_without_a_callback(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.ask("typing:start", "general".into()).await;
        bob.emit("typing:stop", "general".into()).await;
        assert_eq!(bob.heard().await, []);
        assert_eq!(alice.heard_names().await, ["typing:user", "typing:stopped"]);
    }
}

on_both! {
    async fn no_end_of_typing_is_sent_to_a_room_that_the_caller_may_not_enter(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("typing:stop", |room| room.into()).await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn an_invalid_room_id_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        refuses_bad_input(&mut bob, "typing:stop", &not_ids()).await;
        assert_eq!(alice.heard().await, []);
    }
}
