//! `room:update`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{
    Backend, TestServer, on_both,
    refusals::{Closed, not_ids, not_objects, refuses_bad_input, with_bad},
};

on_both! {
    async fn a_new_name_and_topic_are_heard_in_the_room_listed_and_kept(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice", "bob", "carol"]).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let mut bob = server.connect_in("bob", "secret").await;
        // Carol looks at her list of rooms, and dave is a stranger who looks at his.
        let (mut carol, mut dave) = (server.connect("carol").await, server.connect("dave").await);
        for client in [&mut carol, &mut dave] {
            client.ask("rooms:list", json!({})).await;
        }
        alice.heard().await;
        bob.heard().await;

        let update = json!({"roomId": "secret", "name": " Plans ", "topic": " Mondays at nine "});
        let ack = alice.ask("room:update", update).await;

        let room = &ack["room"];
        assert_eq!((&room["id"], &room["name"], &room["topic"]), (&json!("secret"), &json!("Plans"), &json!("Mondays at nine")));
        assert_eq!((&room["type"], &room["ownerId"]), (&json!("private"), &Value::Null));
        let updated = json!({
            "roomId": "secret", "name": "Plans", "topic": "Mondays at nine", "by": "alice", "seq": 1,
        });
        for client in [&mut alice, &mut bob, &mut carol] {
            assert_eq!(client.heard().await, [("room:updated".to_owned(), updated.clone())]);
        }
        assert_eq!(dave.heard().await, []);
        let rooms = carol.ask("rooms:list", json!({})).await["rooms"].take();
        assert_eq!((&rooms[0]["name"], &rooms[0]["topic"]), (&json!("Plans"), &json!("Mondays at nine")));
        // The missed change comes with `messages:sync`, also when the room is read from the database again.
        let missed = json!([{"event": "room:updated", "data": updated}]);
        assert_eq!(sync(&mut bob, 0).await, missed);
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let mut bob = server.connect_in("bob", "secret").await;
        assert_eq!(sync(&mut bob, 0).await, missed);
        let rooms = bob.ask("rooms:list", json!({})).await["rooms"].take();
        assert_eq!((&rooms[0]["name"], &rooms[0]["topic"]), (&json!("Plans"), &json!("Mondays at nine")));
    }
}

async fn sync(client: &mut crate::support::Client, since: i64) -> Value {
    let mut answer = client.ask("messages:sync", json!({"roomId": "secret", "since": since})).await;
    assert_eq!(answer["complete"], true, "{answer}");
    answer["events"].take()
}

