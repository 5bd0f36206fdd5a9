//! Tests retention: entries that are in the rooms' logs for longer than the setting says are deleted, and no others.

use std::time::Duration;

use chatoxide::{
    chat::{room::RoomType, timestamp::Timestamp},
    clock,
    db::room_log,
};

use crate::support::{Backend, TestServer, on_both, until};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// So long ago, as the databases read it.
fn ago(time: Duration) -> String {
    let moment = Timestamp::from_millis(clock::now().millis() - time.as_millis() as i64);
    moment.naive().format("%F %T%.3f").to_string()
}

/// The entries of a room's log that are there.
async fn entries(server: &TestServer, room: &str) -> Vec<String> {
    let seqs = format!("SELECT seq FROM own.room_log WHERE room_id = '{room}' ORDER BY seq");
    server.database.select(&server.database.own(&seqs)).await
}

on_both! {
    async fn entries_older_than_the_retention_are_deleted_after_the_start(server: TestServer) {
        let (mut alice, _bob) = server.meet().await;
        for content in ["one", "two", "three", "four", "five"] {
            alice.say("general", content).await;
        }
        for (seqs, time) in [("1, 2, 3", 25 * HOUR), ("4", 23 * HOUR)] {
            let age = format!("UPDATE own.room_log SET at = '{}' WHERE seq IN ({seqs})", ago(time));
            server.database.execute(&server.database.own(&age)).await;
        }

        let server = TestServer::start_with(server.stop().await, &["--log-retention", "1"]).await;

        until("the old entries are forgotten", async || {
            let entries = entries(&server, "general").await;
            assert!(entries.ends_with(&["4".to_owned(), "5".to_owned()]), "{entries:?}");
            (entries.len() == 2).then_some(())
        })
        .await;
        assert_eq!(server.database.select(r#"SELECT count(*) FROM "Message""#).await, ["5"]);
    }
}

on_both! {
    async fn any_number_of_old_entries_and_rooms_is_deleted(server: TestServer) {
        server.make_room("long", RoomType::Public, &["alice"]).await;
        let (old, young) = (ago(2 * HOUR), ago(Duration::ZERO));
        // More entries than one statement deletes, in more rooms than one query lists.
        let postgres = server.database.backend == Backend::Postgres;
        let time = |text: &str| if postgres { format!("TIMESTAMP '{text}'") } else { format!("'{text}'") };
        let (old, young) = (time(&old), time(&young));
        let log = |count: i64, row: &str| {
            format!(
                "INSERT INTO own.room_log (room_id, seq, kind, message_id, actor_id, at)
                 WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) SELECT {row} FROM n"
            )
        };
        let at = format!("CASE WHEN n < 2501 THEN {old} ELSE {young} END");
        for seed in [
            log(2_501, &format!("'long', n, 'new', 'm', 'alice', {at}")),
            log(250, &format!("'room ' || n, 1, 'new', 'm', 'alice', {old}")),
            "INSERT INTO own.room_head (room_id, seq, at)
             SELECT room_id, max(seq), max(at) FROM own.room_log GROUP BY room_id"
                .to_owned(),
        ] {
            server.database.execute(&server.database.own(&seed)).await;
        }

        let before = Timestamp::from_millis(clock::now().millis() - HOUR.as_millis() as i64);
        let forgotten = room_log::forget_before(&server.db, before).await.unwrap();

        assert_eq!(forgotten, 2_500 + 250);
        assert_eq!(entries(&server, "long").await, ["2501"]);
        let left = server.database.own("SELECT count(*) FROM own.room_log");
        assert_eq!(server.database.select(&left).await, ["1"]);
    }
}
