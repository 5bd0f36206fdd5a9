//! `unread:list`.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::on_both;

on_both! {
    async fn the_counts_of_ones_own_rooms_are_listed(server: TestServer) {
        server.make_room("first", RoomType::Private, &["alice", "bob"]).await;
        server.make_room("second", RoomType::Public, &["alice", "bob"]).await;
        server.make_room("not-mine", RoomType::Private, &["bob"]).await;
        server.make_room("open", RoomType::Public, &["bob"]).await;
        let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
        for room in ["first", "second", "second", "not-mine", "open"] {
            bob.say(room, "x").await;
        }
        alice.heard().await;
        let answer = alice.ask("unread:list", json!({})).await;
        let room = |id: &str, count: i64| json!({"roomId": id, "unreadCount": count, "mentionCount": 0, "seq": count});
        assert_eq!(answer["rooms"], json!([room("second", 2), room("first", 1)]));
        // It is no subscription.
        bob.say("first", "y").await;
        assert_eq!(alice.heard().await, []);
    }
}
