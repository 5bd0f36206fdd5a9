//! Tests changes that another program writes to a room while this server runs.

use std::sync::Arc;

use chatoxide::{
    clock,
    db::{
        fingerprints,
        room_log::{Append, Appender, load_tail},
    },
};
use serde_json::{Value, json};

use crate::support::{Backend, Client, TestDatabase, TestServer, http::metric, on_both};

/// A server that compares a room with the database whenever somebody enters it.
async fn start(backend: Backend) -> TestServer {
    TestServer::start_with(TestDatabase::create(backend).await, &ALWAYS).await
}

pub(super) const ALWAYS: [&str; 2] = ["--membership-ttl", "0"];

pub(super) fn contents(history: &Value) -> Vec<&str> {
    let messages = history["messages"].as_array().unwrap();
    messages.iter().map(|message| message["content"].as_str().unwrap()).collect()
}

pub(super) async fn history(client: &mut Client) -> Value {
    client.emit("room:join", "general".into()).await;
    client.hear("room:history").await
}

pub(super) async fn say(client: &mut Client, content: &str) -> Value {
    let ack = client.ask("message:send", json!({"roomId": "general", "content": content})).await;
    assert_eq!(ack["success"], true, "{ack}");
    ack["message"].clone()
}

pub(super) async fn sync(client: &mut Client, since: i64) -> Value {
    client.ask("messages:sync", json!({"roomId": "general", "since": since})).await
}

/// A message of another program's, as Node writes it.
pub(super) async fn insert(server: &TestServer, id: &str, at: &str) {
    server
        .database
        .execute(&format!(
            r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
            VALUES ('{id}', 'general', 'bob', 'by Node: {id}', '{at}')"#
        ))
        .await;
}

