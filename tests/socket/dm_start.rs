//! `dm:start`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{
    Client, TestServer, on_both,
    refusals::{not_ids, refuses_bad_input},
};

/// Alice and bob, signed in and nowhere.
async fn a_pair(server: &TestServer) -> (Client, Client) {
    (server.connect("alice").await, server.connect("bob").await)
}

on_both! {
    async fn every_socket_of_the_other_user_gets_dm_started_before_the_ack_and_no_other(server: TestServer) {
        let (mut alice, mut bob) = a_pair(&server).await;
        let mut bobs_tab = server.connect("bob").await;
        let mut alices_tab = server.connect("alice").await;
        let mut carol = server.connect("carol").await;

        let ack = alice.ask("dm:start", "bob".into()).await;

        let room = json!({
            "id": "dm:alice:bob", "name": "Direct Message", "type": "direct", "createdAt": ack["room"]["createdAt"],
            "members": ["alice", "bob"],
        });
        assert_eq!(ack, json!({"success": true, "room": room, "members": ["alice", "bob"]}));
        let started = json!({"room": room, "from": {"id": "alice", "name": "Alice"}});
        for client in [&mut bob, &mut bobs_tab] {
            assert_eq!(client.heard().await, [("dm:started".to_owned(), started.clone())]);
        }
        for client in [&mut alice, &mut alices_tab, &mut carol] {
            assert_eq!(client.heard().await, []);
        }
        let members = r#"SELECT "B" FROM "_RoomMembers" WHERE "A" = 'dm:alice:bob' ORDER BY 1"#;
        assert_eq!(server.database.select(members).await, ["alice", "bob"]);
    }
}

on_both! {
    async fn the_user_who_starts_a_direct_room_gets_its_events_at_once_and_the_other_after_joining(server: TestServer) {
        let (mut alice, mut bob) = a_pair(&server).await;
        let mut alices_tab = server.connect("alice").await;
        alice.ask("dm:start", "bob".into()).await;
        alice.say("dm:alice:bob", "are you there?").await;
        alice.heard().await;
        assert_eq!(bob.heard_names().await, ["dm:started"]);

        bob.ask("room:join", "dm:alice:bob".into()).await;
        assert_eq!(bob.hear("room:history").await["messages"][0]["content"], "are you there?");
        let members = bob.hear("room:members").await;
        assert_eq!((&members["members"][0]["id"], &members["members"][1]["id"]), (&json!("alice"), &json!("bob")));
        bob.say("dm:alice:bob", "yes").await;

        assert_eq!(alice.heard_names().await, ["room:user-joined", "message:new"]);
        // Her other tab did not ask for it.
        assert_eq!(alices_tab.heard().await, []);
        alice.close().await;
        let left = json!({"roomId": "dm:alice:bob", "userId": "alice"});
        assert_eq!(bob.hear("message:new").await["content"], "yes");
        assert_eq!(bob.next().await, ("room:user-left".to_owned(), left));
    }
}

