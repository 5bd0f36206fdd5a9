//! Tests changes that another program makes in a watched database while this server runs.

use std::sync::Arc;

use chatoxide::{
    clock,
    config::DatabaseUrl,
    db::{self, Db, room_log::Appender},
};
use serde_json::{Value, json};

use super::{
    foreign::{contents, history, say, sync},
    log::message,
};
use crate::support::{Backend, Client, TestDatabase, TestServer, server::config, until};

/// Rooms are not compared with the database, so what is heard was told.
pub(super) const OFF: [&str; 4] = ["--external-changes", "off", "--membership-ttl", "600000"];

/// A server that listens to its watched database.
pub(super) async fn start() -> TestServer {
    start_with(&[]).await
}

/// The same, with more settings.
pub async fn start_with(more: &[&str]) -> TestServer {
    let settings = [&OFF, more].concat();
    let server = TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &settings).await;
    watch(&server).await;
    server
}

pub(super) async fn watch(server: &TestServer) {
    let config = config(&server.database.url, server.database.folder.path(), &[]);
    let DatabaseUrl::Postgres(url) = &config.database else { panic!("not a PostgreSQL database") };
    db::watch::install(&server.db, url).await.unwrap();
    listens(&server.database).await;
}

/// Waits until a server listens.
pub(super) async fn listens(database: &TestDatabase) {
    until("a server listens", async || (database.select(LISTENERS).await == ["1"]).then_some(())).await;
}

pub(super) const LISTENERS: &str = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'chatoxide watch' \
                         AND datname = current_database()";

/// A message of another program's.
pub(super) fn insert(id: &str, room: &str) -> String {
    format!(
        r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
        VALUES ('{id}', '{room}', 'bob', 'by Node: {id}', now() AT TIME ZONE 'UTC')"#
    )
}

pub(super) fn edit(id: &Value, content: &str) -> String {
    let id = id.as_str().unwrap();
    format!(
        r#"UPDATE "Message" SET "content" = '{content}', "updatedAt" = now() AT TIME ZONE 'UTC' WHERE "id" = '{id}'"#
    )
}

