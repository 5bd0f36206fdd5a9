//! `member:leave`.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{
    on_both,
    refusals::{Closed, not_ids, refuses_bad_input},
};

on_both! {
    async fn a_member_who_leaves_a_private_room_is_out_of_it_on_all_devices(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let mut bob = server.connect_in("bob", "secret").await;
        let mut phone = server.connect_in("bob", "secret").await;
        for client in [&mut alice, &mut bob, &mut phone] {
            client.heard().await;
        }

        assert_eq!(bob.ask("member:leave", "secret".into()).await, json!({"success": true}));

        for client in [&mut bob, &mut phone] {
            assert_eq!(client.hear("member:left").await, json!({"roomId": "secret"}));
        }
        let names = alice.heard_names().await;
        assert!(names.contains(&"room:members".to_owned()) && names.contains(&"room:user-left".to_owned()), "{names:?}");
        alice.say("secret", "is he gone?").await;
        for client in [&mut bob, &mut phone] {
            let heard = client.heard_names().await;
            assert!(!heard.contains(&"message:new".to_owned()), "{heard:?}");
            assert_eq!(client.ask("room:join", "secret".into()).await["code"], "forbidden");
        }
    }
}

on_both! {
    async fn a_member_who_leaves_a_public_room_may_stay_as_a_guest_and_gets_no_more_activity(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut phone = server.connect("bob").await;
        phone.ask("rooms:list", json!({})).await;
        alice.heard().await;

        bob.ask("member:leave", "general".into()).await;

        let members = alice.hear("room:members").await;
        assert_eq!(members["members"].as_array().map(Vec::len), Some(1), "{members}");
        assert_eq!(phone.hear("member:left").await["roomId"], "general");
        alice.say("general", "still here?").await;
        assert_eq!(bob.hear("message:new").await["content"], "still here?");
        let rooms = phone.ask("rooms:list", json!({})).await["rooms"].take();
        let general = rooms.as_array().unwrap().iter().find(|room| room["id"] == "general").unwrap();
        assert_eq!(general["isMember"], false);
        // Activity of a room whose member he still is would come after that of the room that he left.
        server.make_room("other", RoomType::Public, &["alice", "bob"]).await;
        alice.say("other", "psst").await;
        assert_eq!(phone.hear("room:activity").await["roomId"], "other");
        // A guest who leaves again changes nothing.
        let rows = server.database.all_rows().await;
        assert_eq!(bob.ask("member:leave", "general".into()).await["success"], true);
        assert_eq!(server.database.all_rows().await, rows);
    }
}

on_both! {
    async fn nobody_leaves_a_direct_room_or_one_that_they_may_not_enter(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("member:leave", |room| json!(room)).await;
        let ack = closed.alice.ask("member:leave", "dm:alice:bob".into()).await;
        assert_eq!(ack["code"], "forbidden", "{ack}");
        closed.alice.heard().await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn bad_input_to_member_leave_is_refused(server: TestServer) {
        let mut alice = server.connect("alice").await;
        refuses_bad_input(&mut alice, "member:leave", &not_ids()).await;
    }
}
