//! Tables that somebody changes while the server runs.

use chatoxide::{
    chat::room::RoomType,
    db::{Db, users},
};
use serde_json::{Value, json};

use crate::support::{Backend, Client, TestDatabase, TestServer};

async fn start() -> (TestServer, Client) {
    let server =
        TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &["--database-pool", "2"])
            .await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    let sent = alice.say("general", "first").await;
    ask_everything(&mut alice, &sent).await;
    (server, alice)
}

/// Everything that reads or writes the original's tables; the first answer must be right.
async fn ask_everything(alice: &mut Client, message: &Value) {
    let id = &message["id"];
    for (event, ask) in [
        ("message:send", json!({"roomId": "general", "content": "more"})),
        ("messages:load", json!({"roomId": "general", "before": "2999-01-01"})),
        ("messages:sync", json!({"roomId": "general", "since": 0})),
        ("rooms:list", json!({})),
        ("messages:show", json!({"messageIds": [id]})),
        ("users:show", json!({"userIds": ["bob"]})),
        ("users:find", json!({"query": "bob"})),
        ("message:edit", json!({"messageId": id, "content": "edited"})),
        ("reaction:add", json!({"messageId": id, "roomId": "general", "emoji": "y"})),
        ("reaction:remove", json!({"messageId": id, "roomId": "general", "emoji": "y"})),
        ("room:create", json!({"name": "another"})),
        ("dm:start", json!("bob")),
        ("message:send", json!({"roomId": "general", "content": "last"})),
    ] {
        let answer = alice.ask(event, ask).await;
        assert_eq!(answer["success"], true, "{event}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_after_a_change_of_column_types_is_right() {
    let (server, mut alice) = start().await;
    let sent = alice.say("general", "second").await;
    for change in [
        r#"ALTER TABLE "Message" ALTER COLUMN "content" TYPE VARCHAR(500), ALTER COLUMN "replyTo" TYPE VARCHAR(100)"#,
        r#"ALTER TABLE "User" ALTER COLUMN "name" TYPE VARCHAR(100)"#,
        r#"ALTER TABLE "Room" ALTER COLUMN "name" TYPE VARCHAR(100)"#,
        r#"ALTER TABLE "Message" ALTER COLUMN "createdAt" TYPE TIMESTAMPTZ(3) USING "createdAt" AT TIME ZONE 'UTC'"#,
        r#"ALTER TABLE "Reaction" ALTER COLUMN "emoji" TYPE VARCHAR(64)"#,
    ] {
        server.database.execute(change).await;
        ask_everything(&mut alice, &sent).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_after_prisma_recreated_an_enum_is_right() {
    let (server, mut alice) = start().await;
    let sent = alice.say("general", "second").await;
    for (kind, table, values) in [
        ("MessageType", "Message", "'text', 'image', 'file', 'system', 'poll'"),
        ("RoomType", "Room", "'public', 'private', 'direct', 'secret'"),
    ] {
        let default = if table == "Message" { r#"ALTER COLUMN "type" DROP DEFAULT,"# } else { "" };
        server
            .database
            .execute(&format!(
                r#"BEGIN;
                CREATE TYPE "{kind}_new" AS ENUM ({values});
                ALTER TABLE "{table}" {default} ALTER COLUMN "type" TYPE "{kind}_new" USING ("type"::text::"{kind}_new");
                ALTER TYPE "{kind}" RENAME TO "{kind}_old";
                ALTER TYPE "{kind}_new" RENAME TO "{kind}";
                DROP TYPE "{kind}_old";
                COMMIT;"#
            ))
            .await;
        ask_everything(&mut alice, &sent).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_connection_with_old_plans_is_used_again() {
    let server =
        TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &["--database-pool", "4"])
            .await;
    let Db::Pg { pool, .. } = &server.db else { panic!("not PostgreSQL") };
    // The same statement on all three, one after the other.
    let mut used = Vec::new();
    for _ in 0..3 {
        users::list_like(&server.db, "a", 10).await.unwrap();
        used.push(pool.get().await.unwrap());
    }
    for lease in used {
        lease.finish(&Ok(()));
    }
    server.database.execute(r#"ALTER TABLE "User" ALTER COLUMN "name" TYPE VARCHAR(100)"#).await;
    users::list_like(&server.db, "a", 10).await.unwrap();
}
