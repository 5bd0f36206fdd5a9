//! Rules of presence at their edges: a connection that has just closed, late times, large rooms.

use chatoxide::{
    chat::{room::RoomType, timestamp::Timestamp},
    db::{Db, user_presence},
};
use serde_json::{Value, json};

use crate::support::{Client, on_both, server};

async fn list(client: &mut Client, request: Value) -> Value {
    let answer = client.ask("presence:list", request).await;
    assert_eq!(answer["success"], true, "{answer}");
    answer["users"].clone()
}

on_both! {
    async fn a_user_whose_only_connection_has_just_closed_is_still_online(server: TestServer) {
        server.make_room("general", RoomType::Private, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let bob = server.connect_in("bob", "general").await;
        let of_bob = || json!({"userIds": ["bob"]});
        let online = json!([{"userId": "bob", "state": "online"}]);
        alice.ask("presence:watch", of_bob()).await;
        alice.heard().await;
        bob.close().await;
        alice.hear("room:user-left").await;
        assert_eq!(list(&mut alice, of_bob()).await, online);
        // He is back, and nobody was told that he was gone.
        let _bob = server.connect_in("bob", "general").await;
        assert_eq!(list(&mut alice, of_bob()).await, online);
        let heard = alice.heard().await;
        assert!(heard.iter().all(|(event, _)| event != "presence:update"), "{heard:?}");
    }
}

on_both! {
    async fn a_time_that_is_written_late_leaves_the_later_one(server: TestServer) {
        server.make_room("general", RoomType::Private, &["alice", "bob"]).await;
        let mut alice = server.connect("alice").await;
        let db = Db::open(&server::config(&server.database.url, server.database.folder.path(), &[])).unwrap();
        let at = Timestamp::from_millis;
        for seen in [2_000, 1_000] {
            user_presence::note_seen(&db, vec![("bob".into(), at(seen))]).await.unwrap();
        }
        let bob = list(&mut alice, json!({"userIds": ["bob"]})).await[0].take();
        assert_eq!(bob["lastSeenAt"], json!(at(2_000)), "{bob}");
    }
}

on_both! {
    async fn a_hidden_member_of_a_large_room_is_left_out_as_those_who_are_offline(server: TestServer) {
        server.make_room("large", RoomType::Private, &["alice", "bob", "carol"]).await;
        let more: Vec<String> = (0..500).map(|n| format!("('u{n:03}', 'U', 'u{n}@users.invalid')")).collect();
        let more = format!(
            r#"INSERT INTO "User" ("id", "name", "email") VALUES {};
            INSERT INTO "_RoomMembers" SELECT 'large', "id" FROM "User" WHERE "name" = 'U'"#,
            more.join(", ")
        );
        server.database.execute(&more).await;
        let mut alice = server.connect("alice").await;
        let (mut bob, _carol) = (server.connect("bob").await, server.connect("carol").await);
        bob.ask("settings:update", json!({"hidePresence": true})).await;
        let users = list(&mut alice, json!({"roomId": "large"})).await;
        let ids: Vec<&Value> = users.as_array().unwrap().iter().map(|user| &user["userId"]).collect();
        assert_eq!(ids, ["alice", "carol"], "{users}");
    }
}
