//! The round trips to the database of each event that reads or creates rooms, and the limit on the sum of an event's waits.

use std::{
    future::pending,
    time::{Duration, Instant},
};

use chatoxide::{
    chat::{Result, room::RoomType},
    clock,
    db::{Db, room_list, room_log, rooms},
};
use futures_util::future::join_all;
use serde_json::json;

use super::far_away::{Far, start};
use crate::support::{Backend, Client, TestDatabase, TestServer, server, server::config, until};

/// One connection for all events, on which each statement is prepared once, and nothing that is forgotten meanwhile.
const ONE_CONNECTION: [&str; 4] = ["--database-pool", "2", "--membership-ttl", "3600000"];

#[tokio::test(flavor = "multi_thread")]
async fn an_event_takes_the_fewest_round_trips() {
    let (mut server, proxy, mut clients, plain) = start(true, &ONE_CONNECTION).await;
    let alice = &mut clients[0];
    for (event, asks, expected) in [
        // The room and its members; its end.
        ("dm:start", ["user-1", "user-2"].map(|other| json!(other)), 2),
        // The same of one that is live.
        ("dm:start", [json!("user-2"), json!("user-2")], 1),
        ("room:create", ["one", "two"].map(|name| json!({"name": name, "members": ["user-1"]})), 1),
        // The rooms; with whom, and what is new.
        ("rooms:list", [json!({}), json!({})], 3),
    ] {
        let [prepare, ask] = asks;
        assert_eq!(alice.ask(event, prepare).await["success"], true, "{event}");
        let before = proxy.round_trips();
        let answer = alice.ask(event, ask).await;
        assert_eq!(answer["success"], true, "{event}: {answer}");
        assert_eq!(proxy.round_trips() - before, expected, "{event}");
    }
    server.database.url = plain;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_loaded_in_one_round_trip() {
    let far = Far::open(true, &["--database-pool", "1"]).await;
    // Prepared with the first.
    for (room, expected) in [("room-0", 2), ("room-1", 1), ("none", 1)] {
        let room_id = room.into();
        let load = room_log::load_tail_with_readers(&far.db, &room_id, 100, 100);
        let (tail, count) = far.count(load).await;
        let tail = tail.unwrap();
        let messages = if room == "none" { 0 } else { 3 };
        assert_eq!((tail.messages.len(), tail.log.len(), tail.complete), (messages, messages, true));
        // The connection is made, too.
        assert!(count == expected || room == "room-0", "{count} round trips for {room}");
    }
    for is_prepared in [false, true] {
        let counts = [
            far.count(rooms::find(&far.db, &"room-2".into())).await.1,
            far.count(rooms::list_members(&far.db, &"room-2".into())).await.1,
            far.count(room_list::list_of_user(&far.db, &"user-2".into(), 500)).await.1,
        ];
        assert!(!is_prepared || counts == [1; 3], "{counts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_start_a_conversation_at_once_are_answered_in_time() {
    const CALLERS: usize = 400;
    // Twice the time that this takes, several times less than it would take with a round trip for each statement.
    let (mut server, _proxy, _clients, plain) = start(true, &["--database-timeout", "8000"]).await;
    let insert = format!(
        r#"INSERT INTO "User" ("id", "name", "email")
           SELECT 'caller-' || n, 'caller', n || '@y' FROM generate_series(0, {CALLERS} - 1) AS caller (n)"#
    );
    let proxied = std::mem::replace(&mut server.database.url, plain);
    server.database.execute(&insert).await;
    drop(proxied);
    let address = server.address();
    let connect = |n: usize| async move {
        Client::connect(address, &server::token(&format!("caller-{n}"))).await.unwrap()
    };
    let mut callers = join_all((0..CALLERS).map(connect)).await;
    let calls = callers.iter_mut().enumerate().map(|(n, caller)| async move {
        caller.ask("dm:start", json!(format!("caller-{}", (n + 1) % CALLERS))).await
    });
    let answers = join_all(calls).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer["success"] != true).collect();
    assert!(refused.is_empty(), "{} refused: {}", refused.len(), refused[0]);
    let rooms = r#"SELECT count(*) FROM "Room" WHERE "type" = 'direct'"#;
    assert_eq!(server.database.select(rooms).await, [CALLERS.to_string()]);
}

#[tokio::test]
async fn the_waits_of_one_event_share_one_limit() {
    const LIMIT: Duration = Duration::from_secs(1);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/none.db", folder.path().display());
    let db = Db::open(&config(&url, folder.path(), &["--database-timeout", "1000"])).unwrap();
    let began = Instant::now();
    clock::within(LIMIT, async {
        for _ in 0..30 {
            let given_up: Result<()> = db.within_timeout(pending()).await;
            assert_eq!(given_up.unwrap_err().code(), "unavailable");
        }
    })
    .await;
    assert!((LIMIT..LIMIT * 20).contains(&began.elapsed()), "{:?}", began.elapsed());
    // Each event has a time of its own.
    assert_eq!(clock::time_left(LIMIT), LIMIT);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_waits_twice_is_given_up_once_its_time_is_over() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let server = TestServer::start_with(database, &["--database-timeout", "6000"]).await;
    server.make_room("closed", RoomType::Private, &["alice", "bob"]).await;
    let mut alice = server.connect("alice").await;
    let members = server.database.hold(r#"LOCK TABLE "_RoomMembers" IN ACCESS EXCLUSIVE MODE"#).await;
    let messages = server.database.hold(r#"LOCK TABLE "Message" IN ACCESS EXCLUSIVE MODE"#).await;
    let began = Instant::now();
    let page = json!({"roomId": "closed", "before": "2999-01-01"});
    let asked = alice.begin("messages:load", page).await;
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = 'chatoxide' AND wait_event_type = 'Lock' AND query LIKE '%_RoomMembers%'
        AND now() - query_start > interval '5 seconds'";
    until("most of the time is over", async || (server.database.select(waits).await == ["1"]).then_some(()))
        .await;
    members.release().await;
    assert_eq!(alice.answer(asked).await["code"], "unavailable");
    // With a time for each wait it would be eleven seconds at the least.
    assert!(began.elapsed() < Duration::from_millis(10_900), "{:?}", began.elapsed());
    messages.release().await;
}
