//! `room:join`.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{
    moment, on_both,
    refusals::{Closed, not_ids, refuses_bad_input},
};

fn ids(messages: &Value) -> Vec<&str> {
    messages.as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap()).collect()
}

on_both! {
    async fn a_user_who_joins_gets_history_then_members_and_the_others_get_the_join(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let avatar = r#"UPDATE "User" SET "avatar" = 'https://example.org/b.png' WHERE "id" = 'bob'"#;
        server.database.execute(avatar).await;
        server.database.seed_messages("general", "alice", &[("m-1", moment(7)), ("m-2", moment(8))]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut carol = server.connect("carol").await;
        let mut bob = server.connect("bob").await;
        alice.heard().await;

        assert_eq!(bob.ask("room:join", "general".into()).await, json!({"success": true}));

        let heard = bob.heard_before();
        let names: Vec<&str> = heard.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["room:history", "room:members"]);
        let (history, members) = (&heard[0].1, &heard[1].1);
        assert_eq!((&history["roomId"], ids(&history["messages"])), (&json!("general"), vec!["m-2", "m-1"]));
        let expected = json!({
            "id": "m-1", "roomId": "general", "senderId": "alice", "content": "m-1", "type": "text", "metadata": {},
            "replyTo": null, "createdAt": "2026-01-31T09:00:07.042Z", "updatedAt": null, "senderName": "alice",
            "sender": {"name": "alice"}, "reactions": [],
        });
        assert_eq!(history["messages"][1], expected);
        let expected = json!({"roomId": "general", "members": [
            {"id": "alice", "name": "alice", "avatar": null},
            {"id": "bob", "name": "bob", "avatar": "https://example.org/b.png"},
        ]});
        assert_eq!(*members, expected);
        assert_eq!(bob.heard().await, []);
        let joined = json!({"roomId": "general", "user": {"id": "bob", "name": "Bob"}});
        assert_eq!(alice.heard().await, [("room:user-joined".to_owned(), joined)]);
        assert_eq!(carol.heard().await, []);
    }
}

on_both! {
    async fn a_user_who_joins_has_read_the_room(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice"]).await;
        let _alice = server.connect_in("alice", "general").await;

        let database = server.stop().await;

        let readers = database.own("SELECT user_id FROM own.read_marker WHERE room_id = 'general'");
        assert_eq!(database.select(&readers).await, ["alice"]);
    }
}

on_both! {
    async fn history_is_the_newest_fifty_although_the_last_shares_its_millisecond(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        // Five old ones, then five of one moment, then 48, each of its own: the fiftieth is one of the five.
        let seconds = (0..5).chain([5; 5]).chain(6..54);
        let seeded: Vec<(String, String)> =
            (0..).zip(seconds).map(|(n, second)| (format!("m-{n:02}"), moment(second))).collect();
        server.database.seed_messages("general", "alice", &seeded).await;
        let mut newest_first: Vec<String> = seeded.into_iter().map(|(id, _)| id).rev().take(50).collect();

        // The first finds the room in the database, the second in memory.
        let mut alice = server.connect("alice").await;
        let mut bob = server.connect("bob").await;
        for client in [&mut alice, &mut bob] {
            client.ask("room:join", "general".into()).await;
            assert_eq!(ids(&client.hear("room:history").await["messages"]), newest_first);
        }
        let message = alice.say("general", "one more").await;
        newest_first.insert(0, message["id"].as_str().unwrap().to_owned());
        newest_first.truncate(50);
        let mut carol = server.connect("carol").await;
        carol.ask("room:join", "general".into()).await;
        assert_eq!(ids(&carol.hear("room:history").await["messages"]), newest_first);
    }
}

on_both! {
    async fn a_room_in_which_nothing_was_said_has_an_empty_history(server: TestServer) {
        server.make_room("general", RoomType::Public, &[]).await;
        let mut carol = server.connect_in("carol", "general").await;

        assert_eq!(carol.hear("room:history").await["messages"], json!([]));
        assert_eq!(carol.hear("room:members").await, json!({"roomId": "general", "members": []}));
    }
}

