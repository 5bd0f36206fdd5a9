//! Threads, mentions and what is kept of presence move, too.

use serde_json::{Value, json};

use super::{export, file_of, import, import_fails, rows, rows_of, small_chat};
use crate::support::{Backend, Client, TestDatabase, TestServer, walk::ask};

const KINDS: [&str; 6] = ["threadReply", "thread", "threadFollower", "mention", "mentionMark", "presence"];

const PRESENCES: &str =
    "SELECT user_id || ' ' || coalesce(CAST(last_seen AS TEXT), '') || ' ' || coalesce(status_text, '')
    || ' ' || coalesce(status_emoji, '') || ' ' || coalesce(CAST(clear_at AS TEXT), '')
    FROM own.user_presence ORDER BY user_id";

fn other(backend: Backend) -> Backend {
    if backend == Backend::Sqlite { Backend::Postgres } else { Backend::Sqlite }
}

async fn reply(client: &mut Client, root: &Value, content: &str, also_to_room: bool) -> Value {
    let message =
        json!({"roomId": "general", "content": content, "threadId": root, "alsoToRoom": also_to_room});
    ask(client, "message:send", message).await["message"]["id"].take()
}

/// A chat with threads in every state, mentions read and unread, and statuses; and the root of the longest thread.
async fn told(backend: Backend) -> (TestServer, Value) {
    let server = TestServer::start(backend).await;
    let (mut alice, mut bob) = server.meet().await;
    let mut carol = server.connect_in("carol", "general").await;
    let root = alice.say("general", "root").await["id"].take();
    let first = reply(&mut bob, &root, "one for @{alice}", false).await;
    reply(&mut carol, &root, "two", true).await;
    ask(&mut alice, "mentions:read", json!({})).await;
    ask(&mut alice, "thread:read", json!({"rootId": root, "messageId": first})).await;
    ask(&mut carol, "thread:unfollow", json!({"rootId": root})).await;
    let gone = reply(&mut bob, &root, "taken back", false).await;
    ask(&mut bob, "message:delete", json!({"messageId": gone, "roomId": "general"})).await;
    reply(&mut bob, &root, "three for @{alice} and @room", false).await;
    // A thread whose only reply is gone, and one that carol has only read.
    let emptied = alice.say("general", "emptied").await["id"].take();
    let only = reply(&mut bob, &emptied, "only", false).await;
    ask(&mut bob, "message:delete", json!({"messageId": only, "roomId": "general"})).await;
    let second = bob.say("general", "second").await["id"].take();
    let answer = reply(&mut alice, &second, "an answer", false).await;
    ask(&mut carol, "thread:read", json!({"rootId": second, "messageId": answer})).await;
    ask(&mut alice, "status:set", json!({"text": "Lunch \u{2028}", "emoji": "🍜", "clearAt": 0})).await;
    let later = chatoxide::clock::now().millis() + 3_600_000;
    ask(&mut bob, "status:set", json!({"text": "Away", "clearAt": later})).await;
    (server, root)
}

/// The answers that users get about threads and mentions.
async fn answers(server: &TestServer, root: &Value) -> Vec<Value> {
    let mut answers = Vec::new();
    for user in ["alice", "bob", "carol"] {
        let mut client = server.connect(user).await;
        for (event, request) in [
            ("threads:list", json!({})),
            ("thread:load", json!({"rootId": root})),
            ("mentions:list", json!({})),
            ("unread:list", json!({})),
            ("messages:load", json!({"roomId": "general"})),
        ] {
            answers.push(ask(&mut client, event, request).await);
        }
    }
    answers
}

