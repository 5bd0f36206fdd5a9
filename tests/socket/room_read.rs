//! `room:read`.

use chatoxide::chat::room::RoomType;
use chrono::NaiveDateTime;
use serde_json::{Value, json};

use crate::support::{
    TestDatabase, TestServer, on_both,
    refusals::{Closed, not_ids, refuses_bad_input},
    until,
};

/// When a user has read `general` by what is stored.
async fn stored(database: &TestDatabase, user: &str) -> NaiveDateTime {
    let at = format!("SELECT at FROM own.read_marker WHERE room_id = 'general' AND user_id = '{user}'");
    let rows = database.select(&database.own(&at)).await;
    assert_eq!(rows.len(), 1);
    NaiveDateTime::parse_from_str(&rows[0], "%Y-%m-%d %H:%M:%S%.f").unwrap()
}

/// When a user has read `general` by what was told.
fn told(timestamp: &Value) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(timestamp.as_str().unwrap(), "%Y-%m-%dT%H:%M:%S%.3fZ").unwrap()
}

on_both! {
    async fn the_others_get_the_read_mark_and_it_is_stored_with_the_ack(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut carol = server.connect("carol").await;

        assert_eq!(bob.ask("room:read", "general".into()).await, json!({"success": true}));

        let stored = stored(&server.database, "bob").await;
        let heard = alice.heard().await;
        let timestamp = &heard[0].1["timestamp"];
        assert_eq!(told(timestamp), stored);
        let read = json!({"roomId": "general", "userId": "bob", "timestamp": timestamp, "seq": 0});
        assert_eq!(heard, [("room:user-read".to_owned(), read)]);
        assert_eq!(bob.heard().await, []);
        assert_eq!(carol.heard().await, []);
    }
}

on_both! {
    async fn a_read_mark_counts_the_messages_before_it(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        alice.say("general", "one").await;
        alice.say("general", "two").await;
        bob.ask("room:read", "general".into()).await;

        let stored = "SELECT seq FROM own.read_marker WHERE room_id = 'general' AND user_id = 'bob'";
        assert_eq!(server.database.select(&server.database.own(stored)).await, ["2"]);
    }
}

on_both! {
    async fn a_public_room_may_be_read_without_joining_it(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        let mut carol = server.connect("carol").await;
        assert_eq!(carol.ask("room:read", "general".into()).await["success"], true);
        assert_eq!(alice.hear("room:user-read").await["userId"], "carol");
        assert_eq!(carol.heard().await, []);
    }
}

on_both! {
    async fn the_event_works_without_a_callback(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        bob.emit("room:read", "general".into()).await;
        assert_eq!(bob.heard().await, []);
        let read = alice.hear("room:user-read").await;
        // Written soon, and at the latest when the server stops.
        let database = server.stop().await;
        assert_eq!(stored(&database, "bob").await, told(&read["timestamp"]));
    }
}

on_both! {
    async fn many_read_and_typing_events_arrive_in_order_and_before_later_messages(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &["--ephemeral-rate", "1"]).await;
        let (mut alice, mut bob) = server.meet().await;
        let mut expected = Vec::new();
        for _ in 0..100 {
            for (event, heard) in [
                ("typing:start", "typing:user"),
                ("room:read", "room:user-read"),
                ("typing:stop", "typing:stopped"),
            ] {
                bob.emit(event, "general".into()).await;
                expected.push(heard);
            }
        }
        bob.say("general", "hello").await;
        expected.push("message:new");
        assert_eq!(alice.heard_names().await, expected);
        assert_eq!(bob.heard_names().await, ["message:new"]);
    }
}

on_both! {
    async fn a_room_that_is_not_the_callers_is_not_read(server: TestServer) {
        let mut closed = Closed::start(server).await;
        closed.refuses_each_room("room:read", |room| room.into()).await;
        closed.stays_as_it_was().await;
    }
}

on_both! {
    async fn an_invalid_room_id_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        refuses_bad_input(&mut bob, "room:read", &not_ids()).await;
        assert_eq!(alice.heard().await, []);
    }
}

