//! A chat moves from one database to the other: no row is lost, and clients go on.

use serde_json::json;

use super::{Chat, ended, export, file_of, import, program, rows, rows_of, saved, small_chat, sync};
use crate::support::{
    Backend, TestDatabase, TestServer, soon,
    walk::{ask, join},
};

fn other(backend: Backend) -> Backend {
    if backend == Backend::Sqlite { Backend::Postgres } else { Backend::Sqlite }
}

/// Moves a chat to the other database, and from there to a new one of the first kind.
async fn moves_there_and_back(from: Backend) {
    let chat = Chat::tell(from).await;
    let file = export(&chat.database).await;
    for kind in ["user", "room", "member", "message", "reaction", "entry", "log", "readMark", "roomDetail"] {
        assert!(!rows_of(&file, kind).is_empty(), "no {kind} in {file}");
    }
    let there = TestDatabase::create(other(from)).await;
    import(&there, &file).await;
    let second = export(&there).await;
    similar(&rows(&second), &rows(&file));
    let back = TestDatabase::create(from).await;
    import(&back, &second).await;
    similar(&rows(&export(&back).await), &rows(&file));
    assert_eq!(back.all_rows().await, chat.database.all_rows().await);
}

/// Compares two files line by line.
fn similar(one: &[&str], other: &[&str]) {
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one, other);
    }
    assert_eq!(one.len(), other.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_moves_from_postgresql_to_sqlite_and_back_with_every_row() {
    moves_there_and_back(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_moves_from_sqlite_to_postgresql_and_back_with_every_row() {
    moves_there_and_back(Backend::Sqlite).await;
}

/// Clients of the first database connect to the second.
async fn clients_go_on(from: Backend) {
    let chat = Chat::tell(from).await;
    let there = TestDatabase::create(other(from)).await;
    import(&there, &export(&chat.database).await).await;
    let server = TestServer::start_with(there, &[]).await;

    let mut alice = server.connect("alice").await;
    let missed = sync(&mut alice, chat.since).await;
    assert_eq!((&missed["complete"], &missed["events"]), (&json!(true), &chat.missed["events"]));
    let (mut bob, history) = join(&server, "bob", "general").await;
    assert_eq!(history["messages"], chat.history["messages"]);

    // A message whose ack was lost with the first server is not sent twice.
    let last = json!({"roomId": "general", "content": "last", "clientId": "c-last"});
    assert_eq!(ask(&mut bob, "message:send", last).await["message"]["id"], chat.last_id);
    let next = ask(&mut bob, "message:send", json!({"roomId": "general", "content": "next"})).await;
    let head = missed["seq"].as_i64().unwrap();
    let events = sync(&mut alice, head).await["events"].take();
    assert_eq!(events.as_array().unwrap().len(), 1, "{events}");
    assert_eq!(events[0]["data"]["seq"], head + 1, "{events}");
    assert_eq!(events[0]["data"]["id"], next["message"]["id"], "{events}");
    let refused = bob.ask("room:join", "Secret".into()).await;
    assert_eq!(refused["code"], "forbidden", "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_go_on_after_a_move_to_sqlite() {
    clients_go_on(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_go_on_after_a_move_to_postgresql() {
    clients_go_on(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_written_whole_or_not_at_all_and_only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let empty = TestDatabase::create(Backend::Sqlite).await;
    let path = saved(&empty, b"an older export");
    let out = ["export", "--out", path.to_str().unwrap()];
    let (code, _, error) = ended(program(&empty, &out), b"").await;
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("has no tables: there is nothing to export"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"an older export");

    let chat = Chat::tell(Backend::Sqlite).await;
    let (code, printed, error) = ended(program(&chat.database, &out), b"").await;
    assert_eq!((code, printed.as_str()), (0, ""), "{error}");
    assert!(error.contains("3 users, 3 rooms"), "{error}");
    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(rows(&written), rows(&export(&chat.database).await));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let (code, _, error) = ended(program(&empty, &["import", "--from", path.to_str().unwrap()]), b"").await;
    assert_eq!(code, 0, "{error}");
    assert_eq!(rows(&export(&empty).await), rows(&written));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_printed() {
    let mut database = TestDatabase::create(Backend::Postgres).await;
    let plain = database.url.clone();
    let (before, after) =
        plain.split_once('@').unwrap_or(("postgresql://postgres", plain.split_once("//").unwrap().1));
    let user = before.trim_end_matches(|c| c != '/').len();
    let name = before[user..].split(':').next().unwrap();
    database.url = format!("{}{name}:a-password@{after}", &before[..user]);
    let (_, printed, error) = ended(program(&database, &["export"]), b"").await;
    let (_, more, other) =
        ended(program(&database, &["import"]), super::file_of::<&str>(&[]).as_bytes()).await;
    let said = [printed, error, more, other].concat();
    assert!(said.contains(":***@") && !said.contains("a-password"), "{said}");
    database.url = plain;
}

/// Where a new member starts, from where a room is marked as unread, and what a user has chosen.
async fn reads_and_settings_move(from: Backend) {
    let server = TestServer::start_with(TestDatabase::create(from).await, &[]).await;
    let (mut alice, mut bob) = (server.connect("alice").await, server.connect("bob").await);
    let made = alice.ask("room:create", json!({"name": "Plans", "members": ["bob"]})).await;
    let room = &made["room"]["id"];
    let message = alice.say(room.as_str().unwrap(), "x").await["id"].take();
    alice.ask("room:read", room.clone()).await;
    alice.ask("room:mark-unread", json!({"roomId": room, "messageId": message})).await;
    bob.ask("settings:update", json!({"privateReads": true, "hidePresence": true})).await;
    drop((alice, bob));
    let database = server.stop().await;
    let file = export(&database).await;
    let marks = rows_of(&file, "readMark");
    assert_eq!((&marks[0]["unreadFrom"]["messageId"], &marks[1]["isStart"]), (&message, &json!(true)));
    assert_eq!(
        rows_of(&file, "userSetting"),
        [json!({"userId": "bob", "privateReads": true, "hidePresence": true})]
    );
    let there = TestDatabase::create(other(from)).await;
    import(&there, &file).await;
    similar(&rows(&export(&there).await), &rows(&file));
    let back = TestDatabase::create(from).await;
    import(&back, &file).await;
    assert_eq!(back.all_rows().await, database.all_rows().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_and_settings_move_from_postgresql_to_sqlite_and_back() {
    reads_and_settings_move(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_and_settings_move_from_sqlite_to_postgresql_and_back() {
    reads_and_settings_move(Backend::Sqlite).await;
}

/// The output of the program on a terminal of its own.
async fn on_a_terminal(database: &TestDatabase, line: &str) -> String {
    let mut command = tokio::process::Command::new("script");
    command.args(["-qfec", &format!("{} {line}", env!("CARGO_BIN_EXE_chatoxide")), "/dev/null"]);
    command.env_clear().env("PATH", std::env::var("PATH").unwrap()).env("DATABASE_URL", &database.url);
    command.current_dir(database.folder.path()).stdin(std::process::Stdio::null()).kill_on_drop(true);
    let output = soon("the program ends", command.output()).await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn a_bar_is_drawn_on_a_terminal_and_cleared_at_the_end() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    std::fs::write(database.folder.path().join("chat.jsonl"), file_of(&small_chat())).unwrap();
    for line in ["import --from chat.jsonl", "export --out again.jsonl"] {
        let printed = on_a_terminal(&database, line).await;
        assert!(
            printed.contains("\r[#") && printed.contains(" %: ") && printed.contains(" rows"),
            "{printed:?}"
        );
        let (_, end) = printed.rsplit_once("\r\x1b[K").unwrap();
        assert!(!end.contains('['), "{printed:?}");
    }
    // Nothing is drawn into a file or a pipe.
    let (_, _, error) = ended(program(&database, &["export"]), b"").await;
    assert!(!error.contains('['), "{error}");
}