on_both! {
    async fn a_second_join_shows_the_room_again_and_is_not_announced(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;

        assert_eq!(bob.ask("room:join", "general".into()).await["success"], true);

        assert_eq!(bob.heard_names().await, ["room:history", "room:members"]);
        assert_eq!(alice.heard().await, []);
        // And is in it once, not twice.
        alice.say("general", "hello").await;
        assert_eq!(bob.heard_names().await, ["message:new"]);
    }
}

on_both! {
    async fn a_user_without_a_name_in_the_token_joins_without_one(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let mut dave = server.connect_as(&json!({"sub": "dave"})).await;
        dave.ask("room:join", "general".into()).await;

        let joined = json!({"roomId": "general", "user": {"id": "dave"}});
        assert_eq!(alice.heard().await, [("room:user-joined".to_owned(), joined)]);
    }
}

on_both! {
    async fn joins_have_the_tokens_name_and_members_have_the_databases(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let mut tab = server.connect_as(&json!({"sub": "bob", "name": "Robert"})).await;
        tab.ask("room:join", "general".into()).await;
        assert_eq!(tab.hear("room:members").await["members"][1]["name"], "bob");
        assert_eq!(alice.heard().await, []);

        // Only members of the database are listed, whoever is here.
        let mut dave = server.connect_as(&json!({"sub": "dave", "name": "Dave the Brave"})).await;
        dave.ask("room:join", "general".into()).await;
        assert_eq!(dave.hear("room:members").await["members"].as_array().unwrap().len(), 2);
        assert_eq!(alice.hear("room:user-joined").await["user"], json!({"id": "dave", "name": "Dave the Brave"}));
    }
}

on_both! {
    async fn an_id_is_any_text_of_up_to_512_bytes(server: TestServer) {
        let rooms = ["le général 😀 \"'; --", "__proto__", "a:b/c", &"x".repeat(512)].map(str::to_owned);
        let mut alice = server.connect("alice").await;
        for room in &rooms {
            server.make_room(room, RoomType::Public, &[]).await;
            assert_eq!(alice.ask("room:join", room.as_str().into()).await, json!({"success": true}), "{room}");
            assert_eq!(alice.hear("room:history").await["roomId"], *room);
            assert_eq!(alice.say(room, "hello").await["roomId"], *room);
            assert_eq!(alice.hear("message:new").await["roomId"], *room);
        }
        // Half a surrogate pair cannot be stored: it is U+FFFD wherever it comes.
        server.make_room("half \u{fffd}", RoomType::Public, &[]).await;
        assert_eq!(alice.ask_text("room:join", r#""half \ud83d""#).await, json!({"success": true}));
        assert_eq!(alice.hear("room:history").await["roomId"], "half \u{fffd}");
    }
}

on_both! {
    async fn the_event_works_without_a_callback(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let mut carol = server.connect("carol").await;

        carol.emit("room:join", "general".into()).await;

        assert_eq!(carol.heard_names().await, ["room:history", "room:members"]);
        assert_eq!(alice.heard_names().await, ["room:user-joined"]);
    }
}

on_both! {
    async fn a_room_that_is_not_the_callers_is_neither_joined_nor_heard(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("room:join", |room| room.into()).await;
        closed.stays_as_it_was().await;

        closed.alice.say("secret", "between us").await;
        closed.bob.ask("typing:start", "dm:alice:bob".into()).await;
        assert_eq!(closed.carol.heard().await, []);
    }
}

on_both! {
    async fn an_invalid_room_id_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let rows = server.database.all_rows().await;
        refuses_bad_input(&mut bob, "room:join", &not_ids()).await;
        refuses_bad_input(&mut bob, "room:join", &[r#"{"roomId":"general"}"#.to_owned()]).await;
        assert_eq!(alice.heard().await, []);
        assert_eq!(server.database.all_rows().await, rows);
    }
}
