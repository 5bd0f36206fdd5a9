//! `room:activity`: sockets that have listed their rooms get the unread counts of rooms that they are not in.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Client, on_both};

async fn list(client: &mut Client) {
    assert_eq!(client.ask("rooms:list", json!({})).await["success"], true);
}

/// The unread count of a room in the list.
async fn list_unread(client: &mut Client, room: &str) -> Value {
    let answer = client.ask("rooms:list", json!({})).await;
    let rooms = answer["rooms"].as_array().unwrap();
    rooms.iter().find(|one| one["id"] == room).unwrap()["unreadCount"].clone()
}

/// How often each user has spoken, until there are `count` messages; how many events that took, and the last moment.
async fn gathered(client: &mut Client, room: &str, count: u64) -> (Vec<(String, u64)>, usize, Value) {
    let mut by = std::collections::BTreeMap::<String, u64>::new();
    for events in 1.. {
        let told = client.hear("room:activity").await;
        assert_eq!(told["roomId"], room);
        for said in told["by"].as_array().unwrap() {
            *by.entry(said["userId"].as_str().unwrap().to_owned()).or_default() +=
                said["count"].as_u64().unwrap();
        }
        if by.values().sum::<u64>() >= count {
            return (by.into_iter().collect(), events, told["lastMessageAt"].clone());
        }
    }
    unreachable!()
}

on_both! {
    async fn a_user_who_listed_rooms_gets_batched_activity_of_them(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect("alice").await;
        list(&mut alice).await;
        let (mut bob, mut carol) = (server.connect("bob").await, server.connect("carol").await);

        let mut last = Value::Null;
        for n in 0..30 {
            bob.say("plans", &n.to_string()).await;
            last = carol.say("plans", &n.to_string()).await;
        }

        let (by, events, at) = gathered(&mut alice, "plans", 60).await;
        assert_eq!(by, [("bob".to_owned(), 30), ("carol".to_owned(), 30)]);
        assert_eq!(at, last["createdAt"]);
        assert!(events < 30, "{events} events for 60 messages");
        // They have not asked for the list.
        assert_eq!((bob.heard().await, carol.heard().await), (vec![], vec![]));
    }
}

on_both! {
    async fn a_socket_in_the_room_gets_messages_but_no_activity(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let mut inside = server.connect("alice").await;
        let mut outside = server.connect("alice").await;
        list(&mut inside).await;
        list(&mut outside).await;
        inside.ask("room:join", "plans".into()).await;
        inside.heard().await;
        let mut bob = server.connect("bob").await;

        bob.say("plans", "hello").await;

        outside.hear("room:activity").await;
        let mut heard = inside.heard_names().await;
        heard.retain(|name| name != "room:unread");
        assert_eq!(heard, ["message:new"]);
    }
}

on_both! {
    async fn a_socket_that_leaves_gets_no_activity_for_messages_it_received(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let mut alice = server.connect("alice").await;
        list(&mut alice).await;
        alice.ask("room:join", "plans".into()).await;
        let mut bob = server.connect("bob").await;

        bob.say("plans", "heard").await;
        alice.hear("message:new").await;
        alice.ask("room:leave", "plans".into()).await;
        let missed = bob.say("plans", "missed").await;

        let (by, _, at) = gathered(&mut alice, "plans", 1).await;
        assert_eq!((by, at), (vec![("bob".to_owned(), 1)], missed["createdAt"].clone()));
    }
}

on_both! {
    async fn a_user_who_is_not_a_member_gets_no_activity(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob", "carol"]).await;
        server.make_room("open", RoomType::Public, &["bob", "carol"]).await;
        let mut alice = server.connect("alice").await;
        let mut carol = server.connect("carol").await;
        list(&mut alice).await;
        list(&mut carol).await;
        let mut bob = server.connect("bob").await;
        server.database.execute(r#"DELETE FROM "_RoomMembers" WHERE "A" = 'plans' AND "B" = 'alice'"#).await;

        bob.say("plans", "without Alice").await;
        bob.say("open", "to members").await;

        let mut told = [carol.hear("room:activity").await["roomId"].clone(), carol.hear("room:activity").await["roomId"].clone()];
        told.sort_by_key(ToString::to_string);
        assert_eq!(told, ["open", "plans"]);
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn edits_deletions_and_reactions_are_no_activity(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let mut bob = server.connect("bob").await;
        let message = bob.say("plans", "hello").await;
        let mut alice = server.connect("alice").await;
        list(&mut alice).await;

        bob.ask("message:edit", json!({"messageId": message["id"], "content": "Hello"})).await;
        bob.ask("reaction:add", json!({"messageId": message["id"], "roomId": "plans", "emoji": "x"})).await;
        bob.ask("message:delete", json!({"messageId": message["id"], "roomId": "plans"})).await;
        bob.say("plans", "again").await;

        let (by, events, _) = gathered(&mut alice, "plans", 1).await;
        assert_eq!((by, events), (vec![("bob".to_owned(), 1)], 1));
    }
}

on_both! {
    async fn a_user_who_left_gets_no_activity_until_they_list_rooms_again(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut bob = server.connect_in("bob", "plans").await;
        let mut alice = server.connect_in("alice", "plans").await;
        let mut carol = server.connect("carol").await;
        list(&mut alice).await;
        list(&mut carol).await;
        alice.close().await;
        bob.hear("room:user-left").await;
        let mut alice = server.connect("alice").await;

        bob.say("plans", "hello").await;

        // All members who look at their lists are told together.
        assert_eq!(gathered(&mut carol, "plans", 1).await.0, [("bob".to_owned(), 1)]);
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn reading_on_one_device_marks_the_room_on_the_others_after_its_digest(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let mut bob = server.connect("bob").await;
        let mut phone = server.connect("alice").await;
        let mut laptop = server.connect("alice").await;
        list(&mut laptop).await;

        let said = bob.say("plans", "hello").await;
        phone.ask("room:join", "plans".into()).await;
        assert_eq!(gathered(&mut laptop, "plans", 1).await.0, [("bob".to_owned(), 1)]);
        let joined = laptop.hear("room:user-read").await;
        phone.heard().await;
        phone.ask("room:read", "plans".into()).await;
        let read = laptop.hear("room:user-read").await;

        for mark in [&joined, &read] {
            assert_eq!((&mark["roomId"], &mark["userId"]), (&json!("plans"), &json!("alice")));
            assert!(mark["timestamp"].as_str() >= said["createdAt"].as_str(), "{mark} before {said}");
        }
        assert_eq!(list_unread(&mut laptop, "plans").await, 0);
        // Neither the device that reads nor anybody else is told.
        assert_eq!((phone.heard().await, bob.heard().await), (vec![], vec![]));
    }
}

on_both! {
    async fn a_device_that_has_not_asked_for_the_list_is_not_told_what_is_read_elsewhere(server: TestServer) {
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let mut phone = server.connect_in("alice", "plans").await;
        let mut plain = server.connect("alice").await;
        let mut bob = server.connect("bob").await;
        list(&mut bob).await;

        phone.ask("room:read", "plans".into()).await;
        phone.say("plans", "read all of it").await;

        // Read marks are pushed after the digests.
        assert_eq!(gathered(&mut bob, "plans", 1).await.0, [("alice".to_owned(), 1)]);
        assert_eq!(plain.heard().await, []);
    }
}
