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

on_both! {
    async fn a_tab_in_another_room_is_announced_there_and_only_there(server: TestServer) {
        server.make_room("random", RoomType::Public, &["carol"]).await;
        let (mut alice, _bob) = server.meet().await;
        let mut carol = server.connect_in("carol", "random").await;
        let tab = server.connect_in("bob", "random").await;
        assert_eq!(carol.heard_names().await, ["room:history", "room:members", "room:user-joined"]);
        assert_eq!(alice.heard().await, []);

        tab.close().await;

        let left = json!({"roomId": "random", "userId": "bob"});
        assert_eq!(carol.next().await, ("room:user-left".to_owned(), left));
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn one_leave_is_announced_when_all_tabs_close_at_once(server: TestServer) {
        let (mut alice, bob) = server.meet().await;
        let mut tabs = vec![bob];
        for _ in 0..5 {
            tabs.push(server.connect_in("bob", "general").await);
        }
        drop(tabs);
        assert_eq!(alice.next().await.0, "room:user-left");
        // A user who joins now joins after all that, so no more events about bob follow.
        let _carol = server.connect_in("carol", "general").await;
        let (name, joined) = alice.next().await;
        assert_eq!((name.as_str(), &joined["user"]["id"]), ("room:user-joined", &json!("carol")));
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn typing_in_one_tab_goes_on_when_another_tab_goes(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut tab = server.connect_in("bob", "general").await;
        bob.ask("typing:start", "general".into()).await;
        alice.heard().await;
        // The tab that stays hears what its user does in the other one.
        assert_eq!(tab.heard_names().await, ["room:history", "room:members", "typing:user"]);

        tab.ask("room:leave", "general".into()).await;
        tab.close().await;

        assert_eq!(alice.heard().await, []);
        bob.say("general", "done").await;
        assert_eq!(alice.heard_names().await, ["typing:stopped", "message:new"]);
    }
}
