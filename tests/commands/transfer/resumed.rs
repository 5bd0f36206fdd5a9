//! An import that ended in the middle goes on when it is run again, and nothing is twice or missing.

use std::process::Stdio;

use serde_json::json;
use tokio::io::AsyncWriteExt;

use super::{entry, export, file_of, import, import_fails, program, rows, small_chat};
use crate::support::{Backend, TestDatabase, TestServer, soon, until, walk::ask};

/// The rows of a chat of so many messages, with their entries.
fn many_messages(count: i64) -> Vec<String> {
    let rows = small_chat();
    let message = rows.iter().find(|row| row.contains("\"id\":\"m2\"")).unwrap();
    let messages = (1..=count).map(|n| {
        message.replace("\"m2\"", &format!("\"n{n:05}\"")).replace("6000", &format!("{}", 6_000 + n))
    });
    let entries =
        (1..=count).map(|n| entry(n, "new", &format!("n{n:05}"), "bob", json!(format!("c-{n}"))).to_string());
    let mut all: Vec<String> = rows[..5].to_vec();
    all.extend(messages);
    all.extend(entries);
    all.extend(rows[12..].iter().cloned());
    let head = |row: String| match row.contains("\"room\":{") || row.contains("\"log\":{\"roomId\"") {
        true => row.replace("\"seq\":4", &format!("\"seq\":{count}")),
        false => row,
    };
    all.into_iter().map(head).collect()
}

/// Gives the first lines of a file to an import, waits until the statement counts as many rows as are given, and kills
/// the import.
async fn kill_after(database: &TestDatabase, (file, lines): (&str, usize), (count, rows): (&str, usize)) {
    let mut child = program(database, &["import"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let end = file.match_indices('\n').nth(lines - 1).unwrap().0 + 1;
    soon("the input is taken", stdin.write_all(&file.as_bytes()[..end])).await.unwrap();
    until("rows are stored", async || {
        if database.backend == Backend::Sqlite && !database.folder.path().join("chat.db").exists() {
            return None;
        }
        count_of(database, count).await.filter(|found| *found >= rows)
    })
    .await;
    // It waits for the rest of its input, which never comes.
    child.kill().await.unwrap();
}

/// The number that a statement selects; none if its table is not there yet.
async fn count_of(database: &TestDatabase, count: &str) -> Option<usize> {
    let table = match database.backend {
        Backend::Sqlite => "SELECT name FROM sqlite_master WHERE name = 'chatoxide_read_marker'",
        Backend::Postgres => "SELECT tablename FROM pg_tables WHERE tablename = 'read_marker'",
    };
    if database.select(table).await.is_empty() {
        return None;
    }
    database.select(&database.own(count)).await[0].parse().ok()
}

const MESSAGES: &str = r#"SELECT count(*) FROM "Message""#;
const ENTRIES: &str = "SELECT count(*) FROM own.room_log";

async fn goes_on_after_a_kill(backend: Backend) {
    let rows_of_chat = many_messages(4_500);
    let file = file_of(&rows_of_chat);
    let database = TestDatabase::create(backend).await;
    // Among the messages, and among the entries.
    kill_after(&database, (&file, 3_500), (MESSAGES, 2_000)).await;
    assert_ne!(database.select(MESSAGES).await, ["4500"]);
    kill_after(&database, (&file, 8_000), (ENTRIES, 2_000)).await;
    assert_ne!(database.select(&database.own(ENTRIES)).await, ["4500"]);
    let said = import(&database, &file).await;
    assert!(said.contains("were there already"), "{said}");
    let there = export(&database).await;
    assert_eq!(rows(&there), rows(&file));
    let before = database.all_rows().await;
    let said = import(&database, &file).await;
    assert!(said.contains("nothing; "), "{said}");
    assert_eq!(database.all_rows().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_into_sqlite_goes_on() {
    goes_on_after_a_kill(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_import_into_postgresql_goes_on() {
    goes_on_after_a_kill(Backend::Postgres).await;
}

/// A server that is started in the middle of an import sends a client to the history, and never says that it has all.
async fn a_half_imported_log_is_never_complete(backend: Backend) {
    let database = TestDatabase::create(backend).await;
    let file = file_of(&many_messages(2_700));
    let lines = file.lines().position(|line| line.contains("\"seq\":2600,\"kind\"")).unwrap();
    let end = file.match_indices('\n').nth(lines).unwrap().0 + 1;
    import_fails(&database, &file.as_bytes()[..end]).await;
    assert_eq!(database.select(&database.own(ENTRIES)).await, ["2000"]);
    let complete_from = database.own("SELECT complete_from FROM own.room_head");
    assert_eq!(database.select(&complete_from).await, ["2700"]);
    let server = TestServer::start_with(database, &[]).await;
    let mut alice = server.connect("alice").await;
    ask(&mut alice, "message:send", json!({"roomId": "general", "content": "meanwhile"})).await;
    for since in [0, 1_999, 2_000, 2_699] {
        let answer = ask(&mut alice, "messages:sync", json!({"roomId": "general", "since": since})).await;
        assert_eq!(answer["complete"], false, "{since}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_imported_log_is_never_complete_on_sqlite() {
    a_half_imported_log_is_never_complete(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_imported_log_is_never_complete_on_postgresql() {
    a_half_imported_log_is_never_complete(Backend::Postgres).await;
}
