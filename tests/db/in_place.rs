//! A database that the original made and filled is served in place: schema `public` stays byte for byte as it was.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Backend, TestDatabase, TestServer, required};

/// The original's tables as Prisma writes them; the join table has a primary key since Prisma 6, a unique index before.
pub(super) fn prisma_tables(join_key: &str) -> String {
    format!(
        r#"
        CREATE TYPE "RoomType" AS ENUM ('public', 'private', 'direct');
        CREATE TYPE "MessageType" AS ENUM ('text', 'image', 'file', 'system');
        CREATE TABLE "User" ("id" TEXT NOT NULL, "name" TEXT NOT NULL, "email" TEXT NOT NULL, "avatar" TEXT,
            "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT "User_pkey" PRIMARY KEY ("id"));
        CREATE TABLE "Room" ("id" TEXT NOT NULL, "name" TEXT NOT NULL, "type" "RoomType" NOT NULL,
            "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, CONSTRAINT "Room_pkey" PRIMARY KEY ("id"));
        CREATE TABLE "Message" ("id" TEXT NOT NULL, "roomId" TEXT NOT NULL, "senderId" TEXT NOT NULL,
            "content" TEXT NOT NULL, "type" "MessageType" NOT NULL DEFAULT 'text',
            "metadata" JSONB NOT NULL DEFAULT '{{}}', "replyTo" TEXT,
            "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, "updatedAt" TIMESTAMP(3),
            CONSTRAINT "Message_pkey" PRIMARY KEY ("id"));
        CREATE TABLE "Reaction" ("id" TEXT NOT NULL, "messageId" TEXT NOT NULL, "userId" TEXT NOT NULL,
            "emoji" TEXT NOT NULL, CONSTRAINT "Reaction_pkey" PRIMARY KEY ("id"));
        CREATE TABLE "_RoomMembers" ("A" TEXT NOT NULL, "B" TEXT NOT NULL{join_key});
        CREATE UNIQUE INDEX "User_email_key" ON "User"("email");
        CREATE INDEX "Message_roomId_createdAt_idx" ON "Message"("roomId", "createdAt");
        CREATE UNIQUE INDEX "Reaction_messageId_userId_emoji_key" ON "Reaction"("messageId", "userId", "emoji");
        CREATE INDEX "_RoomMembers_B_index" ON "_RoomMembers"("B");
        ALTER TABLE "Message" ADD CONSTRAINT "Message_roomId_fkey" FOREIGN KEY ("roomId") REFERENCES "Room"("id")
            ON DELETE RESTRICT ON UPDATE CASCADE;
        ALTER TABLE "Message" ADD CONSTRAINT "Message_senderId_fkey" FOREIGN KEY ("senderId") REFERENCES "User"("id")
            ON DELETE RESTRICT ON UPDATE CASCADE;
        ALTER TABLE "Reaction" ADD CONSTRAINT "Reaction_messageId_fkey" FOREIGN KEY ("messageId")
            REFERENCES "Message"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
        ALTER TABLE "Reaction" ADD CONSTRAINT "Reaction_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id")
            ON DELETE RESTRICT ON UPDATE CASCADE;
        ALTER TABLE "_RoomMembers" ADD CONSTRAINT "_RoomMembers_A_fkey" FOREIGN KEY ("A") REFERENCES "Room"("id")
            ON DELETE CASCADE ON UPDATE CASCADE;
        ALTER TABLE "_RoomMembers" ADD CONSTRAINT "_RoomMembers_B_fkey" FOREIGN KEY ("B") REFERENCES "User"("id")
            ON DELETE CASCADE ON UPDATE CASCADE;
        INSERT INTO "User" ("id", "name", "email") VALUES ('alice', 'Alice of the database', 'alice@example.org');
        INSERT INTO "Room" ("id", "name", "type") VALUES ('old', 'Old', 'private');
        INSERT INTO "_RoomMembers" VALUES ('old', 'alice');
        INSERT INTO "Message" ("id", "roomId", "senderId", "content", "metadata", "createdAt") VALUES
            ('m1', 'old', 'alice', 'first', '{{"a": 1}}', '2026-01-31 09:05:07.042'),
            ('m2', 'old', 'alice', 'second', '{{}}', '2026-01-31 09:05:08');
        INSERT INTO "Reaction" VALUES ('r1', 'm1', 'alice', '👍');
        "#
    )
}

pub(super) const PRISMA_6: &str = r#", CONSTRAINT "_RoomMembers_AB_pkey" PRIMARY KEY ("A","B")"#;
const PRISMA_5: &str = "";
const PRISMA_5_INDEX: &str = r#"CREATE UNIQUE INDEX "_RoomMembers_AB_unique" ON "_RoomMembers"("A", "B");"#;

fn dump(database: &TestDatabase, schema: &str) -> String {
    let output = Command::new(format!("{}/pg_dump", required("TEST_PG_BIN")))
        .args(["--schema-only", "--no-owner", "-n", schema, &database.url])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Newer releases write a random word at both ends.
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| !line.starts_with(r"\restrict") && !line.starts_with(r"\unrestrict")).collect()
}