on_both! {
    async fn each_dm_start_is_announced_and_leads_to_one_room_from_either_side(server: TestServer) {
        let (mut alice, mut bob) = a_pair(&server).await;
        let first = alice.ask("dm:start", "bob".into()).await;
        assert_eq!(alice.ask("dm:start", "bob".into()).await, first);
        assert_eq!(bob.ask("dm:start", "alice".into()).await, first);
        assert_eq!(bob.heard_names().await, ["dm:started", "dm:started"]);
        let heard = alice.heard().await;
        assert_eq!((heard.len(), &heard[0].1["from"]), (1, &json!({"id": "bob", "name": "Bob"})));
        assert_eq!(server.database.select(r#"SELECT "id" FROM "Room""#).await, ["dm:alice:bob"]);
    }
}

on_both! {
    async fn both_users_may_start_a_direct_room_at_the_same_moment(server: TestServer) {
        let (mut alice, mut bob) = a_pair(&server).await;
        let hers = alice.begin("dm:start", "bob".into()).await;
        let his = bob.begin("dm:start", "alice".into()).await;
        let (hers, his) = (alice.answer(hers).await, bob.answer(his).await);
        assert_eq!((&hers["success"], &hers["room"]), (&json!(true), &his["room"]));
        assert_eq!(alice.hear("dm:started").await["from"]["id"], "bob");
        assert_eq!(bob.hear("dm:started").await["from"]["id"], "alice");
    }
}

on_both! {
    async fn the_ids_in_its_id_are_in_the_order_of_javascript(server: TestServer) {
        // By code unit U+1F600 comes before U+FF5E, by code point and by most collations after it.
        for (one, other) in [("Zoe", "alice"), ("10", "9"), ("\u{1f600}", "\u{ff5e}"), ("a", "é")] {
            let mut first = server.connect_as(&json!({"sub": one})).await;
            let mut second = server.connect_as(&json!({"sub": other})).await;
            for (client, target) in [(&mut first, other), (&mut second, one)] {
                let ack = client.ask("dm:start", target.into()).await;
                assert_eq!(ack["room"]["id"], format!("dm:{one}:{other}"), "{ack}");
                assert_eq!(ack["members"], json!([one, other]));
            }
        }
    }
}

on_both! {
    async fn a_user_without_a_name_in_the_token_starts_a_direct_room_without_one(server: TestServer) {
        let mut bob = server.connect("bob").await;
        let mut dave = server.connect_as(&json!({"sub": "dave"})).await;
        dave.ask("dm:start", "bob".into()).await;
        assert_eq!(bob.hear("dm:started").await["from"], json!({"id": "dave"}));
    }
}

on_both! {
    async fn an_offline_user_finds_the_direct_room_later(server: TestServer) {
        server.make_room("general", RoomType::Public, &["dora"]).await;
        let mut alice = server.connect("alice").await;
        assert_eq!(alice.ask("dm:start", "dora".into()).await["success"], true);
        alice.say("dm:alice:dora", "when you are back").await;
        let mut dora = server.connect_in("dora", "dm:alice:dora").await;
        assert_eq!(dora.hear("room:history").await["messages"][0]["content"], "when you are back");
    }
}

on_both! {
    async fn nobody_else_enters_a_direct_room(server: TestServer) {
        let (mut alice, _bob) = a_pair(&server).await;
        let mut carol = server.connect("carol").await;
        // Not before it is there either.
        assert_eq!(carol.ask("room:join", "dm:alice:bob".into()).await["code"], "room_not_found");
        alice.ask("dm:start", "bob".into()).await;
        assert_eq!(carol.ask("room:join", "dm:alice:bob".into()).await["code"], "forbidden");
        carol.heard().await;
        alice.say("dm:alice:bob", "between us").await;
        assert_eq!(carol.heard().await, []);
    }
}

on_both! {
    async fn a_direct_room_with_oneself_or_an_unknown_user_is_refused(server: TestServer) {
        let (mut alice, mut bob) = a_pair(&server).await;
        let mut tab = server.connect("alice").await;
        let rows = server.database.all_rows().await;
        for (target, code) in [("alice", "bad_input"), ("nobody", "user_not_found"), ("user:bob", "user_not_found")] {
            let ack = alice.ask("dm:start", target.into()).await;
            assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!(code)));
            assert!(ack["error"].as_str().is_some_and(|error| !error.is_empty()), "{ack}");
            assert_eq!(alice.heard().await, []);
            alice.emit("dm:start", target.into()).await;
            assert_eq!(alice.heard_names().await, ["room:error"]);
        }
        assert_eq!(tab.heard().await, []);
        assert_eq!(bob.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
        assert_eq!(server.database.select(r#"SELECT "id" FROM "User" ORDER BY 1"#).await, ["alice", "bob"]);
    }
}

on_both! {
    async fn a_room_whose_id_would_name_two_pairs_stays_with_the_first(server: TestServer) {
        // `dm:a:b:c` is the room of `a` and `b:c`, and would be that of `a:b` and `c`.
        let mut users = Vec::new();
        for user in ["a", "b:c", "a:b", "c"] {
            users.push(server.connect_as(&json!({"sub": user})).await);
        }
        let [first, second, third, fourth] = &mut users[..] else { panic!("four") };
        assert_eq!(first.ask("dm:start", "b:c".into()).await["room"]["id"], "dm:a:b:c");
        second.ask("room:join", "dm:a:b:c".into()).await;
        first.say("dm:a:b:c", "between us").await;
        for client in [&mut *first, &mut *second, &mut *third, &mut *fourth] {
            client.heard().await;
        }
        let members = r#"SELECT "A" || ' ' || "B" FROM "_RoomMembers" ORDER BY 1"#;
        let inside = server.database.select(members).await;

        for (caller, target) in [(&mut *third, "c"), (&mut *fourth, "a:b")] {
            let ack = caller.ask("dm:start", target.into()).await;
            assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("conflict")), "{ack}");
            assert_eq!(caller.heard().await, []);
            assert_eq!(caller.ask("room:join", "dm:a:b:c".into()).await["code"], "forbidden");
            let page = caller.ask("messages:load", json!({"roomId": "dm:a:b:c", "before": "2999-01-01"})).await;
            assert_eq!((&page["code"], &page["messages"]), (&json!("forbidden"), &json!([])));
            caller.heard().await;
        }
        first.say("dm:a:b:c", "still between us").await;
        assert_eq!(second.heard_names().await, ["message:new"]);
        assert_eq!(third.heard().await, []);
        assert_eq!(fourth.heard().await, []);
        assert_eq!(server.database.select(members).await, inside);
    }
}

on_both! {
    async fn an_existing_room_of_its_id_lets_nobody_in_who_is_not_one_of_the_two(server: TestServer) {
        // As another program left it: not direct, and with somebody else in it.
        server.make_room("dm:alice:bob", RoomType::Private, &["alice", "mallory"]).await;
        let (mut alice, mut bob) = a_pair(&server).await;
        let ack = alice.ask("dm:start", "bob".into()).await;
        assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("conflict")));
        assert_eq!(bob.heard().await, []);
        assert_eq!(bob.ask("room:join", "dm:alice:bob".into()).await["code"], "forbidden");
    }
}

