//! Messages that were there before, and those of the time when no server was running.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use super::{ON, contents, found, indexed, search, searching};
use crate::support::{
    Backend, Client, TestDatabase, TestServer, http, moment, on_both,
    process::{ServerProcess, settings},
    server::token,
    until,
};

/// A statement that adds so many messages to a room, a second apart.
fn fill(database: &TestDatabase, room: &str, count: usize) -> String {
    let numbers =
        format!("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})");
    let at = match database.backend {
        Backend::Postgres => "TIMESTAMP '2026-01-01' + n * INTERVAL '1 second'",
        Backend::Sqlite => "strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '+' || n || ' seconds')",
    };
    format!(
        r#"{numbers} INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
        SELECT '{room}-' || n, '{room}', 'alice', 'message number' || n || ' common', {at} FROM n"#
    )
}

on_both! {
    async fn messages_that_were_there_before_are_indexed(server: TestServer) {
        let server = searching(server).await;
        server.make_room("old", RoomType::Public, &["alice"]).await;
        server.make_room("older", RoomType::Public, &["alice"]).await;
        let database = server.stop().await;
        for room in ["old", "older"] {
            database.execute(&fill(&database, room, 700)).await;
        }
        let forget = ["search_message", "search_room"].map(|table| format!("DELETE FROM own.{table};")).concat();
        database.execute(&database.own(&forget)).await;
        let server = TestServer::start_with(database, &["--metrics", "true", "--search", "on"]).await;
        let mut alice = server.connect("alice").await;
        // New messages do not wait for the history.
        alice.say("old", "brand new").await;
        assert_eq!(found(&server, &mut alice, "brand").await, ["brand new"]);
        assert_eq!(found(&server, &mut alice, "number1 in:older").await, ["message number1 common"]);
        assert_eq!(found(&server, &mut alice, "number700 in:old").await, ["message number700 common"]);
        let newest = search(&mut alice, "common in:old").await;
        assert_eq!((contents(&newest)[0].as_str(), newest.get("indexed")), ("message number700 common", None));
        until("nothing is left", async || {
            (http::metric(server.address(), "chatoxide_search_rooms_left").await == 0.0).then_some(())
        })
        .await;
        assert!(http::metric(server.address(), "chatoxide_search_indexed_total").await >= 1_401.0);
    }
}

on_both! {
    async fn an_index_that_is_not_complete_says_so(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        alice.say("general", "lunch").await;
        indexed(&server.database).await;
        // A row that is locked by somebody is not indexed; here nobody has begun.
        let database = server.stop().await;
        database.execute(&database.own("UPDATE own.search_room SET is_filled = false, filled_at = NULL")).await;
        if database.backend == Backend::Postgres {
            let hold = database.hold("SELECT * FROM chatoxide.search_room FOR UPDATE").await;
            let server = TestServer::start_with(database, &ON).await;
            let mut alice = server.connect("alice").await;
            let page = search(&mut alice, "lunch").await;
            assert_eq!((contents(&page), &page["indexed"]), (vec!["lunch".to_owned()], &json!(0.0)));
            hold.release().await;
            until("it is complete", async || search(&mut alice, "lunch").await.get("indexed").is_none().then_some(()))
                .await;
        }
    }
}