fn contents(history: &Value) -> Vec<&str> {
    let messages = history["messages"].as_array().unwrap();
    messages.iter().map(|message| message["content"].as_str().unwrap()).collect()
}

async fn is_served_in_place(join_key: &str, more: &str) {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(join_key)).await;
    database.execute(more).await;
    let before = dump(&database, "public");

    let server = TestServer::start_with(database, &[]).await;
    let mut alice = server.connect("alice").await;
    alice.emit("room:join", "old".into()).await;
    let history = alice.hear("room:history").await;
    assert_eq!(contents(&history), ["second", "first"]);
    let first = &history["messages"][1];
    assert_eq!(first["createdAt"], "2026-01-31T09:05:07.042Z");
    assert_eq!(first["senderName"], "Alice of the database");
    assert_eq!(first["reactions"], json!([{"emoji": "👍", "userId": "alice"}]));
    assert_eq!(
        alice.ask("message:edit", json!({"messageId": "m2", "content": "edited"})).await["success"],
        true
    );
    assert_eq!(alice.ask("message:delete", json!({"messageId": "m1"})).await["success"], true);
    assert_eq!(
        alice.ask("message:send", json!({"roomId": "old", "content": "third"})).await["success"],
        true
    );

    let database = server.stop().await;
    assert_eq!(dump(&database, "public"), before);

    // Started again on what is there now.
    let server = TestServer::start_with(database, &[]).await;
    let mut alice = server.connect("alice").await;
    alice.emit("room:join", "old".into()).await;
    let history = alice.hear("room:history").await;
    assert_eq!(contents(&history), ["third", "edited"]);
    assert_eq!(dump(&server.database, "public"), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_prisma_6_and_later_is_served_in_place() {
    is_served_in_place(PRISMA_6, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_prisma_5_and_before_is_served_in_place() {
    is_served_in_place(PRISMA_5, PRISMA_5_INDEX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_gets_the_tables_that_prisma_makes() {
    let prisma = TestDatabase::create(Backend::Postgres).await;
    prisma.execute(&prisma_tables(PRISMA_6)).await;
    let server = TestServer::start(Backend::Postgres).await;
    assert_eq!(dump(&server.database, "public"), dump(&prisma, "public"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_in_another_schema_are_found_by_the_url() {
    let mut database = TestDatabase::create(Backend::Postgres).await;
    let tables = prisma_tables(PRISMA_6);
    database.execute(&format!(r#"CREATE SCHEMA "my chat"; SET search_path = "my chat"; {tables}"#)).await;
    let plain = database.url.clone();
    database.url = format!("{plain}?schema=my%20chat&connection_limit=3");
    let mut server = TestServer::start_with(database, &[]).await;
    let mut alice = server.connect("alice").await;
    // The second in a room takes the quick way, on a connection of its own.
    for content in ["x", "y"] {
        alice.say("old", content).await;
    }
    server.database.url = plain;
    assert_eq!(server.database.select(r#"SELECT count(*) FROM "my chat"."Message""#).await, ["4"]);
    let public = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(server.database.select(public).await, ["0"]);
}
