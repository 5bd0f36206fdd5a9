//! `room:mark-unread`; what it does to counts is in `rooms/unread_counts.rs`.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::on_both;

on_both! {
    async fn a_message_of_another_room_or_of_none_is_not_found(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        server.make_room("other", RoomType::Public, &["alice"]).await;
        let other = alice.say("other", "x").await["id"].take();
        for id in [other, json!("none")] {
            let refused = alice.ask("room:mark-unread", json!({"roomId": "general", "messageId": id})).await;
            assert_eq!(refused["code"], "message_not_found");
        }
    }
}

on_both! {
    async fn a_room_that_is_not_the_callers_is_not_marked(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let (mut alice, mut bob, mut carol) =
            (server.connect("alice").await, server.connect("bob").await, server.connect("carol").await);
        let message = alice.say("plans", "x").await["id"].take();
        let mark = json!({"roomId": "plans", "messageId": message});
        // Another member may mark from anybody's message.
        assert_eq!(bob.ask("room:mark-unread", mark.clone()).await["success"], true);
        assert_eq!(carol.ask("room:mark-unread", mark.clone()).await["code"], "forbidden");
        bob.ask("member:leave", "plans".into()).await;
        assert_eq!(bob.ask("room:mark-unread", mark).await["code"], "forbidden");
        let marks = server.database.own("SELECT user_id FROM own.read_marker WHERE unread_at IS NOT NULL");
        assert_eq!(server.database.select(&marks).await, ["bob"]);
    }
}

on_both! {
    async fn a_user_who_has_never_read_has_no_receipt_by_marking(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
        alice.say("plans", "one").await;
        let second = alice.say("plans", "two").await["id"].take();
        bob.ask("room:mark-unread", json!({"roomId": "plans", "messageId": second})).await;
        let readers = alice.ask("message:readers", json!({"messageId": second})).await;
        assert_eq!(readers["readers"], json!([]));
        let counts = bob.ask("unread:list", json!({})).await;
        assert_eq!(counts["rooms"][0]["unreadCount"], 1);
    }
}