on_both! {
    async fn a_direct_room_that_lost_a_member_gets_them_back(server: TestServer) {
        server.make_room("dm:alice:bob", RoomType::Direct, &["alice"]).await;
        let (mut alice, mut bob) = a_pair(&server).await;
        assert_eq!(alice.ask("dm:start", "bob".into()).await["success"], true);
        assert_eq!(bob.ask("room:join", "dm:alice:bob".into()).await["success"], true);
    }
}

on_both! {
    async fn a_user_removed_from_a_direct_room_cannot_enter_it_again(server: TestServer) {
        server.make_room("dm:alice:bob", RoomType::Direct, &["bob"]).await;
        let (mut alice, mut bob) = a_pair(&server).await;
        let ack = alice.ask("dm:start", "bob".into()).await;
        assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("forbidden")), "{ack}");
        assert_eq!(bob.heard().await, []);
        assert_eq!(alice.ask("room:join", "dm:alice:bob".into()).await["code"], "forbidden");
        let members = r#"SELECT "B" FROM "_RoomMembers""#;
        assert_eq!(server.database.select(members).await, ["bob"]);
    }
}

on_both! {
    async fn a_room_that_is_started_can_be_used_however_long_the_ids(server: TestServer) {
        // The longest pair whose room id is not too long itself, and one byte more.
        for (length, fits) in [(254, true), (255, false)] {
            let (one, other) = ("a".repeat(254), "b".repeat(length));
            let mut first = server.connect_as(&json!({"sub": one})).await;
            let mut second = server.connect_as(&json!({"sub": other})).await;
            let ack = first.ask("dm:start", other.as_str().into()).await;
            assert_eq!(ack["success"], fits, "{ack}");
            if fits {
                first.say(ack["room"]["id"].as_str().unwrap(), "hello").await;
                assert_eq!(first.heard_names().await, ["message:new"]);
            } else {
                assert_eq!(second.heard().await, []);
            }
        }
    }
}

on_both! {
    async fn the_event_works_without_a_callback(server: TestServer) {
        let (mut alice, mut bob) = a_pair(&server).await;
        alice.emit("dm:start", "bob".into()).await;
        assert_eq!(alice.heard().await, []);
        assert_eq!(bob.heard_names().await, ["dm:started"]);
        bob.say("dm:alice:bob", "hello").await;
        assert_eq!(alice.heard_names().await, ["message:new"]);
    }
}

on_both! {
    async fn an_invalid_user_id_is_refused(server: TestServer) {
        let (mut alice, mut bob) = a_pair(&server).await;
        let mut bad = not_ids();
        bad.push(Value::from("x".repeat(600)).to_string());
        refuses_bad_input(&mut alice, "dm:start", &bad).await;
        assert_eq!(bob.heard().await, []);
        assert_eq!(server.database.all_rows().await, Vec::<String>::new());
    }
}