on_both! {
    async fn marks_without_an_ack_are_written_in_a_batch_within_a_moment(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        for n in 0..3 {
            alice.say("general", &n.to_string()).await;
        }
        bob.heard().await;
        let before = server.db.statements().get();
        for _ in 0..500 {
            bob.emit("room:read", "general".into()).await;
        }
        bob.heard().await;
        let seq = server.database.own(
            "SELECT seq FROM own.read_marker WHERE room_id = 'general' AND user_id = 'bob'",
        );
        until("the mark is stored", async || {
            (server.database.select(&seq).await == ["3"]).then_some(())
        })
        .await;
        // Each batch takes one statement, and there is one in half a second.
        let spent = server.db.statements().get() - before;
        assert!(spent <= 10, "{spent} statements");
    }
}

on_both! {
    async fn a_mark_moves_to_an_entry_never_back_and_never_beyond_the_end(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut phone = server.connect("bob").await;
        let mut times = Vec::new();
        for n in 0..4 {
            times.push(alice.say("general", &n.to_string()).await["createdAt"].take());
        }
        alice.heard().await;
        let marker = server.database.own(
            "SELECT seq FROM own.read_marker WHERE room_id = 'general' AND user_id = 'bob'",
        );
        for (is_phone, seq, expected) in [(false, 2, 2), (true, 3, 3), (false, 1, 3), (true, 2, 3), (false, 99, 4), (true, 1, 4)] {
            let device = if is_phone { &mut phone } else { &mut bob };
            let read = json!({"roomId": "general", "seq": seq});
            assert_eq!(device.ask("room:read", read).await, json!({"success": true}));
            assert_eq!(server.database.select(&marker).await, [expected.to_string()], "{seq}");
        }
        // The others are told of what is new, with the time of the entry. A message comes after all of it.
        alice.say("general", "the end").await;
        let mut told = alice.heard().await;
        assert_eq!(told.pop().unwrap().0, "message:new");
        assert_eq!(told.iter().map(|(_, read)| read["seq"].clone()).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!([&told[0].1["timestamp"], &told[1].1["timestamp"]], [&times[1], &times[2]]);
        assert!(told[2].1["timestamp"].as_str() >= times[3].as_str());
    }
}

on_both! {
    async fn an_entry_of_a_room_that_is_not_in_memory_may_be_read(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect("alice").await;
        for n in 0..3 {
            alice.say("general", &n.to_string()).await;
        }
        let mut bob = server.connect("bob").await;
        let marker = server.database.own("SELECT seq FROM own.read_marker WHERE user_id = 'bob'");
        for (read, expected) in [(json!({"roomId": "general", "seq": 2}), "2"), (json!("general"), "3")] {
            assert_eq!(bob.ask("room:read", read).await["success"], true);
            assert_eq!(server.database.select(&marker).await, [expected]);
        }
        // An entry that the log keeps no more moves nothing.
        server.database.execute(&server.database.own("DELETE FROM own.room_log WHERE seq < 3")).await;
        let mut carol = server.connect("carol").await;
        assert_eq!(carol.ask("room:read", json!({"roomId": "general", "seq": 1})).await["success"], true);
        let marks = server.database.own("SELECT count(*) FROM own.read_marker WHERE user_id = 'carol'");
        assert_eq!(server.database.select(&marks).await, ["0"]);
    }
}

on_both! {
    async fn a_message_that_is_committed_just_after_a_mark_is_unread_although_it_is_older(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        alice.say("general", "before").await;
        bob.ask("room:read", "general".into()).await;
        alice.say("general", "after").await;
        // As if its commit had taken an hour.
        let later = "2999-01-01 00:00:00.000";
        let mark = format!("UPDATE own.read_marker SET at = '{later}' WHERE user_id = 'bob'");
        server.database.execute(&server.database.own(&mark)).await;
        let counts = bob.ask("unread:list", json!({})).await;
        assert_eq!(counts["rooms"][0]["unreadCount"], 1);
    }
}

on_both! {
    async fn an_invalid_entry_is_refused(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let bad = [r#"{}"#, r#"{"seq": 1}"#, r#"{"roomId": "general", "seq": -1}"#, r#"{"roomId": "general", "seq": 1.5}"#,
            r#"{"roomId": "general", "seq": "1"}"#, r#"{"roomId": 7, "seq": 1}"#].map(str::to_owned);
        refuses_bad_input(&mut bob, "room:read", &bad).await;
        assert_eq!(alice.heard().await, []);
    }
}
