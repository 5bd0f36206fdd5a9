//! `room:invite`.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{
    on_both,
    refusals::{Closed, not_ids, not_objects, refuses_bad_input, with_bad},
};

on_both! {
    async fn an_invited_user_gets_the_room_and_may_enter_and_the_room_gets_its_new_members(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let mut bob = server.connect_in("bob", "secret").await;
        let mut carol = server.connect("carol").await;
        let mut carols_tab = server.connect("carol").await;
        assert_eq!(carol.ask("room:join", "secret".into()).await["code"], "forbidden");
        for client in [&mut alice, &mut bob, &mut carol] {
            client.heard().await;
        }

        let ack = alice.ask("room:invite", json!({"roomId": "secret", "userId": "carol"})).await;

        let ids: Vec<_> = ack["members"].as_array().unwrap().iter().map(|member| &member["id"]).collect();
        assert_eq!(ids, ["alice", "bob", "carol"]);
        let members = json!({"roomId": "secret", "members": ack["members"]});
        for client in [&mut alice, &mut bob] {
            assert_eq!(client.heard().await, [("room:members".to_owned(), members.clone())]);
        }
        for client in [&mut carol, &mut carols_tab] {
            let (event, invited) = client.next().await;
            assert_eq!((event.as_str(), &invited["room"]["id"]), ("room:invited", &json!("secret")));
            assert_eq!(invited["room"]["members"], json!(["alice", "bob", "carol"]));
            assert_eq!(invited["from"], json!({"id": "alice", "name": "Alice"}));
            assert_eq!(client.heard().await, []);
        }
        assert_eq!(carol.ask("room:join", "secret".into()).await["success"], true);
    }
}

on_both! {
    async fn a_member_is_not_invited_again(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let rows = server.database.all_rows().await;
        let ack = alice.ask("room:invite", json!({"roomId": "general", "userId": "bob"})).await;
        assert_eq!(ack["members"].as_array().map(Vec::len), Some(2), "{ack}");
        assert_eq!(alice.heard().await, []);
        assert_eq!(bob.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
    }
}

on_both! {
    async fn nobody_is_invited_by_a_stranger_into_a_direct_room_or_from_nowhere(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("room:invite", |room| json!({"roomId": room, "userId": "carol"})).await;
        closed.stays_as_it_was().await;
        let ack = closed.alice.ask("room:invite", json!({"roomId": "dm:alice:bob", "userId": "carol"})).await;
        assert_eq!(ack["code"], "forbidden", "{ack}");
        let ack = closed.alice.ask("room:invite", json!({"roomId": "secret", "userId": "nobody"})).await;
        assert_eq!(ack["code"], "user_not_found", "{ack}");
        closed.alice.heard().await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn a_removed_member_can_invite_neither_themself_nor_others(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob", "carol"]).await;
        let (mut alice, mut bob) = (server.connect_in("alice", "secret").await, server.connect_in("bob", "secret").await);
        // Its ack comes when the read marks of joining are stored, too.
        bob.ask("room:read", "secret".into()).await;
        server.make_room("general", RoomType::Public, &["dave"]).await;
        server.database.execute(r#"DELETE FROM "_RoomMembers" WHERE "A" = 'secret' AND "B" = 'bob'"#).await;
        let rows = server.database.all_rows().await;
        // The server still remembers him as a member.
        for user in ["bob", "dave"] {
            let ack = bob.ask("room:invite", json!({"roomId": "secret", "userId": user})).await;
            assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("forbidden")), "{user}: {ack}");
        }
        assert_eq!(server.database.all_rows().await, rows);
        assert_eq!(bob.ask("room:join", "secret".into()).await["code"], "forbidden");
        // And nobody invites themself anywhere.
        let ack = alice.ask("room:invite", json!({"roomId": "secret", "userId": "alice"})).await;
        assert_eq!(ack["code"], "forbidden", "{ack}");
    }
}

on_both! {
    async fn bad_input_is_refused(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let good = json!({"roomId": "general", "userId": "bob"});
        let mut bad = not_objects();
        bad.extend(with_bad(&good, "roomId", &not_ids()));
        bad.extend(with_bad(&good, "userId", &not_ids()));
        refuses_bad_input(&mut alice, "room:invite", &bad).await;
    }
}
