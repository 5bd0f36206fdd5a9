//! The team's own programs write to its tables, beneath the mapping: live clients are told, and the log is not complete.

use serde_json::{Value, json};

use super::mapped::Mapped;
use crate::support::Client;

/// The changes of a team's program: each a statement, the event that it becomes, and a part of that.
type Change = (&'static str, &'static str, (&'static str, &'static str));

async fn sync(client: &mut Client, since: i64) -> Value {
    client.ask("messages:sync", json!({"roomId": "r1", "since": since})).await
}

/// Alice is in the room; bob, who is not, catches up after each change.
async fn is_told(schema: &str, changes: &[Change]) {
    let mut mapped = Mapped::create(schema).await;
    mapped.map(schema, &[], &[]).await;
    let server = mapped.serve_with(&["--membership-ttl", "600000"]).await;
    let mut alice = server.connect_as(&json!({"sub": "alice"})).await;
    let mut bob = server.connect_as(&json!({"sub": "bob"})).await;
    alice.ask("room:join", "r1".into()).await;
    let first = alice.say("r1", "one").await;
    assert_eq!(first["seq"], 1);
    // From now on this message has the time of an edit.
    let edited = alice.ask("message:edit", json!({"messageId": "m1", "content": "first"})).await;
    assert_eq!(edited["message"]["seq"], 2, "{edited}");
    alice.heard().await;
    for ((change, event, (key, value)), seq) in changes.iter().zip(3..) {
        mapped.execute(change).await;
        let answer = sync(&mut bob, seq - 1).await;
        assert_eq!(answer["complete"], false, "{schema} {change}: {answer}");
        let (name, data) = alice.heard().await.pop().unwrap_or_default();
        assert_eq!((name.as_str(), &data["seq"]), (*event, &json!(seq)), "{schema} {change}: {data}");
        assert_eq!(data[key], *value, "{schema} {change}: {data}");
        let answer = sync(&mut bob, seq).await;
        assert_eq!(answer["complete"], true, "{schema} {change}: {answer}");
    }
    alice.ask("room:join", "r1".into()).await;
    let shown = alice.hear("room:history").await;
    assert_eq!(shown["messages"].as_array().unwrap().len(), 2, "{shown}");
    drop((alice, bob));
    mapped.stop(server).await;

    // The same while no server runs.
    let (change, _, _) = changes[0];
    mapped.execute(change).await;
    let server = mapped.serve().await;
    let mut bob = server.connect_as(&json!({"sub": "bob"})).await;
    let head = 2 + changes.len() as i64;
    let answer = sync(&mut bob, head).await;
    assert_eq!(
        (&answer["complete"], &answer["seq"]),
        (&json!(false), &json!(head + 1)),
        "{schema}: {answer}"
    );
    mapped.stop(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_in_tables_of_other_names_with_soft_deletion_are_told() {
    let insert = r#"INSERT INTO chat_messages (id, conversation_id, author_id, body, created_at, updated_at)
        VALUES ('n', 'r1', 'bob', 'by the clinic', now() + interval '1 h', now() + interval '1 h')
        ON CONFLICT (id) DO UPDATE SET deleted_at = NULL"#;
    is_told(
        "clinic",
        &[
            (insert, "message:new", ("content", "by the clinic")),
            (
                "UPDATE chat_messages SET body = 'First', updated_at = now() WHERE id = 'm1'",
                "message:updated",
                ("content", "First"),
            ),
            // One is deleted softly, one is gone.
            (
                "UPDATE chat_messages SET deleted_at = now() WHERE id = 'n'",
                "message:deleted",
                ("messageId", "n"),
            ),
            ("DELETE FROM chat_messages WHERE id = 'm2'", "message:deleted", ("messageId", "m2")),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_in_tables_without_update_times_are_told() {
    let insert = r#"INSERT INTO "Message" ("id", "conversationId", "senderId", "body", "createdAt")
        VALUES ('n', 'r1', 'bob', 'by the studio', now() + interval '1 h')
        ON CONFLICT ("id") DO UPDATE SET "senderId" = 'bob'"#;
    is_told(
        "studio",
        &[
            (insert, "message:new", ("content", "by the studio")),
            (
                r#"UPDATE "Message" SET "body" = 'First' WHERE "id" = 'm1'"#,
                "message:updated",
                ("content", "First"),
            ),
            (r#"DELETE FROM "Message" WHERE "id" = 'm2'"#, "message:deleted", ("messageId", "m2")),
            // A message whose sender is gone is left out, as the mapping does.
            (
                r#"UPDATE "Message" SET "senderId" = NULL WHERE "id" = 'n'"#,
                "message:deleted",
                ("messageId", "n"),
            ),
        ],
    )
    .await;
}
