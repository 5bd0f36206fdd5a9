//! `chatoxide export` and `chatoxide import`.

mod conflicts;
mod hostile;
mod lenient;
mod live;
mod memory;
mod moves;
mod refused;
mod resumed;
mod snapshot;
mod threads;

use std::{path::PathBuf, process::Stdio};

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{io::AsyncWriteExt, process::Command};

use super::program::chatoxide;
use crate::support::{Backend, Client, TestDatabase, TestServer, soon, walk::ask};

/// The program on this database.
fn program(database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = chatoxide(database.folder.path(), arguments);
    command.env("DATABASE_URL", &database.url).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The exit code, standard output and standard error of a program that was given this input.
async fn ended(mut command: Command, input: &[u8]) -> (i32, String, String) {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let (written, output) = soon("the program ends", async {
        let write = async {
            // A program that refuses its input does not read all of it.
            let written = stdin.write_all(input).await;
            drop(stdin);
            written
        };
        tokio::join!(write, child.wait_with_output())
    })
    .await;
    let output = output.unwrap();
    assert!(written.is_ok() || !output.status.success());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The file of an export.
async fn export(database: &TestDatabase) -> String {
    let (code, file, error) = ended(program(database, &["export"]), b"").await;
    assert_eq!(code, 0, "{error}");
    file
}

/// Imports a file, which must succeed; returns what was said.
async fn import(database: &TestDatabase, file: &str) -> String {
    let (code, printed, error) = ended(program(database, &["import"]), file.as_bytes()).await;
    assert_eq!((code, printed.as_str()), (0, ""), "{error}");
    error
}

/// Imports a file that is refused, or not stored as it is; returns why.
async fn import_fails(database: &TestDatabase, file: &[u8]) -> String {
    let (code, _, error) = ended(program(database, &["import"]), file).await;
    assert_eq!(code, 1, "{error}");
    error
}

/// A file on the disk of a database's folder.
fn saved(database: &TestDatabase, file: &[u8]) -> PathBuf {
    let path = database.folder.path().join("chat.jsonl");
    std::fs::write(&path, file).unwrap();
    path
}

/// All lines but the first, which has the time of the export.
fn rows(file: &str) -> Vec<&str> {
    file.lines().skip(1).collect()
}

/// The rows of one kind in a file.
fn rows_of(file: &str, kind: &str) -> Vec<Value> {
    let parsed = file.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    parsed.filter_map(|mut line| line.get_mut(kind).map(Value::take)).collect()
}

/// A file of these rows, with the first and the last line that they need.
fn file_of<T: AsRef<str>>(rows: &[T]) -> String {
    let kinds = [
        ("users", "user"),
        ("rooms", "room"),
        ("members", "member"),
        ("messages", "message"),
        ("reactions", "reaction"),
        ("entries", "entry"),
        ("logs", "log"),
        ("readMarks", "readMark"),
    ];
    let count = |kind: &str| {
        let begins = format!("{{\"{kind}\":");
        rows.iter().filter(|row| row.as_ref().starts_with(&begins)).count()
    };
    // A file of format 1 says nothing of the later kinds.
    let later = [
        ("threadReplies", "threadReply"),
        ("threads", "thread"),
        ("threadFollowers", "threadFollower"),
        ("mentions", "mention"),
        ("mentionMarks", "mentionMark"),
        ("presences", "presence"),
    ];
    let later: Vec<_> = later.into_iter().filter(|(_, kind)| count(kind) > 0).collect();
    let counts: Value =
        kinds.iter().chain(&later).map(|(plural, kind)| ((*plural).to_owned(), json!(count(kind)))).collect();
    let format = if later.is_empty() { 1 } else { 2 };
    let body: String = rows.iter().map(|row| format!("{}\n", row.as_ref())).collect();
    let hash: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    let header =
        json!({"format": format, "version": "0.1.0", "exportedAt": 1_769_850_307_042_u64, "counts": counts});
    let first = json!({ "chatoxide": header });
    let last = json!({"end": {"counts": counts, "sha256": hash}});
    format!("{first}\n{body}{last}\n")
}

/// The rows of a small chat: alice and bob in a room with two messages, one of them edited and with a reaction, and
/// the log of these.
fn small_chat() -> Vec<String> {
    let rows = [
        json!({"user": {"id": "alice", "name": "Alice", "email": "alice@example.org", "avatar": null,
            "createdAt": 1_000}}),
        json!({"user": {"id": "bob", "name": "Bob", "email": "bob@example.org", "avatar": "b.png",
            "createdAt": 1_001}}),
        json!({"room": {"id": "general", "name": "General", "type": "public", "createdAt": 1_002,
            "log": {"seq": 4, "at": 9_000}}}),
        json!({"member": {"roomId": "general", "userId": "alice"}}),
        json!({"member": {"roomId": "general", "userId": "bob"}}),
        json!({"message": {"id": "m1", "roomId": "general", "senderId": "alice", "content": "first", "type": "text",
            "metadata": {}, "replyTo": null, "createdAt": 5_000, "updatedAt": 8_000}}),
        json!({"message": {"id": "m2", "roomId": "general", "senderId": "bob", "content": "second", "type": "text",
            "metadata": {"n": 1}, "replyTo": "m1", "createdAt": 6_000, "updatedAt": null}}),
        json!({"reaction": {"id": "r1", "messageId": "m1", "userId": "bob", "emoji": "👍"}}),
        entry(1, "new", "m1", "alice", json!("c-1")),
        entry(2, "new", "m2", "bob", json!("c-2")),
        entry(3, "edit", "m1", "alice", Value::Null),
        entry(4, "react", "m1", "bob", Value::Null),
        json!({"log": {"roomId": "general", "seq": 4, "completeFrom": 0}}),
        json!({"readMark": {"roomId": "general", "userId": "bob", "seq": 2, "at": 9_000}}),
    ];
    rows.iter().map(Value::to_string).collect()
}

fn entry(seq: i64, kind: &str, message: &str, actor: &str, client_id: Value) -> Value {
    let body = if kind == "react" { json!("👍") } else { Value::Null };
    json!({"entry": {"roomId": "general", "seq": seq, "kind": kind, "messageId": message, "actorId": actor,
        "clientId": client_id, "body": body, "at": 5_000 + seq * 1_000}})
}

/// The number of the first line that contains a text; a file's first line is 1.
fn line_with(file: &str, part: &str) -> usize {
    1 + file.lines().position(|line| line.contains(part)).unwrap()
}

/// A chat with every kind of row and of entry, and the number of the last entry before its end.
struct Chat {
    database: TestDatabase,
    /// An entry in the middle of the log of `general`.
    since: i64,
    /// The answer to `messages:sync` since then.
    missed: Value,
    history: Value,
    /// The id of the message that was sent under the client id `c-last`.
    last_id: Value,
}

impl Chat {
    async fn tell(backend: Backend) -> Self {
        let server = TestServer::start(backend).await;
        let (mut alice, mut bob) = server.meet().await;
        server.make_room("Secret", RoomType::Private, &["alice", "carol"]).await;
        let first = alice.say("general", "first\nin \"two\" lines 😀 \u{7f}").await;
        let picture = json!({
            "roomId": "general", "content": "", "type": "image", "replyTo": first["id"], "clientId": "c-1",
            "metadata": {"n": 0.1, "big": [1, 2.5, -7, null, {"x": "\u{2028}"}], "size": 9_007_199_254_740_991_u64},
        });
        let picture = ask(&mut bob, "message:send", picture).await["message"].take();
        let gone = bob.say("general", "taken back").await;
        let since = gone["seq"].as_i64().unwrap_or(3);
        for (event, of, emoji) in [
            ("reaction:add", &first, "👍"),
            ("reaction:add", &picture, "❤️"),
            ("reaction:remove", &first, "👍"),
        ] {
            let reaction = json!({"messageId": of["id"], "roomId": "general", "emoji": emoji});
            ask(&mut alice, event, reaction).await;
        }
        ask(&mut bob, "message:delete", json!({"messageId": gone["id"], "roomId": "general"})).await;
        ask(&mut alice, "message:edit", json!({"messageId": first["id"], "content": "edited"})).await;
        let update = json!({"roomId": "general", "name": "Général", "topic": "all of \u{2028} it"});
        ask(&mut alice, "room:update", update).await;
        server.own_room("Secret", "alice").await;
        ask(&mut alice, "dm:start", "bob".into()).await;
        let secret = json!({"roomId": "Secret", "content": "nobody else"});
        let mut carol = server.connect_in("carol", "Secret").await;
        ask(&mut carol, "message:send", secret).await;
        let last = json!({"roomId": "general", "content": "last", "clientId": "c-last"});
        let last_id = ask(&mut bob, "message:send", last).await["message"]["id"].take();
        ask(&mut alice, "room:read", "general".into()).await;
        let missed = sync(&mut alice, since).await;
        let (_, history) = crate::support::walk::join(&server, "bob", "general").await;
        Self { database: server.stop().await, since, missed, history, last_id }
    }
}

async fn sync(client: &mut Client, since: i64) -> Value {
    ask(client, "messages:sync", json!({"roomId": "general", "since": since})).await
}
