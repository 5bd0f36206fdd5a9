//! `room:user-joined`, `room:user-left`, typing: about users, not sockets.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::on_both;

on_both! {
    async fn a_second_tab_neither_joins_nor_leaves(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let first_tab = server.connect_in("bob", "general").await;
        let joined = json!({"roomId": "general", "user": {"id": "bob", "name": "Bob"}});
        assert_eq!(alice.hear("room:user-joined").await, joined);

        let mut second_tab = server.connect_in("bob", "general").await;
        first_tab.close().await;
        second_tab.ask("message:send", json!({"roomId": "general", "content": "still here"})).await;
        second_tab.ask("room:leave", "general".into()).await;

        let left = json!({"roomId": "general", "userId": "bob"});
        let (name, _) = alice.next().await;
        assert_eq!(name, "message:new");
        assert_eq!(alice.next().await, ("room:user-left".to_owned(), left));
    }
}

on_both! {
    async fn typing_stops_when_its_author_is_gone(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut bob = server.connect_in("bob", "general").await;
        bob.emit("typing:start", "general".into()).await;
        bob.close().await;

        alice.hear("typing:user").await;
        assert_eq!(alice.next().await.0, "typing:stopped");
        assert_eq!(alice.next().await.0, "room:user-left");
    }
}
