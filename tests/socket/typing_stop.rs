//! `typing:stop`.

use serde_json::json;

use crate::support::{
    on_both,
    refusals::{Closed, not_ids, refuses_bad_input},
};

on_both! {
    async fn the_others_hear_who_types_no_more(server: TestServer) {
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
    async fn who_has_stopped_typing_does_not_stop_again_by_sending_or_leaving(server: TestServer) {
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
    async fn without_a_callback_it_works_as_well(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.ask("typing:start", "general".into()).await;
        bob.emit("typing:stop", "general".into()).await;
        assert_eq!(bob.heard().await, []);
        assert_eq!(alice.heard_names().await, ["typing:user", "typing:stopped"]);
    }
}

on_both! {
    async fn in_a_room_that_is_not_the_callers_nobody_hears_of_it(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("typing:stop", |room| room.into()).await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn what_is_no_room_id_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        refuses_bad_input(&mut bob, "typing:stop", &not_ids()).await;
        assert_eq!(alice.heard().await, []);
    }
}