fn react(id: &str, user: &str, emoji: &str) -> String {
    format!(r#"INSERT INTO "Reaction" VALUES ('{id}-{user}-{emoji}', '{id}', '{user}', '{emoji}')"#)
}

/// The next events of a room, each as its name and text, up to alice's next message. Their numbers have no gap: nothing
/// was told or logged twice.
pub(super) async fn heard_until_next(alice: &mut Client, bob: &mut Client, since: i64) -> Vec<String> {
    let end = say(alice, "end").await;
    let mut heard = Vec::new();
    for expected in since + 1.. {
        let (name, data) = loop {
            let (name, data) = bob.next().await;
            if data["seq"].is_number() {
                break (name, data);
            }
        };
        assert_eq!(data["seq"], expected, "{name} {data}");
        if data["id"] == end["id"] {
            break;
        }
        let about = data["content"].as_str().or(data["emoji"].as_str()).unwrap_or_default();
        heard.push(format!("{name} {about}").trim_end().to_owned());
    }
    heard
}

pub(super) async fn head(server: &TestServer) -> String {
    server.database.select("SELECT seq || ' ' || complete_from FROM chatoxide.room_head").await.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_another_program_is_told_as_it_is_committed() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    let (one, two) = (say(&mut alice, "one").await, say(&mut alice, "two").await);
    bob.heard().await;
    let id = one["id"].as_str().unwrap();
    let changes = [
        (insert("n", "general"), "message:new", "content", "by Node: n"),
        (edit(&one["id"], "ONE"), "message:updated", "content", "ONE"),
        (react(id, "bob", "x"), "reaction:added", "emoji", "x"),
        (r#"UPDATE "Reaction" SET "emoji" = 'y'"#.to_owned(), "reaction:added", "emoji", "y"),
        (r#"DELETE FROM "Reaction""#.to_owned(), "reaction:removed", "emoji", "y"),
        (
            format!(r#"DELETE FROM "Message" WHERE "id" = '{}'"#, two["id"].as_str().unwrap()),
            "message:deleted",
            "messageId",
            two["id"].as_str().unwrap(),
        ),
    ];
    for (change, event, key, value) in changes {
        server.database.execute(&change).await;
        assert_eq!(bob.hear(event).await[key], value, "{change}");
    }
    assert_eq!(head(&server).await, "9 0");
    assert_eq!(heard_until_next(&mut alice, &mut bob, 9).await, [""; 0]);
    let shown = history(&mut bob).await;
    assert_eq!((contents(&shown), &shown["seq"]), (vec!["end", "by Node: n", "ONE"], &json!(10)));
    assert_eq!(shown["messages"][1]["senderName"], "bob");
    // A client that was away is told all of it.
    let answer = sync(&mut bob, 2).await;
    let seqs: Vec<i64> =
        answer["events"].as_array().unwrap().iter().map(|e| e["data"]["seq"].as_i64().unwrap()).collect();
    assert_eq!((&answer["complete"], &answer["seq"], seqs), (&json!(true), &json!(10), (3..=10).collect()));

    // The entries have notes: a server that loads the room does not find the changes again.
    let server = TestServer::start_with(server.stop().await, &super::foreign::ALWAYS).await;
    listens(&server.database).await;
    let mut bob = server.connect("bob").await;
    for _ in 0..2 {
        let shown = history(&mut bob).await;
        assert_eq!((contents(&shown), &shown["seq"]), (vec!["end", "by Node: n", "ONE"], &json!(10)));
    }
    let answer = sync(&mut bob, 0).await;
    assert_eq!((&answer["complete"], &answer["seq"]), (&json!(true), &json!(10)));
    assert_eq!(head(&server).await, "10 0");
    // And by the note it finds an edit that no trigger saw, and no time tells of.
    let database = server.stop().await;
    let unseen = r#"SET session_replication_role = replica;
        UPDATE "Message" SET "content" = 'unseen' WHERE "id" = 'n'"#;
    database.execute(unseen).await;
    let server = TestServer::start_with(database, &super::foreign::ALWAYS).await;
    let mut bob = server.connect("bob").await;
    assert_eq!(history(&mut bob).await["seq"], 11);
    assert_eq!(head(&server).await, "11 11");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_synced_message_of_another_program_is_without_the_reactions_that_follow() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    say(&mut alice, "one").await;
    let changes = format!("{}; {}", insert("n", "general"), react("n", "alice", "x"));
    server.database.execute(&changes).await;
    let told = bob.hear("message:new").await;
    assert_eq!(told["content"], "one");
    assert_eq!(bob.hear("message:new").await["reactions"], json!([]));
    assert_eq!(bob.hear("reaction:added").await["emoji"], "x");
    let server = TestServer::start_with(server.stop().await, &OFF).await;
    let mut bob = server.connect("bob").await;
    // From the database, and of them only the message.
    let mut page = sync(&mut bob, 1).await;
    let events = page["events"].take();
    assert_eq!(
        (&events[0]["data"]["reactions"], &events[1]["event"]),
        (&json!([]), &json!("reaction:added"))
    );
    let reactions = &history(&mut bob).await["messages"][0]["reactions"];
    assert_eq!(*reactions, json!([{"emoji": "x", "userId": "alice"}]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_changes_of_one_transaction_are_told_in_order_and_without_those_that_it_undid() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    let one = say(&mut alice, "one").await;
    bob.heard().await;
    let id = one["id"].as_str().unwrap();
    let write = |id: &str, content: &str| {
        format!(r#"UPDATE "Message" SET "content" = '{content}' WHERE "id" = '{id}'"#)
    };
    let delete = |id: &str| format!(r#"DELETE FROM "Message" WHERE "id" = '{id}'"#);
    let unreact = r#"DELETE FROM "Reaction""#.to_owned();
    let stories: Vec<(Vec<String>, Vec<&str>)> = vec![
        (vec![insert("a", "general"), write("a", "A"), delete("a")], vec![]),
        (
            vec![insert("a", "general"), write("a", "A"), react("a", "alice", "x"), insert("b", "general")],
            vec!["message:new A", "reaction:added x", "message:new by Node: b"],
        ),
        (
            vec![react(id, "bob", "x"), edit(&one["id"], "ONE")],
            vec!["reaction:added x", "message:updated ONE"],
        ),
        (
            vec![unreact.clone(), react(id, "bob", "y")],
            vec!["reaction:removed x", "reaction:removed x", "reaction:added y"],
        ),
        (vec![react("b", "bob", "z"), unreact.clone(), react(id, "bob", "y")], vec![]),
        // A rolled back part is none.
        (
            vec![
                "SAVEPOINT part".to_owned(),
                delete("b"),
                "ROLLBACK TO part".to_owned(),
                edit(&json!("b"), "B"),
            ],
            vec!["message:updated B"],
        ),
        // Reactions go with their message, one by one or not.
        (vec![react("a", "bob", "x")], vec!["reaction:added x"]),
        (
            vec![r#"DELETE FROM "Reaction" WHERE "messageId" = 'a'"#.to_owned(), delete("a")],
            vec!["message:deleted"],
        ),
        (vec![insert("a", "general")], vec!["message:new by Node: a"]),
        (
            vec![delete("a"), insert("a", "general"), edit(&json!("a"), "again")],
            vec!["message:updated again"],
        ),
        // A statement that changes nothing is told to nobody.
        (vec![r#"UPDATE "Message" SET "content" = "content""#.to_owned()], vec![]),
    ];
    let mut since = 1;
    for (changes, expected) in stories {
        server.database.execute(&format!("BEGIN; {}; COMMIT", changes.join("; "))).await;
        let heard = heard_until_next(&mut alice, &mut bob, since).await;
        assert_eq!(heard, expected, "{changes:#?}");
        since += 1 + heard.len() as i64;
    }
    // A server that loads the room finds nothing that was not logged.
    let server = TestServer::start_with(server.stop().await, &super::foreign::ALWAYS).await;
    let mut bob = server.connect("bob").await;
    assert_eq!(history(&mut bob).await["seq"], since);
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_that_a_cascade_deletes_with_their_message_are_not_told_one_by_one() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    let one = say(&mut alice, "one").await;
    alice.ask("reaction:add", json!({"messageId": one["id"], "emoji": "x"})).await;
    bob.heard().await;
    let cascade = r#"ALTER TABLE "Reaction" DROP CONSTRAINT "Reaction_messageId_fkey", ADD FOREIGN KEY ("messageId")
        REFERENCES "Message" ("id") ON DELETE CASCADE; DELETE FROM "Message""#;
    server.database.execute(cascade).await;
    assert_eq!(heard_until_next(&mut alice, &mut bob, 2).await, ["message:deleted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_moves_to_another_room_is_deleted_here_and_new_there() {
    let server = start().await;
    server.make_room("other", chatoxide::chat::room::RoomType::Public, &[]).await;
    let (mut alice, mut bob) = server.meet().await;
    let mut carol = server.connect_in("carol", "other").await;
    let one = say(&mut alice, "one").await;
    bob.heard().await;
    server.database.execute(r#"UPDATE "Message" SET "roomId" = 'other'"#).await;
    assert_eq!(bob.hear("message:deleted").await["messageId"], one["id"]);
    let told = carol.hear("message:new").await;
    assert_eq!(
        (&told["content"], &told["roomId"], &told["seq"]),
        (&json!("one"), &json!("other"), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_of_one_transaction_are_all_told() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    say(&mut alice, "one").await;
    let copy = r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content")
        SELECT 'n' || n, 'general', 'bob', n FROM generate_series(1, 10000) AS n"#;
    server.database.execute(copy).await;
    bob.hear("message:new").await;
    for n in 1..=10_000 {
        let told = bob.hear("message:new").await;
        assert_eq!((&told["content"], &told["seq"]), (&json!(n.to_string()), &json!(n + 1)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn this_servers_own_changes_are_logged_once_whether_it_marks_them_or_not() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    for content in ["one", "two"] {
        let id = say(&mut alice, content).await["id"].take();
        bob.ask("reaction:add", json!({"messageId": id, "emoji": "x"})).await;
        bob.ask("reaction:remove", json!({"messageId": id, "emoji": "x"})).await;
        alice.ask("message:edit", json!({"messageId": id, "content": "edited"})).await;
        alice.ask("message:delete", json!({"messageId": id})).await;
    }
    assert_eq!(head(&server).await, "10 0");
    // The triggers have noted none of them.
    let noted = "SELECT is_called FROM chatoxide.watch_change_place_seq";
    assert_eq!(server.database.select(noted).await, ["f"]);
    // An older server marks nothing, and neither does one behind PgBouncer.
    let url = format!("{}?pgbouncer=true", server.database.url);
    let unmarked = Db::open(&config(&url, server.database.folder.path(), &[])).unwrap();
    let mut appender = Appender::default();
    for _ in 0..2 {
        let batch = Arc::new([message("three"), message("four")]);
        appender.append(&unmarked, batch, clock::now()).await.unwrap();
    }
    assert_eq!(head(&server).await, "14 0");
    assert_eq!(server.database.select("SELECT count(*) FROM chatoxide.watch_change").await, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_watches_the_list_of_rooms_is_told_of_another_programs_message() {
    let server = start().await;
    let (_alice, mut bob) = server.meet().await;
    server.make_room("other", chatoxide::chat::room::RoomType::Private, &["alice", "bob"]).await;
    bob.ask("rooms:list", json!({})).await;
    let message = insert("n", "other").replace("'bob'", "'alice'");
    server.database.execute(&message).await;
    let told = bob.hear("room:activity").await;
    assert_eq!((&told["roomId"], &told["by"]), (&json!("other"), &json!([{"userId": "alice", "count": 1}])));
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_work_on_a_watched_database_while_no_server_runs() {
    let database = start().await.stop().await;
    database
        .execute(
            r#"INSERT INTO "User" VALUES ('bob', 'Bob', 'bob@example.org');
            INSERT INTO "Room" VALUES ('general', 'G', 'public')"#,
        )
        .await;
    for n in 0..3 {
        database.execute(&insert(&format!("n{n}"), "general")).await;
    }
    let server = TestServer::start_with(database, &OFF).await;
    let mut bob = server.connect("bob").await;
    assert_eq!(history(&mut bob).await["seq"], 3);
    assert_eq!(sync(&mut bob, 0).await["complete"], true);
}