async fn what_another_program_wrote_is_shown_and_told(backend: Backend) {
    let server = start(backend).await;
    let (mut alice, mut bob) = server.meet().await;
    let mut ids = Vec::new();
    for content in ["one", "two", "three", "four"] {
        ids.push(say(&mut alice, content).await["id"].as_str().unwrap().to_owned());
    }
    alice.ask("reaction:add", json!({"messageId": ids[3], "emoji": "a"})).await;
    alice.ask("message:edit", json!({"messageId": ids[0], "content": "One"})).await;
    bob.heard().await;
    let change = format!(
        r#"UPDATE "Message" SET "content" = 'ONE' WHERE "id" = '{}'; DELETE FROM "Message" WHERE "id" = '{}';
        DELETE FROM "Reaction"; INSERT INTO "Reaction" VALUES ('r', '{}', 'bob', 'b')"#,
        ids[0], ids[1], ids[2]
    );
    server.database.execute(&change).await;
    insert(&server, "n", "2999-01-01 00:00:00").await;

    let mut carol = server.connect("carol").await;
    let shown = history(&mut carol).await;
    assert_eq!(contents(&shown), ["by Node: n", "four", "three", "ONE"]);
    assert_eq!(shown["seq"], 11);
    assert_eq!(shown["messages"][2]["reactions"], json!([{"emoji": "b", "userId": "bob"}]));
    assert_eq!(shown["messages"][1]["reactions"], json!([]));

    let mut heard = Vec::new();
    for (name, data) in bob.heard().await {
        if name != "room:user-joined" {
            heard.push((name, data["seq"].as_i64().unwrap()));
        }
    }
    let expected =
        ["message:updated", "reaction:added", "reaction:removed", "message:new", "message:deleted"];
    assert_eq!(heard, expected.map(str::to_owned).into_iter().zip(7..).collect::<Vec<_>>());
    // A client that received all events is up to date. One that was away cannot know which other messages were changed.
    let answer = sync(&mut bob, 11).await;
    assert_eq!((&answer["complete"], &answer["events"]), (&json!(true), &json!([])));
    let answer = sync(&mut bob, 6).await;
    assert_eq!((&answer["complete"], &answer["more"]), (&json!(false), &json!(false)));

    // From here on all is as before, also once the room is loaded anew.
    say(&mut alice, "five").await;
    assert_eq!(bob.hear("message:new").await["seq"], 12);
    let database = server.stop().await;
    let server = TestServer::start_with(database, &ALWAYS).await;
    let mut bob = server.connect("bob").await;
    assert_eq!(history(&mut bob).await["seq"], 12);
    let answer = sync(&mut bob, 11).await;
    assert_eq!(
        (&answer["complete"], &answer["events"][0]["data"]["content"]),
        (&json!(true), &json!("five"))
    );
    assert_eq!(sync(&mut bob, 10).await["complete"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_programs_changes_are_shown_and_broadcast_on_both() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        what_another_program_wrote_is_shown_and_told(backend).await;
    }
}

/// Everything that a client can do, with values that the two databases write in ways of their own.
async fn do_everything(alice: &mut Client, bob: &mut Client) {
    let mut ids = Vec::new();
    for (n, metadata) in [
        json!({}),
        json!({"a": 1.0, "b": [100.0, 0.1, -0.0], "z": null, "y": {"ü": "😀"}}),
        serde_json::from_str(r#"{"big": 12345678901234567890, "small": 1e-7, "large": 1.5e300, "exp": 1E2}"#)
            .unwrap(),
    ]
    .into_iter()
    .enumerate()
    {
        let ask = json!({"roomId": "general", "content": format!("ä😀\n'{n}"), "metadata": metadata, "replyTo": "x"});
        let ack = alice.ask("message:send", ask).await;
        assert_eq!(ack["success"], true, "{ack}");
        ids.push(ack["message"]["id"].as_str().unwrap().to_owned());
    }
    for emoji in ["👍", "x", "a"] {
        for client in [&mut *alice, &mut *bob] {
            client.ask("reaction:add", json!({"messageId": ids[0], "emoji": emoji})).await;
        }
    }
    bob.ask("reaction:remove", json!({"messageId": ids[0], "emoji": "x"})).await;
    alice.ask("message:edit", json!({"messageId": ids[1], "content": "edited"})).await;
    alice.ask("message:delete", json!({"messageId": ids[2]})).await;
}

on_both! {
    async fn this_servers_own_changes_are_never_taken_for_anothers(server: TestServer) {
        let mut server = TestServer::start_with(server.stop().await, &ALWAYS).await;
        let (mut alice, mut bob) = server.meet().await;
        for round in 1..=3 {
            for _ in 0..10 {
                do_everything(&mut alice, &mut bob).await;
                let mut carol = server.connect("carol").await;
                let shown = history(&mut carol).await;
                assert_eq!(sync(&mut carol, 1).await["events"][0]["data"]["seq"], 2, "{shown}");
            }
            let head = "SELECT seq || ' ' || complete_from FROM own.room_head";
            let found = server.database.select(&server.database.own(head)).await;
            assert_eq!(found, [format!("{} 0", round * 120)]);
            let database = server.stop().await;
            server = TestServer::start_with(database, &ALWAYS).await;
            (alice, bob) = server.meet().await;
        }
    }
}

on_both! {
    async fn a_change_under_way_is_not_taken_for_anothers(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &ALWAYS).await;
        let (mut alice, mut bob) = server.meet().await;
        let mut carol = server.connect("carol").await;
        let write = async {
            for _ in 0..30 {
                do_everything(&mut alice, &mut bob).await;
            }
        };
        let join = async {
            for _ in 0..200 {
                carol.ask("room:join", "general".into()).await;
            }
        };
        tokio::join!(write, join);
        let head = "SELECT seq || ' ' || complete_from FROM own.room_head";
        assert_eq!(server.database.select(&server.database.own(head)).await, ["360 0"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_not_complete_after_changes_made_while_the_server_was_away() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = start(backend).await;
        insert_before(&server).await;
        let (mut alice, _bob) = server.meet().await;
        let first = say(&mut alice, "first").await;
        let second = say(&mut alice, "second").await;
        assert_eq!(sync(&mut alice, 0).await["complete"], true);
        let database = server.stop().await;

        // Node's day.
        let (first, second) = (first["id"].as_str().unwrap(), second["id"].as_str().unwrap());
        database
            .execute(&format!(
                r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
                VALUES ('n', 'general', 'bob', 'by Node', '2999-01-01 00:00:00');
                UPDATE "Message" SET "content" = 'FIRST', "updatedAt" = '2999-01-01 00:00:01' WHERE "id" = '{first}';
                DELETE FROM "Message" WHERE "id" = '{second}'"#
            ))
            .await;

        let server = TestServer::start_with(database, &[]).await;
        let mut bob = server.connect("bob").await;
        // Before anybody joins.
        let answer = sync(&mut bob, 2).await;
        assert_eq!(
            (&answer["complete"], &answer["more"], &answer["seq"]),
            (&json!(false), &json!(false), &json!(5))
        );
        let shown = history(&mut bob).await;
        assert_eq!(contents(&shown), ["by Node", "FIRST", "from before"]);
        assert_eq!(shown["seq"], 5);
        assert_eq!(sync(&mut bob, 5).await["complete"], true);
        // It is noticed once, though its clock is ahead.
        let server = TestServer::start_with(server.stop().await, &[]).await;
        let mut bob = server.connect("bob").await;
        assert_eq!(history(&mut bob).await["seq"], 5);
        assert_eq!(sync(&mut bob, 5).await["complete"], true);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_stamps_an_edit_is_no_foreign_change() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let server = TestServer::start_with(database, &[]).await;
    let stamp = r#"CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            NEW."updatedAt" = clock_timestamp(); RETURN NEW; END $$;
        CREATE TRIGGER stamp BEFORE UPDATE ON "Message" FOR EACH ROW EXECUTE FUNCTION stamp()"#;
    server.database.execute(stamp).await;
    let (mut alice, _bob) = server.meet().await;
    for content in ["one", "two"] {
        let id = say(&mut alice, content).await["id"].take();
        alice.ask("message:edit", json!({"messageId": id, "content": "edited"})).await;
    }
    let server = TestServer::start_with(server.stop().await, &[]).await;
    let mut alice = server.connect("alice").await;
    assert_eq!(history(&mut alice).await["seq"], 4);
    assert_eq!(sync(&mut alice, 0).await["complete"], true);
}

on_both! {
    async fn entries_of_another_node_are_in_the_history_on_joining(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &ALWAYS).await;
        let (mut alice, mut bob) = server.meet().await;
        say(&mut alice, "one").await;
        let batch: Arc<[Append]> = Arc::new([crate::rooms::log::message("two"), crate::rooms::log::message("three")]);
        Appender::default().append(&server.db, batch, clock::now()).await.unwrap();
        let mut carol = server.connect("carol").await;
        assert_eq!(contents(&history(&mut carol).await), ["three", "two", "one"]);
        for content in ["one", "two", "three"] {
            assert_eq!(bob.hear("message:new").await["content"], content);
        }
        let answer = sync(&mut bob, 1).await;
        assert_eq!((&answer["complete"], &answer["seq"]), (&json!(true), &json!(3)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_number_of_foreign_changes_is_broadcast() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = start(backend).await;
        let (mut alice, _bob) = server.meet().await;
        let id = say(&mut alice, "popular").await["id"].take();
        let series = match backend {
            Backend::Postgres => "generate_series(1, 10000) AS s (n)",
            Backend::Sqlite => {
                "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 10000) SELECT n FROM s)"
            }
        };
        let id = id.as_str().unwrap();
        let react =
            format!(r#"INSERT INTO "Reaction" SELECT 'r' || n, '{id}', 'bob', 'e' || n FROM {series}"#);
        server.database.execute(&react).await;
        let mut carol = server.connect("carol").await;
        let shown = history(&mut carol).await;
        assert_eq!(shown["messages"][0]["reactions"].as_array().unwrap().len(), 10_000);
        assert_eq!(shown["seq"], 10_001);
    }
}

/// A message of the time before this server.
async fn insert_before(server: &TestServer) {
    server.make_room("general", chatoxide::chat::room::RoomType::Public, &["alice", "bob"]).await;
    insert_text(server, "from before").await;
}

async fn insert_text(server: &TestServer, content: &str) {
    server
        .database
        .execute(&format!(
            r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
            VALUES ('old', 'general', 'bob', '{content}', '2026-01-01 00:00:00')"#
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_compared_by_one_statement_for_whoever_catches_up() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        // However long ago the last look was.
        for ttl in ["60000", "0"] {
            let settings = ["--metrics", "true", "--membership-ttl", ttl];
            let server = TestServer::start_with(TestDatabase::create(backend).await, &settings).await;
            let (mut alice, mut bob) = server.meet().await;
            say(&mut alice, "one").await;
            let statements = async || metric(server.address(), "chatoxide_database_statements_total").await;
            // The members of the room are read again, too, where nothing is kept.
            let mut counts = Vec::new();
            for _ in 0..3 {
                bob.ask("room:read", "general".into()).await;
                let before = statements().await;
                bob.ask("room:presence", "general".into()).await;
                let between = statements().await;
                bob.ask("messages:sync", json!({"roomId": "general", "since": 0})).await;
                counts.push((statements().await - between) - (between - before));
            }
            assert_eq!(counts, [1.0; 3], "{backend:?} {ttl}");
        }
    }
}

/// Types that store something else than what was written.
#[tokio::test(flavor = "multi_thread")]
async fn padded_and_rounded_values_are_broadcast_as_stored_and_are_no_foreign_change() {
    for (change, shown) in [
        (r#"ALTER TABLE "Message" ALTER "content" TYPE char(8)"#, ["second  ", "First   "]),
        (
            r#"CREATE DOMAIN words AS char(8); ALTER TABLE "Message" ALTER "content" TYPE words"#,
            ["second  ", "First   "],
        ),
        (
            r#"ALTER TABLE "Message" ALTER "createdAt" TYPE timestamp(0), ALTER "updatedAt" TYPE timestamp(0)"#,
            ["second", "First"],
        ),
    ] {
        let database = start(Backend::Postgres).await.stop().await;
        database.execute(change).await;
        let server = TestServer::start_with(database, &ALWAYS).await;
        let (mut alice, mut bob) = server.meet().await;
        let id = say(&mut alice, "first").await["id"].clone();
        let told = bob.hear("message:new").await;
        assert_eq!(told["content"].as_str().unwrap().trim_end(), "first", "{change}");
        let edited = alice.ask("message:edit", json!({"messageId": id, "content": "First"})).await;
        assert_eq!(edited["success"], true, "{edited}");
        assert_eq!(bob.hear("message:updated").await["content"], shown[1], "{change}");
        let said = say(&mut alice, "second").await;
        assert_eq!(said["content"], shown[0], "{change}");
        let mut carol = server.connect("carol").await;
        for _ in 0..2 {
            let shown_now = history(&mut carol).await;
            assert_eq!((contents(&shown_now), &shown_now["seq"]), (shown.to_vec(), &json!(3)), "{change}");
            assert_eq!(shown_now["messages"][0]["createdAt"], said["createdAt"], "{change}");
        }
        let found = fingerprints::read(&server.db, &"general".into(), 10, 0).await.unwrap();
        let tail = load_tail(&server.db, &"general".into(), 10).await.unwrap();
        assert_eq!((found.messages.len(), tail.messages.len()), (2, 2));
        for (found, message) in found.messages.iter().zip(&tail.messages) {
            assert!(found.is_of(message), "{change}: {}", message.content);
        }
        // Loaded anew, they are what they were.
        let server = TestServer::start_with(server.stop().await, &ALWAYS).await;
        let mut carol = server.connect("carol").await;
        for _ in 0..2 {
            let shown_now = history(&mut carol).await;
            assert_eq!((contents(&shown_now), &shown_now["seq"]), (shown.to_vec(), &json!(3)), "{change}");
            assert_eq!(shown_now["messages"][0]["createdAt"], said["createdAt"], "{change}");
        }
        assert_eq!(
            server.database.select("SELECT count(*) FROM chatoxide.room_log").await,
            ["3"],
            "{change}"
        );
    }
}
