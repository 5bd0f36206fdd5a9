//! `messages:sync` never says that it is complete over a time in which another program wrote.

use std::sync::Arc;

use chatoxide::{
    clock,
    db::room_log::{Append, Appender, Change, React},
};
use serde_json::{Value, json};

use super::{
    foreign::{contents, history, insert, say, sync},
    log::message,
    watched,
};
use crate::support::{Backend, Client, TestDatabase, TestServer, moment, on_both, until};

/// A client that has not joined catches up, and another one that has hears what it found.
async fn is_not_complete(
    server: &TestServer,
    (alice, bob): (&mut Client, &mut Client),
    change: &str,
) -> Value {
    let head = sync(bob, 0).await["seq"].as_i64().unwrap();
    assert_eq!(sync(bob, head).await["complete"], true, "{change}");
    alice.heard().await;
    server.database.execute(change).await;
    // The last look is a moment old: it does not count.
    let answer = sync(bob, head).await;
    assert_eq!(answer["complete"], false, "{change}: {answer}");
    let (event, data) = alice.heard().await.pop().unwrap_or_default();
    assert_eq!(data["seq"], head + 1, "{change}: {event} {data}");
    json!(event)
}

on_both! {
    async fn a_change_of_a_moment_ago_is_found_by_whoever_catches_up(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &["--membership-ttl", "600000"]).await;
        let (mut alice, mut bob) = server.meet().await;
        let id = say(&mut alice, "one").await["id"].take();
        let id = id.as_str().unwrap();
        for (change, event) in [
            (
                r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
                    VALUES ('n', 'general', 'bob', 'by Node', '2999-01-01 00:00:00')"#.to_owned(),
                "message:new",
            ),
            (
                format!(
                    r#"UPDATE "Message" SET "content" = 'ONE', "updatedAt" = '2999-01-01 00:00:00' WHERE "id" = '{id}'"#
                ),
                "message:updated",
            ),
            (format!(r#"INSERT INTO "Reaction" VALUES ('r', '{id}', 'bob', 'x')"#), "reaction:added"),
            (r#"DELETE FROM "Message" WHERE "id" = 'n'"#.to_owned(), "message:deleted"),
        ] {
            assert_eq!(is_not_complete(&server, (&mut alice, &mut bob), &change).await, event);
        }
    }
}

/// A server of a room that has more messages than are in memory.
async fn start_with_history(backend: Backend) -> TestServer {
    let server = TestServer::start_with(TestDatabase::create(backend).await, &[]).await;
    server.make_room("general", chatoxide::chat::room::RoomType::Public, &["alice", "bob"]).await;
    let messages: Vec<_> = (0..300).map(|n| (format!("old {n}"), moment(n))).collect();
    server.database.seed_messages("general", "bob", &messages).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_is_not_wholly_compared_is_not_complete_once_another_program_has_written_on_both() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = start_with_history(backend).await;
        let mut alice = server.connect_in("alice", "general").await;
        say(&mut alice, "one").await;
        // Nobody else has ever written here, as far as it is known.
        assert_eq!(sync(&mut alice, 1).await["complete"], true);
        insert(&server, "n", "2999-01-01 00:00:00").await;
        assert_eq!(sync(&mut alice, 1).await["complete"], false);
        // From now on an old message may have been changed, too, which no comparison sees.
        let edit = r#"UPDATE "Message" SET "content" = 'changed' WHERE "id" = 'old 7'"#;
        server.database.execute(edit).await;
        let answer = sync(&mut alice, 2).await;
        assert_eq!((&answer["complete"], &answer["more"]), (&json!(false), &json!(false)), "{backend:?}");
        // Another room of this database, of which all is in memory, is complete.
        server.make_room("small", chatoxide::chat::room::RoomType::Public, &["alice"]).await;
        alice.say("small", "one").await;
        let answer = alice.ask("messages:sync", json!({"roomId": "small", "since": 0})).await;
        assert_eq!(answer["complete"], true, "{backend:?}");
        // It is remembered, and so is it for a room in which nobody has found anything.
        let database = server.stop().await;
        let server = TestServer::start_with(database, &[]).await;
        let mut alice = server.connect_in("alice", "general").await;
        assert_eq!(sync(&mut alice, 2).await["complete"], false, "{backend:?}");
        let server = TestServer::start_with(server.stop().await, &["--external-changes", "off"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        assert_eq!(sync(&mut alice, 2).await["complete"], true, "nobody else writes, say the settings");
    }
}

/// A watched database has the changes of old messages in its log.
#[tokio::test(flavor = "multi_thread")]
async fn a_watched_room_is_complete_whatever_its_size() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let server = TestServer::start_with(database, &["--membership-ttl", "600000"]).await;
    watched::watch(&server).await;
    server.make_room("general", chatoxide::chat::room::RoomType::Public, &["alice", "bob"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    let messages: Vec<_> = (0..300).map(|n| (format!("old {n}"), moment(n))).collect();
    server.database.seed_messages("general", "bob", &messages).await;
    while alice.hear("message:new").await["id"] != "old 299" {}
    let edit = r#"UPDATE "Message" SET "content" = 'changed', "updatedAt" = now() WHERE "id" = 'old 7'"#;
    server.database.execute(edit).await;
    assert_eq!(alice.hear("message:updated").await["id"], "old 7");
    let answer = sync(&mut alice, 300).await;
    assert_eq!(
        (&answer["complete"], &answer["events"][0]["data"]["content"]),
        (&json!(true), &json!("changed"))
    );
}

/// A message whose entry is not among the last ones of the log, and a server that has been stopped.
async fn bury(backend: Backend) -> (TestDatabase, String, i64) {
    let server = TestServer::start_with(TestDatabase::create(backend).await, &[]).await;
    let (mut alice, _bob) = server.meet().await;
    let one = say(&mut alice, "one").await["id"].as_str().unwrap().to_owned();
    let two = say(&mut alice, "two").await["id"].take();
    for n in 0..140 {
        for event in ["reaction:add", "reaction:remove"] {
            let done = alice.ask(event, json!({"messageId": two, "emoji": format!("e{n}")})).await;
            assert_eq!(done["success"], true, "{done}");
        }
    }
    (server.stop().await, one, 282)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_the_log_cannot_tell_is_noticed_when_the_room_is_loaded_on_both() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        for change in [
            r#"UPDATE "Message" SET "content" = 'ONE' WHERE "id" = 'it'"#,
            r#"INSERT INTO "Reaction" VALUES ('r', 'it', 'bob', 'x')"#,
            r#"UPDATE "Message" SET "metadata" = '{"by": "Node"}' WHERE "id" = 'it'"#,
        ] {
            let (database, one, head) = bury(backend).await;
            // Nothing is changed, and the log is complete.
            let server = TestServer::start_with(database, &[]).await;
            let mut bob = server.connect("bob").await;
            assert_eq!(sync(&mut bob, head).await["complete"], true, "{backend:?}");
            let database = server.stop().await;
            database.execute(&change.replace("'it'", &format!("'{one}'"))).await;
            let mut database = database;
            for _ in 0..2 {
                let server = TestServer::start_with(database, &[]).await;
                let mut bob = server.connect("bob").await;
                let answer = sync(&mut bob, head).await;
                assert_eq!(answer["complete"], false, "{backend:?} {change}: {answer}");
                database = server.stop().await;
            }
            let server = TestServer::start_with(database, &[]).await;
            let mut bob = server.connect_in("bob", "general").await;
            // A later entry makes it complete again.
            bob.say("general", "three").await;
            assert_eq!(sync(&mut bob, head + 1).await["complete"], true, "{backend:?} {change}");
            bob.heard().await;
            assert_eq!(contents(&history(&mut bob).await).len(), 3);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_a_room_that_nobody_was_in_is_noticed_without_a_restart_on_both() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (database, one, head) = bury(backend).await;
        let server = TestServer::start_with(database, &["--live-room-idle", "0"]).await;
        let mut bob = server.connect_in("bob", "general").await;
        bob.ask("room:leave", "general".into()).await;
        let change = format!(r#"UPDATE "Message" SET "content" = 'ONE' WHERE "id" = '{one}'"#);
        server.database.execute(&change).await;
        let answer = sync(&mut bob, head).await;
        assert_eq!(answer["complete"], false, "{backend:?}: {answer}");
    }
}

on_both! {
    async fn a_log_that_another_node_has_found_to_be_incomplete_is_so_here_too(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        for content in ["one", "two", "three"] {
            say(&mut alice, content).await;
        }
        assert_eq!(sync(&mut bob, 1).await["complete"], true);
        // As another node does when it logs what it has found.
        let found = server.database.own("UPDATE own.room_head SET complete_from = 3");
        server.database.execute(&found).await;
        assert_eq!(sync(&mut bob, 1).await["complete"], false);
        assert_eq!(sync(&mut bob, 3).await["complete"], true);
    }
}

on_both! {
    async fn a_room_that_is_far_behind_its_log_is_compared_when_it_has_caught_up(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let mut ids = Vec::new();
        for content in ["one", "two", "three", "four", "five"] {
            ids.push(say(&mut alice, content).await["id"].as_str().unwrap().to_owned());
        }
        // Another node commits more than a comparison reads of the log.
        let mut appender = Appender::default();
        for id in &ids[1..] {
            let react = |number: usize| Append {
                change: Change::React(React {
                    message_id: id.as_str().into(),
                    emoji: number.to_string().as_str().into(),
                }),
                ..message("")
            };
            let appends: Arc<[Append]> = (0..80).map(react).collect();
            appender.append(&server.db, appends, clock::now()).await.unwrap();
        }
        let edit = format!(
            r#"UPDATE "Message" SET "content" = 'ONE', "updatedAt" = '2999-01-01 00:00:00' WHERE "id" = '{}'"#, ids[0]
        );
        server.database.execute(&edit).await;
        let answer = sync(&mut bob, 325).await;
        assert_eq!((&answer["complete"], &answer["seq"]), (&json!(false), &json!(326)), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_counts_where_the_log_only_seems_to_show_changes_on_both() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = start_with_history(backend).await;
        let mut alice = server.connect_in("alice", "general").await;
        // A message that is older than those that are loaded, with an entry among the last ones.
        let reaction = json!({"messageId": "old 7", "emoji": "x"});
        assert_eq!(alice.ask("reaction:add", reaction).await["success"], true);
        assert_eq!(sync(&mut alice, 1).await["complete"], true);
        let database = server.stop().await;
        database.execute(r#"UPDATE "Message" SET "content" = 'changed' WHERE "id" = 'old 299'"#).await;
        let server = TestServer::start_with(database, &[]).await;
        let mut alice = server.connect("alice").await;
        assert_eq!(sync(&mut alice, 1).await["complete"], false, "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_could_not_be_noted_as_incomplete_is_noted_later_on_both() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let (database, one, head) = bury(backend).await;
        database.execute(&format!(r#"UPDATE "Message" SET "content" = 'ONE' WHERE "id" = '{one}'"#)).await;
        database.execute(refuse(backend)).await;
        let server = TestServer::start_with(database, &["--live-room-idle", "0"]).await;
        let mut bob = server.connect_in("bob", "general").await;
        assert_eq!(sync(&mut bob, head).await["complete"], false, "{backend:?}");
        // Neither a later entry nor an eviction makes it forget.
        bob.say("general", "three").await;
        bob.ask("room:leave", "general".into()).await;
        assert_eq!(sync(&mut bob, head).await["complete"], false, "{backend:?}");
        server.database.execute(ALLOW[usize::from(backend == Backend::Postgres)]).await;
        let stored = server.database.own("SELECT complete_from FROM own.room_head");
        until("it is noted", async || (server.database.select(&stored).await != ["0"]).then_some(())).await;
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let mut bob = server.connect("bob").await;
        assert_eq!(sync(&mut bob, head).await["complete"], false, "{backend:?}");
    }
}

/// Keeps logs from being noted as incomplete.
fn refuse(backend: Backend) -> &'static str {
    match backend {
        Backend::Postgres => {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
            CREATE TRIGGER refuse BEFORE UPDATE OF complete_from ON chatoxide.room_head FOR EACH ROW
            WHEN (NEW.complete_from > OLD.complete_from) EXECUTE FUNCTION refuse()"
        }
        Backend::Sqlite => {
            "CREATE TRIGGER refuse BEFORE UPDATE OF complete_from ON chatoxide_room_head
            WHEN NEW.complete_from > OLD.complete_from BEGIN SELECT RAISE(ABORT, 'not now'); END"
        }
    }
}

const ALLOW: [&str; 2] = ["DROP TRIGGER refuse", "DROP TRIGGER refuse ON chatoxide.room_head"];
