//! `member:remove`.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{
    on_both,
    refusals::{Closed, not_ids, not_objects, refuses_bad_input, with_bad},
};

on_both! {
    async fn the_owner_removes_a_member_who_is_out_at_once_on_all_devices(server: TestServer) {
        server.make_room("lobby", RoomType::Public, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect("alice").await;
        let create = json!({"name": "Plans", "type": "private", "members": ["bob", "carol"]});
        let room = alice.ask("room:create", create).await["room"]["id"].take();
        let id = room.as_str().unwrap().to_owned();
        alice.ask("room:join", room.clone()).await;
        let mut bob = server.connect_in("bob", &id).await;
        let mut phone = server.connect_in("bob", &id).await;
        let mut carol = server.connect_in("carol", &id).await;
        for client in [&mut alice, &mut bob, &mut phone, &mut carol] {
            client.heard().await;
        }
        let remove = json!({"roomId": room, "userId": "bob"});
        // A member is not the owner.
        let ack = carol.ask("member:remove", remove.clone()).await;
        assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("forbidden")), "{ack}");

        assert_eq!(alice.ask("member:remove", remove.clone()).await, json!({"success": true}));

        for client in [&mut bob, &mut phone] {
            assert_eq!(client.hear("member:left").await, json!({"roomId": room}));
        }
        for client in [&mut alice, &mut carol] {
            // As when somebody leaves.
            let heard = client.heard().await;
            let members = heard.iter().find(|(event, _)| event == "room:members").unwrap();
            assert_eq!(members.1["members"].as_array().map(Vec::len), Some(2));
            assert!(heard.iter().any(|(event, _)| event == "room:user-left"), "{heard:?}");
        }
        alice.say(&id, "is he gone?").await;
        for client in [&mut bob, &mut phone] {
            let heard = client.heard_names().await;
            assert!(!heard.contains(&"message:new".to_owned()), "{heard:?}");
            assert_eq!(client.ask("room:join", room.clone()).await["code"], "forbidden");
            assert_eq!(client.ask("member:remove", json!({"roomId": room, "userId": "carol"})).await["code"], "forbidden");
        }
        // Once more changes nothing.
        let rows = server.database.all_rows().await;
        assert_eq!(alice.ask("member:remove", remove).await["success"], true);
        assert_eq!(server.database.all_rows().await, rows);
    }
}

on_both! {
    async fn a_member_who_is_removed_from_a_public_room_is_a_guest(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        server.own_room("general", "alice").await;
        alice.ask("member:remove", json!({"roomId": "general", "userId": "bob"})).await;
        assert_eq!(bob.hear("member:left").await["roomId"], "general");
        assert_eq!(alice.hear("room:members").await["members"].as_array().map(Vec::len), Some(1));
        alice.say("general", "still here?").await;
        assert_eq!(bob.hear("message:new").await["content"], "still here?");
        let listed = bob.ask("rooms:list", json!({})).await["rooms"].take();
        assert_eq!(listed[0]["isMember"], false);
    }
}

on_both! {
    async fn nobody_is_removed_from_a_room_without_an_owner_or_from_a_direct_one_or_by_a_stranger(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("member:remove", |room| json!({"roomId": room, "userId": "alice"})).await;
        for (room, why) in [("secret", "no recorded owner"), ("dm:alice:bob", "for two")] {
            let ack = closed.alice.ask("member:remove", json!({"roomId": room, "userId": "bob"})).await;
            assert_eq!(ack["code"], "forbidden", "{room}: {ack}");
            assert!(ack["error"].as_str().unwrap().contains(why), "{room}: {ack}");
        }
        closed.alice.heard().await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn a_member_removes_themself_as_by_leaving(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        assert_eq!(bob.ask("member:remove", json!({"roomId": "general", "userId": "bob"})).await["success"], true);
        assert_eq!(bob.hear("member:left").await["roomId"], "general");
        assert_eq!(alice.hear("room:members").await["members"].as_array().map(Vec::len), Some(1));
    }
}

on_both! {
    async fn bad_input_to_member_remove_is_refused(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let good = json!({"roomId": "general", "userId": "bob"});
        for bad in [not_objects(), with_bad(&good, "roomId", &not_ids()), with_bad(&good, "userId", &not_ids())] {
            refuses_bad_input(&mut alice, "member:remove", &bad).await;
        }
    }
}