on_both! {
    async fn changes_of_a_time_without_search_are_followed_later(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        let sent = alice.say("general", "first lunch").await;
        indexed(&server.database).await;
        let server = TestServer::start_with(server.stop().await, &["--search", "off"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let ack = alice.ask("messages:search", json!({"query": "lunch"})).await;
        assert_eq!((&ack["success"], &ack["code"]), (&json!(false), &json!("no_search")));
        alice.say("general", "second lunch").await;
        alice.ask("message:edit", json!({"messageId": sent["id"], "content": "no more"})).await;
        let server = TestServer::start_with(server.stop().await, &ON).await;
        let mut alice = server.connect("alice").await;
        assert_eq!(found(&server, &mut alice, "lunch").await, ["second lunch"]);
    }
}

on_both! {
    async fn entries_that_retention_has_deleted_before_they_were_indexed_lose_nothing(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        let sent = alice.say("general", "kept lunch").await;
        let gone = alice.say("general", "gone lunch").await;
        indexed(&server.database).await;
        let server = TestServer::start_with(server.stop().await, &["--search", "off"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        alice.ask("message:delete", json!({"messageId": gone["id"]})).await;
        alice.ask("message:edit", json!({"messageId": sent["id"], "content": "kept dinner"})).await;
        alice.say("general", "new dinner").await;
        let database = server.stop().await;
        database.execute(&database.own("DELETE FROM own.room_log WHERE seq < 5")).await;
        let server = TestServer::start_with(database, &ON).await;
        let mut alice = server.connect("alice").await;
        assert_eq!(found(&server, &mut alice, "lunch").await, Vec::<String>::new());
        assert_eq!(found(&server, &mut alice, "dinner").await, ["new dinner", "kept dinner"]);
        let rows = server.database.own("SELECT count(*) FROM own.search_message");
        assert_eq!(server.database.select(&rows).await, ["2"]);
    }
}

async fn history_is_indexed_after_a_kill(backend: Backend) {
    let server = TestServer::start(backend).await;
    server.make_room("old", RoomType::Public, &["alice"]).await;
    let database = server.stop().await;
    database.execute(&fill(&database, "old", 6_000)).await;
    database.execute(&database.own("DELETE FROM own.search_room")).await;
    let settings = settings(&database, &[("METRICS", "true")]).await;
    let count = database.own("SELECT count(*) FROM own.search_message");
    let indexed_rows = async || database.select(&count).await[0].parse::<usize>().unwrap();
    let mut before = 0;
    for share in [1_000, 2_500] {
        let process = ServerProcess::start(&database, &settings).await;
        until("some history is indexed", async || (indexed_rows().await >= share).then_some(())).await;
        process.kill().await;
        let now = indexed_rows().await;
        assert!(now > before && now < 6_000, "{now}");
        before = now;
    }
    let process = ServerProcess::start(&database, &settings).await;
    indexed(&database).await;
    assert_eq!(indexed_rows().await, 6_000);
    // Only what was left was indexed, but for the page that was under way.
    let again = process.metric("chatoxide_search_indexed_total").await as usize;
    assert!(again <= 6_000 - before + 512, "{again} after {before}");
    let mut alice = Client::connect(process.address, &token("alice")).await.unwrap();
    assert_eq!(contents(&search(&mut alice, "number1").await), ["message number1 common"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_indexed_from_where_a_killed_server_was_on_sqlite() {
    history_is_indexed_after_a_kill(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_indexed_from_where_a_killed_server_was_on_postgres() {
    history_is_indexed_after_a_kill(Backend::Postgres).await;
}

on_both! {
    async fn a_message_that_was_sent_just_before_a_kill_is_found_after_it(server: TestServer) {
        let server = searching(server).await;
        server.make_room("general", RoomType::Public, &["alice"]).await;
        let database = server.stop().await;
        let settings = settings(&database, &[]).await;
        let process = ServerProcess::start(&database, &settings).await;
        let mut alice = Client::connect(process.address, &token("alice")).await.unwrap();
        for number in 0..20 {
            alice.say("general", &format!("last words {number}")).await;
        }
        process.kill().await;
        let server = TestServer::start_with(database, &ON).await;
        let mut alice = server.connect("alice").await;
        assert_eq!(found(&server, &mut alice, "words").await.len(), 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_a_sender_is_left_out_and_the_rest_of_its_room_is_found() {
    let server = TestServer::start(Backend::Postgres).await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    server
        .database
        .seed_messages("general", "alice", &[("lunch one", moment(1)), ("lunch two", moment(2))])
        .await;
    let lacking = r#"ALTER TABLE "Message" ALTER "senderId" DROP NOT NULL;
        UPDATE "Message" SET "senderId" = NULL WHERE "content" = 'lunch one'"#;
    server.database.execute(lacking).await;
    let server = searching(server).await;
    let mut alice = server.connect("alice").await;
    assert_eq!(found(&server, &mut alice, "lunch").await, ["lunch two"]);
}
