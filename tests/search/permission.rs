//! Nobody finds what they may not read.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use super::{found, indexed, search, searching};
use crate::{http::api::Program, support::on_both};

on_both! {
    async fn a_search_is_over_the_rooms_that_its_user_may_read_and_no_others(server: TestServer) {
        let server = searching(server).await;
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        server.make_room("open", RoomType::Public, &["alice"]).await;
        let mut alice = server.connect("alice").await;
        let mut bob = server.connect("bob").await;
        let mut carol = server.connect("carol").await;
        alice.say("plans", "secret lunch").await;
        alice.say("open", "open lunch").await;
        let direct = alice.ask("dm:start", "bob".into()).await["room"]["id"].as_str().unwrap().to_owned();
        alice.say(&direct, "direct lunch").await;
        for (client, expected) in [
            (&mut alice, vec!["direct lunch", "open lunch", "secret lunch"]),
            (&mut bob, vec!["direct lunch", "open lunch", "secret lunch"]),
            (&mut carol, vec!["open lunch"]),
        ] {
            assert_eq!(found(&server, client, "lunch").await, expected);
            assert_eq!(found(&server, client, "from:alice").await, expected);
        }
        assert_eq!(found(&server, &mut bob, &format!("lunch in:{direct}")).await, ["direct lunch"]);
        for (room, code) in [("plans", "forbidden"), (direct.as_str(), "forbidden"), ("nowhere", "room_not_found")] {
            let ack = carol.ask("messages:search", json!({"query": format!("lunch in:{room}")})).await;
            assert_eq!(ack["code"], code, "{room}: {ack}");
        }
        let program = Program::of(&server, "carol");
        let refused = program.refusal("GET", "/search?query=lunch%20in:plans", &json!(null)).await;
        assert_eq!(refused, (403, "forbidden".to_owned()));
    }
}

on_both! {
    async fn a_member_who_was_removed_finds_nothing_more(server: TestServer) {
        let server = searching(server).await;
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "plans").await;
        let mut bob = server.connect_in("bob", "plans").await;
        alice.say("plans", "secret lunch").await;
        assert_eq!(found(&server, &mut bob, "lunch").await, ["secret lunch"]);
        bob.ask("member:leave", "plans".into()).await;
        assert_eq!(found(&server, &mut bob, "lunch").await, Vec::<String>::new());
        let ack = alice.ask("room:invite", json!({"roomId": "plans", "userId": "bob"})).await;
        assert_eq!(ack["success"], true, "{ack}");
        assert_eq!(found(&server, &mut bob, "lunch").await, ["secret lunch"]);
        // Another program removes him.
        server.database.execute(r#"DELETE FROM "_RoomMembers" WHERE "A" = 'plans' AND "B" = 'bob'"#).await;
        assert_eq!(found(&server, &mut bob, "lunch").await, Vec::<String>::new());
        assert_eq!(found(&server, &mut alice, "lunch").await, ["secret lunch"]);
    }
}

on_both! {
    async fn both_doors_find_the_same(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        for content in ["one lunch", "two lunch", "three lunch"] {
            alice.say("general", content).await;
        }
        indexed(&server.database).await;
        let program = Program::of(&server, "alice");
        let mut path = "/search?query=lunch&limit=2".to_owned();
        let mut ask = json!({"query": "lunch", "limit": 2});
        for is_complete in [false, true] {
            let page = program.done("GET", &path, &json!(null), 200).await;
            let mut same = alice.ask("messages:search", ask.clone()).await;
            same.as_object_mut().unwrap().shift_remove("success");
            assert_eq!((&page, &page["isComplete"]), (&same, &json!(is_complete)));
            ask["after"] = page["after"].clone();
            path = format!("/search?query=lunch&limit=2&after={}", page["after"].as_str().unwrap_or_default());
        }
        let found = search(&mut alice, "lunch").await;
        assert_eq!(found["results"].as_array().unwrap().len(), 3);
    }
}
