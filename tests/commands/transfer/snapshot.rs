//! An export is one snapshot, whatever happens while it is read, and takes as long as its reader.

use std::process::Stdio;

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, ChildStdout},
};

use super::{export, program, rows_of};
use crate::support::{Backend, TestDatabase, TestServer, soon, until, walk::ask};

/// Adds users whose rows take more than the pipes and buffers between an export and its reader.
async fn add_users(database: &TestDatabase, count: usize) {
    let columns = r#"INSERT INTO "User" ("id", "name", "email")"#;
    let sql = match database.backend {
        Backend::Postgres => format!(
            "{columns} SELECT 'user-' || n, repeat('x', 1000), n || '@example.org'
             FROM generate_series(1, {count}) AS n"
        ),
        Backend::Sqlite => format!(
            "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {count})
             {columns} SELECT 'user-' || n, printf('%.1000c', 'x'), n || '@example.org' FROM number"
        ),
    };
    database.execute(&sql).await;
}

/// An export whose first line was read: it has its snapshot, and waits until more is read.
async fn begin(database: &TestDatabase) -> (Child, BufReader<ChildStdout>) {
    let mut child = program(database, &["export"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::with_capacity(1, child.stdout.take().unwrap());
    let mut first = String::new();
    soon("the first line", out.read_line(&mut first)).await.unwrap();
    assert!(first.starts_with("{\"chatoxide\""), "{first}");
    (child, out)
}

async fn is_one_snapshot(backend: Backend) {
    let server = TestServer::start(backend).await;
    let (mut alice, mut bob) = server.meet().await;
    let before = alice.say("general", "before").await;
    add_users(&server.database, 2_000).await;

    let (child, mut out) = begin(&server.database).await;
    let during = ask(&mut alice, "message:send", json!({"roomId": "general", "content": "during"})).await;
    for message in [&before, &during["message"]] {
        let reaction = json!({"messageId": message["id"], "roomId": "general", "emoji": "👍"});
        ask(&mut bob, "reaction:add", reaction).await;
    }
    ask(&mut alice, "message:edit", json!({"messageId": before["id"], "content": "edited"})).await;

    let mut file = String::new();
    soon("the rest", out.read_to_string(&mut file)).await.unwrap();
    let output = soon("the end", child.wait_with_output()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let contents: Vec<_> =
        rows_of(&file, "message").into_iter().map(|message| message["content"].clone()).collect();
    assert_eq!(contents, ["before"]);
    assert_eq!(rows_of(&file, "entry").len(), 1);
    assert_eq!(rows_of(&file, "log")[0]["seq"], 1);
    assert!(rows_of(&file, "reaction").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_during_an_export_of_sqlite_is_not_in_it() {
    is_one_snapshot(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_during_an_export_of_postgresql_is_not_in_it() {
    is_one_snapshot(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_nobody_may_write_to_is_exported() {
    let server = TestServer::start(Backend::Postgres).await;
    let (mut alice, _bob) = server.meet().await;
    alice.say("general", "kept").await;
    let database = server.stop().await;
    let name = database.url.rsplit_once('/').unwrap().1;
    database.execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    assert_eq!(rows_of(&export(&database).await, "entry").len(), 1);

    let server = TestServer::start(Backend::Sqlite).await;
    let (mut alice, _bob) = server.meet().await;
    alice.say("general", "kept").await;
    let database = server.stop().await;
    let path = database.folder.path().join("chat.db");
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    assert_eq!(rows_of(&export(&database).await, "entry").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_may_take_longer_than_the_statement_timeout() {
    let server = TestServer::start(Backend::Postgres).await;
    add_users(&server.database, 40_000).await;
    let name = server.database.url.rsplit_once('/').unwrap().1;
    server.database.execute(&format!("ALTER DATABASE {name} SET statement_timeout = 500")).await;
    let (child, mut out) = begin(&server.database).await;
    let slow = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'
        AND query LIKE '%AS avatar%' AND pid <> pg_backend_pid() AND now() - query_start > interval '1 second'";
    until("the statement takes long", async || {
        (!server.database.select(slow).await.is_empty()).then_some(())
    })
    .await;
    let mut file = String::new();
    soon("the rest", out.read_to_string(&mut file)).await.unwrap();
    let output = soon("the end", child.wait_with_output()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(rows_of(&file, "user").len(), 40_000);
}