on_both! {
    async fn a_name_or_topic_that_is_not_given_stays_and_an_empty_topic_is_taken_away(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        for (change, name, topic) in [
            (json!({"topic": "one"}), "general", json!("one")),
            (json!({"name": "All"}), "All", json!("one")),
            (json!({"topic": null}), "All", Value::Null),
            (json!({"topic": "two", "name": null}), "All", json!("two")),
            (json!({"topic": "  "}), "All", Value::Null),
        ] {
            let mut request = change.clone();
            request["roomId"] = "general".into();
            let ack = alice.ask("room:update", request).await;
            assert_eq!((&ack["room"]["name"], &ack["room"]["topic"]), (&json!(name), &topic), "{change}: {ack}");
            let heard = bob.hear("room:updated").await;
            assert_eq!((&heard["name"], &heard["topic"]), (&json!(name), &topic), "{change}");
        }
        let rows = server.database.all_rows().await;
        for change in [json!({}), json!({"name": "All"}), json!({"topic": ""}), json!({"name": " All", "topic": null})] {
            let mut request = change.clone();
            request["roomId"] = "general".into();
            assert_eq!(alice.ask("room:update", request).await["room"]["name"], "All", "{change}");
        }
        assert_eq!(bob.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
    }
}

on_both! {
    async fn a_public_room_is_listed_by_its_new_name_at_once(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let mut dave = server.connect("dave").await;
        assert_eq!(dave.ask("rooms:list", json!({})).await["rooms"][0]["name"], "general");
        alice.ask("room:update", json!({"roomId": "general", "name": "All", "topic": "open"})).await;
        let rooms = dave.ask("rooms:list", json!({})).await["rooms"].take();
        assert_eq!((&rooms[0]["name"], &rooms[0]["topic"]), (&json!("All"), &json!("open")));
    }
}

on_both! {
    async fn changes_stand_in_the_log_among_the_messages(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let first = alice.begin("message:send", json!({"roomId": "general", "content": "one"})).await;
        let second = alice.begin("room:update", json!({"roomId": "general", "name": "All"})).await;
        let third = alice.begin("message:send", json!({"roomId": "general", "content": "two"})).await;
        for id in [first, second, third] {
            assert_eq!(alice.answer(id).await["success"], true);
        }
        let heard = bob.heard().await;
        let order: Vec<_> = heard.iter().map(|(event, data)| (event.as_str(), data["seq"].as_i64())).collect();
        assert_eq!(order, [("message:new", Some(1)), ("room:updated", Some(2)), ("message:new", Some(3))]);
        // Nothing of it is taken for another program's change when the room is loaded.
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let mut bob = server.connect("bob").await;
        bob.emit("room:join", "general".into()).await;
        let history = bob.hear("room:history").await;
        assert_eq!((&history["seq"], history["messages"].as_array().map(Vec::len)), (&json!(3), Some(2)));
        assert_eq!(server.database.select(&server.database.own("SELECT max(seq) FROM own.room_log")).await, ["3"]);
    }
}

on_both! {
    async fn a_room_that_ended_with_a_change_of_its_name_goes_on_after_a_comparison(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        alice.ask("room:update", json!({"roomId": "general", "name": "All"})).await;
        // Another program's message is found by the comparison when somebody enters.
        server.database.seed_messages("general", "alice", &[("theirs", "2999-01-01 00:00:00.000")]).await;
        let database = server.stop().await;
        let server = TestServer::start_with(database, &[]).await;
        let mut dave = server.connect("dave").await;
        dave.emit("room:join", "general".into()).await;
        let history = dave.hear("room:history").await;
        assert_eq!(history["messages"][0]["id"], "theirs", "{history}");
    }
}

on_both! {
    async fn a_stranger_renames_no_room_and_nobody_a_direct_one(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("room:update", |room| json!({"roomId": room, "name": "x"})).await;
        // Lobby is open to all, and alice is not a member.
        for room in ["dm:alice:bob", "lobby"] {
            let ack = closed.alice.ask("room:update", json!({"roomId": room, "topic": "x"})).await;
            assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("forbidden")), "{room}: {ack}");
        }
        closed.alice.heard().await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn a_member_who_was_removed_renames_nothing(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        server.database.execute(r#"DELETE FROM "_RoomMembers" WHERE "B" = 'bob'"#).await;
        let ack = bob.ask("room:update", json!({"roomId": "general", "name": "x"})).await;
        assert_eq!(ack["code"], "forbidden", "{ack}");
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn a_trigger_that_keeps_a_name_out_refuses_the_whole_change(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        server.database.execute(match server.database.backend {
            Backend::Postgres => {
                r#"CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                    IF NEW."name" = 'gone' THEN RETURN NULL; END IF;
                    IF NEW."name" = 'loud' THEN NEW."name" := 'LOUD'; END IF; RETURN NEW; END $$;
                   CREATE TRIGGER keep BEFORE UPDATE ON "Room" FOR EACH ROW EXECUTE FUNCTION keep()"#
            }
            Backend::Sqlite => {
                r#"CREATE TRIGGER gone BEFORE UPDATE ON "Room" WHEN NEW."name" = 'gone' BEGIN SELECT RAISE(IGNORE); END;
                   CREATE TRIGGER loud AFTER UPDATE ON "Room" WHEN NEW."name" = 'loud'
                   BEGIN UPDATE "Room" SET "name" = 'LOUD' WHERE "id" = NEW."id"; END"#
            }
        }).await;
        let rows = server.database.all_rows().await;
        for name in ["gone", "loud"] {
            let ack = alice.ask("room:update", json!({"roomId": "general", "name": name, "topic": "x"})).await;
            assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("conflict")), "{name}: {ack}");
        }
        assert_eq!(server.database.all_rows().await, rows);
        assert_eq!(bob.heard().await, []);
        assert_eq!(alice.ask("room:update", json!({"roomId": "general", "name": "fine"})).await["success"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_a_column_is_too_short_for_is_refused() {
    let server = TestServer::start(Backend::Postgres).await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let database = server.stop().await;
    database.execute(r#"ALTER TABLE "Room" ALTER COLUMN "name" TYPE VARCHAR(10)"#).await;
    let server = TestServer::start_with(database, &[]).await;
    let mut alice = server.connect("alice").await;
    let ack = alice.ask("room:update", json!({"roomId": "general", "name": "x".repeat(11)})).await;
    assert_eq!(ack["success"], false, "{ack}");
    let ack = alice.ask("room:update", json!({"roomId": "general", "name": "x".repeat(10)})).await;
    assert_eq!(ack["success"], true, "{ack}");
}

on_both! {
    async fn bad_input_to_room_update_is_refused(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let good = json!({"roomId": "general", "name": "x", "topic": "y"});
        let texts = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>();
        let names = texts(&[json!(""), json!("  "), json!(7), json!("x".repeat(201)), json!("a\u{0}b")]);
        let topics = texts(&[json!(7), json!({}), json!("x".repeat(1_001)), json!("ä".repeat(501)), json!("a\u{0}b")]);
        for bad in [
            not_objects(), with_bad(&good, "roomId", &not_ids()), with_bad(&good, "name", &names),
            with_bad(&good, "topic", &topics),
        ] {
            refuses_bad_input(&mut alice, "room:update", &bad).await;
        }
        let topic = "ä".repeat(500);
        let ack = alice.ask("room:update", json!({"roomId": "general", "topic": topic})).await;
        assert_eq!(ack["room"]["topic"], topic.as_str());
    }
}
