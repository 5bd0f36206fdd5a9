//! The log of a room on this node when another program writes to it too.

use std::sync::Arc;

use chatoxide::{
    chat::{mention::Mentioned, message::MessageType, room::RoomType, timestamp::Timestamp},
    clock,
    db::room_log::{Append, Appended, Appender, Change, Entry, EntryBody, NewMessage},
};
use serde_json::json;

use crate::support::on_both;

pub(super) fn message(content: &str) -> Append {
    let message = NewMessage {
        content: content.to_owned(),
        kind: MessageType::Text,
        metadata: json!({}),
        reply_to: None,
        client_id: None,
        mentioned: Mentioned::default(),
        thread: None,
    };
    Append {
        room_id: "general".into(),
        actor_id: "bob".into(),
        actor_name: "bob".into(),
        change: Change::New(message),
    }
}

on_both! {
    async fn entries_of_another_node_are_broadcast_before_the_next_one(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        alice.ask("message:send", json!({"roomId": "general", "content": "one"})).await;
        let batch: Arc<[Append]> = Arc::new([message("two"), message("three")]);
        Appender::default().append(&server.db, batch, clock::now()).await.unwrap();

        alice.ask("message:send", json!({"roomId": "general", "content": "four"})).await;

        for (seq, content) in (1..).zip(["one", "two", "three", "four"]) {
            let message = alice.hear("message:new").await;
            assert_eq!((&message["seq"], &message["content"]), (&json!(seq), &json!(content)));
        }
        // And who joins now finds the same.
        let mut bob = server.connect("bob").await;
        bob.emit("room:join", "general".into()).await;
        let history = bob.hear("room:history").await;
        let contents: Vec<_> =
            history["messages"].as_array().unwrap().iter().map(|message| message["content"].clone()).collect();
        assert_eq!(contents, ["four", "three", "two", "one"]);
        assert_eq!(history["seq"], 4);
    }
}

on_both! {
    async fn times_never_run_backwards_in_a_room(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        // The clock of another program was ahead.
        server.database.execute(
            r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
               VALUES ('m', 'general', 'bob', 'from the future', '2199-01-01 00:00:00.000')"#,
        ).await;
        let mut alice = server.connect_in("alice", "general").await;
        let sent = alice.ask("message:send", json!({"roomId": "general", "content": "now"})).await;
        assert_eq!(sent["message"]["createdAt"], "2199-01-01T00:00:00.001Z");
        let next = alice.ask("message:send", json!({"roomId": "general", "content": "next"})).await;
        assert_eq!(next["message"]["createdAt"], "2199-01-01T00:00:00.002Z");
    }
}

on_both! {
    async fn times_never_run_backwards_among_clocks_that_differ_by_less_than_a_second(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let now = clock::now().millis();
        let mut appenders = [Appender::default(), Appender::default()];
        let mut times = Vec::new();
        // The clock of one program is ahead of the other's, and then it is set back.
        for (program, millis) in [(0, 900), (1, 0), (0, 900), (0, 100), (0, 50)] {
            let batch: Arc<[Append]> = Arc::new([message("x"), message("y")]);
            let at = Timestamp::from_millis(now + millis);
            for appended in appenders[program].append(&server.db, batch, at).await.unwrap() {
                let Appended::Entry(Entry { body: EntryBody::New(message), .. }) = appended else { panic!("{appended:?}") };
                times.push(message.0.created_at.millis() - now);
            }
        }
        assert!(times.is_sorted() && times[0] == 900, "{times:?}");
        let stored = r#"SELECT count(*) FROM (SELECT "createdAt" < lag("createdAt") OVER (ORDER BY "id") AS back
                        FROM "Message") AS pairs WHERE back"#;
        assert_eq!(server.database.select(stored).await, ["0"]);
    }
}
