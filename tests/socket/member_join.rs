//! `member:join`.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{
    on_both,
    refusals::{Closed, not_ids, refuses_bad_input},
};

on_both! {
    async fn a_guest_of_a_public_room_becomes_a_member_on_all_devices(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut bob = server.connect_in("bob", "general").await;
        let mut phone = server.connect("bob").await;
        let is_member = json!([true]);
        let listed = |answer: &serde_json::Value| {
            let rooms = answer["rooms"].as_array().unwrap();
            json!([rooms.iter().find(|room| room["id"] == "general").unwrap()["isMember"]])
        };
        assert_ne!(listed(&phone.ask("rooms:list", json!({})).await), is_member);
        for client in [&mut alice, &mut bob, &mut phone] {
            client.heard().await;
        }

        let ack = bob.ask("member:join", "general".into()).await;

        assert_eq!((&ack["success"], &ack["room"]["members"]), (&json!(true), &json!(["alice", "bob"])));
        let (event, members) = alice.next().await;
        assert_eq!(event, "room:members");
        assert_eq!(members["members"].as_array().map(Vec::len), Some(2));
        assert_eq!(bob.heard().await, [("room:members".to_owned(), members)]);
        let invited = json!({"room": ack["room"], "from": {"id": "bob", "name": "Bob"}});
        assert_eq!(phone.heard().await, [("room:invited".to_owned(), invited)]);
        assert_eq!(listed(&phone.ask("rooms:list", json!({})).await), is_member);
        // From now on the other device is sent what others say there.
        alice.say("general", "welcome").await;
        assert_eq!(phone.hear("room:activity").await["by"], json!([{"userId": "alice", "count": 1}]));
    }
}

on_both! {
    async fn a_member_who_joins_again_changes_and_sends_nothing(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let rows = server.database.all_rows().await;
        let ack = alice.ask("member:join", "general".into()).await;
        assert_eq!(ack["room"]["members"], json!(["alice", "bob"]), "{ack}");
        assert_eq!(alice.heard().await, []);
        assert_eq!(bob.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
    }
}

on_both! {
    async fn nobody_joins_a_private_or_direct_room_of_others(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("member:join", |room| json!(room)).await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn bad_input_to_member_join_is_refused(server: TestServer) {
        let mut alice = server.connect("alice").await;
        refuses_bad_input(&mut alice, "member:join", &not_ids()).await;
    }
}