async fn threads_and_mentions_move(from: Backend) {
    let (server, root) = told(from).await;
    let before = answers(&server, &root).await;
    let database = server.stop().await;
    let file = export(&database).await;
    for kind in KINDS {
        assert!(!rows_of(&file, kind).is_empty(), "no {kind} in {file}");
    }
    let replies = rows_of(&file, "threadReply");
    assert_eq!(replies.iter().filter(|reply| reply["isGone"] == true).count(), 2, "{replies:?}");
    assert_eq!(rows_of(&file, "thread").len(), 2);
    let there = TestDatabase::create(other(from)).await;
    import(&there, &file).await;
    let second = export(&there).await;
    assert_eq!(rows(&second), rows(&file));
    let back = TestDatabase::create(from).await;
    import(&back, &second).await;
    assert_eq!(rows(&export(&back).await), rows(&file));
    assert_eq!(back.all_rows().await, database.all_rows().await);
    let presences = database.own(PRESENCES);
    assert_eq!(back.select(&presences).await, database.select(&presences).await);
    let said = import(&back, &file).await;
    assert!(said.contains("nothing; "), "{said}");

    // The new server says what the old one said, and goes on counting.
    let server = TestServer::start_with(there, &[]).await;
    let mut alice = server.connect("alice").await;
    let seen = ask(&mut alice, "presence:list", json!({"userIds": ["bob"]})).await["users"][0].take();
    let stored = rows_of(&file, "presence").into_iter().find(|row| row["userId"] == "bob").unwrap();
    let at = |millis: &Value| chatoxide::chat::timestamp::Timestamp::from_millis(millis.as_i64().unwrap());
    assert_eq!(seen["lastSeenAt"], json!(at(&stored["lastSeen"])), "{seen}");
    assert_eq!(seen["status"], json!({"text": "Away", "clearAt": at(&stored["clearAt"])}), "{seen}");
    assert_eq!(answers(&server, &root).await, before);
    let mut bob = server.connect("bob").await;
    reply(&mut bob, &root, "four", false).await;
    let loaded = ask(&mut alice, "thread:load", json!({"rootId": root})).await;
    assert_eq!(loaded["root"]["threadSummary"]["replyCount"], 4, "{loaded}");
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_and_mentions_move_from_postgresql_to_sqlite_and_back() {
    threads_and_mentions_move(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_and_mentions_move_from_sqlite_to_postgresql_and_back() {
    threads_and_mentions_move(Backend::Sqlite).await;
}

/// The small chat, in which bob's message answers in the thread of alice's and mentions her.
fn small_thread() -> Vec<String> {
    let rows = [
        json!({"threadReply": {"messageId": "m2", "rootId": "m1", "roomId": "general", "senderId": "bob",
            "alsoToRoom": false, "at": 6_000}}),
        json!({"thread": {"rootId": "m1"}}),
        json!({"threadFollower": {"rootId": "m1", "userId": "alice", "roomId": "general", "follows": true,
            "readAt": 5_500, "readId": ""}}),
        json!({"mention": {"messageId": "m2", "userId": "alice", "roomId": "general", "senderId": "bob",
            "kind": "user", "at": 6_000}}),
        json!({"mentionMark": {"userId": "alice", "at": 4_000}}),
        json!({"presence": {"userId": "bob", "lastSeen": 9_000, "statusText": "Lunch", "statusEmoji": "🍜",
            "clearAt": null}}),
    ];
    small_chat().into_iter().chain(rows.iter().map(Value::to_string)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_cannot_say_how_many_replies_a_thread_has() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        import(&database, &file_of(&small_thread())).await;
        let state = database.own("SELECT reply_count || ' ' || last_id FROM own.thread");
        assert_eq!(database.select(&state).await, ["1 m2"]);
        // A state that is not that of its replies is mended by importing again.
        database.execute(&database.own("UPDATE own.thread SET reply_count = 7")).await;
        let said = import(&database, &file_of(&small_thread())).await;
        assert!(said.contains("1 threads; "), "{said}");
        assert_eq!(database.select(&state).await, ["1 m2"]);
        let claim = "{\"rootId\":\"m1\",\"replyCount\":9}";
        let rows: Vec<String> =
            small_thread().iter().map(|row| row.replace("{\"rootId\":\"m1\"}", claim)).collect();
        let error = import_fails(&database, file_of(&rows).as_bytes()).await;
        assert!(error.contains("unknown field `replyCount`"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_of_a_thread_a_mention_or_a_presence_is_named() {
    let missing = "refers to a row that neither the file nor the database has";
    for (kind, from, to, why) in [
        ("threadReply", "\"m2\"", "\"m9\"", missing),
        ("threadReply", "\"general\"", "\"nowhere\"", missing),
        ("threadReply", "\"m1\"", "\"m2\"", "rootId is the message itself"),
        ("threadReply", "\"alsoToRoom\":false,", "", "missing field `alsoToRoom`"),
        ("threadReply", "6000", "253402300800000", "at is not within the years 1 to 9999"),
        ("thread", "\"m1\"", "\"\"", "rootId is empty"),
        ("threadFollower", "\"alice\"", "\"nobody\"", missing),
        ("threadFollower", "\"general\"", "\"nowhere\"", missing),
        ("threadFollower", "\"follows\":true", "\"follows\":1", "invalid type"),
        ("mention", "\"m2\"", "\"m9\"", missing),
        ("mention", "\"alice\"", "\"nobody\"", missing),
        ("mention", "\"general\"", "\"nowhere\"", missing),
        ("mention", "\"kind\":\"user\"", "\"kind\":\"\"", "kind is empty"),
        ("mentionMark", "\"alice\"", "\"nobody\"", missing),
        ("presence", "\"bob\"", "\"nobody\"", missing),
        ("presence", "\"Lunch\"", "\"a\\nb\"", "expected one line"),
        ("presence", "\"clearAt\":null", "\"clearAt\":-62135596800001", "clearAt is not within the years"),
    ] {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            let database = TestDatabase::create(backend).await;
            let begins = format!("{{\"{kind}\":");
            let rows: Vec<String> = small_thread()
                .into_iter()
                .map(|row| if row.starts_with(&begins) { row.replacen(from, to, 1) } else { row })
                .collect();
            assert_ne!(rows, small_thread(), "{kind} {from}");
            let line = 2 + rows.iter().position(|row| row.starts_with(&begins)).unwrap();
            let error = import_fails(&database, file_of(&rows).as_bytes()).await;
            assert!(
                error.contains(&format!("line {line}: ")) && error.contains(why),
                "{kind} {from}: {error}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_ends_among_threads_mentions_and_presences_goes_on() {
    let file = file_of(&small_thread());
    let first = 1 + file.lines().position(|line| line.starts_with("{\"threadReply\"")).unwrap();
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        for lines in first..first + KINDS.len() {
            let end = file.match_indices('\n').nth(lines - 1).unwrap().0 + 1;
            let error = import_fails(&database, &file.as_bytes()[..end]).await;
            assert!(error.contains("it was cut short"), "{error}");
        }
        let said = import(&database, &file).await;
        assert!(said.contains("1 presences of users; 19 were there already"), "{said}");
        let there = export(&database).await;
        let last = rows(&file).len() - 1;
        let parsed = |row: &&str| serde_json::from_str::<Value>(row).unwrap();
        assert!(
            rows(&there)[..last].iter().map(parsed).eq(rows(&file)[..last].iter().map(parsed)),
            "{there}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_format_1_is_imported_and_leaves_threads_as_they_are() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        import(&database, &file_of(&small_thread())).await;
        let before = database.all_rows().await;
        let older = file_of(&small_chat());
        assert!(older.starts_with("{\"chatoxide\":{\"format\":1,"), "{older}");
        let said = import(&database, &older).await;
        assert!(said.contains("nothing; 14 were there already"), "{said}");
        assert_eq!(database.all_rows().await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_has_been_online_since_the_export_is_no_conflict() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        import(&database, &file_of(&small_thread())).await;
        let seen = database.own("UPDATE own.user_presence SET last_seen = '2026-11-30 00:00:00'");
        database.execute(&seen).await;
        let said = import(&database, &file_of(&small_thread())).await;
        assert!(said.contains("nothing; "), "{said}");
        // Another status is one, and the later time stays when it is overwritten.
        database.execute(&database.own("UPDATE own.user_presence SET status_text = 'Dinner'")).await;
        let error = import_fails(&database, file_of(&small_thread()).as_bytes()).await;
        assert!(error.contains("presence of \"bob\": the database has it with other content"), "{error}");
        let path = super::saved(&database, file_of(&small_thread()).as_bytes());
        let overwrite = ["import", "--overwrite", "--from", path.to_str().unwrap()];
        let (code, _, said) = super::ended(super::program(&database, &overwrite), b"").await;
        assert_eq!(code, 0, "{said}");
        let row = database.own("SELECT status_text || ' ' || CAST(last_seen AS TEXT) FROM own.user_presence");
        assert!(database.select(&row).await[0].starts_with("Lunch 2026-11-30"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_another_program_deleted_unnoticed_is_exported_as_gone() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        import(&database, &file_of(&small_thread())).await;
        database.execute(r#"DELETE FROM "Message" WHERE "id" = 'm2'"#).await;
        let file = export(&database).await;
        assert_eq!(rows_of(&file, "threadReply")[0]["isGone"], true, "{file}");
        assert!(rows_of(&file, "thread").is_empty() && rows_of(&file, "mention").is_empty(), "{file}");
        let there = TestDatabase::create(other(backend)).await;
        import(&there, &file).await;
        assert_eq!(rows(&export(&there).await), rows(&file));
    }
}
