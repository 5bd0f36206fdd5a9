//! Search where other programs write, where the index on times is missing, and where one room takes too long.

use chatoxide::chat::room::RoomType;

use super::{ON, contents, indexed, search, searching};
use crate::support::{Backend, TestDatabase, TestServer, moment, on_both, until};

on_both! {
    async fn a_message_of_another_program_in_a_room_that_nobody_is_in_is_found_by_the_next_search(server: TestServer) {
        let server = searching(server).await;
        server.make_room("plans", RoomType::Private, &["alice", "bob"]).await;
        let filled = server.database.own("SELECT count(*) FROM own.search_room WHERE is_filled AND room_id = 'plans'");
        let mut alice = server.connect("alice").await;
        // Its first message, which is deleted again, lets the index know the room.
        let first = alice.say("plans", "first").await["id"].take();
        indexed(&server.database).await;
        alice.ask("message:delete", serde_json::json!({"messageId": first})).await;
        indexed(&server.database).await;
        assert_eq!(server.database.select(&filled).await, ["1"]);
        server.database.seed_messages("plans", "bob", &[("imported", moment(1))]).await;
        until("it is found", async || {
            (contents(&search(&mut alice, "imported").await) == ["imported"]).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_new_rooms_are_found_without_an_index_on_times() {
    let database =
        TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &[]).await.stop().await;
    let index = r#"SELECT indexrelid::regclass FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        WHERE relname = 'Message' AND NOT indisprimary AND pg_get_indexdef(indexrelid) LIKE '%createdAt%'"#;
    for index in database.select(index).await {
        database.execute(&format!("DROP INDEX {index}")).await;
    }
    let server = TestServer::start_with(database, &ON).await;
    server.make_room("plans", RoomType::Private, &["alice"]).await;
    let mut alice = server.connect("alice").await;
    for content in ["one word", "another word"] {
        alice.say("plans", content).await;
    }
    let mut pages = Vec::new();
    until("both are found", async || {
        pages = contents(&search(&mut alice, "word").await);
        (pages.len() == 2).then_some(())
    })
    .await;
    assert_eq!(pages, ["another word", "one word"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_whose_history_takes_too_long_keeps_no_other_room_from_being_indexed() {
    let server = TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &[]).await;
    for room in ["slow", "quick"] {
        server.make_room(room, RoomType::Private, &["alice"]).await;
        let messages: Vec<_> = (0..3).map(|n| (format!("{room} {n}"), moment(n))).collect();
        server.database.seed_messages(room, "alice", &messages).await;
    }
    let database = server.stop().await;
    // Whoever indexes this message waits.
    let held =
        "INSERT INTO chatoxide.search_message (message_id, room, at, tokens) VALUES ('slow 1', 0, 0, '')";
    let _held = database.hold(held).await;
    let server = TestServer::start_with(database, &["--search", "on", "--database-timeout", "300"]).await;
    let mut alice = server.connect("alice").await;
    until("the other room is found", async || {
        (contents(&search(&mut alice, "quick").await).len() == 3).then_some(())
    })
    .await;
}
