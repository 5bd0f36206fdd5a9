//! The settings of SQLite's connections: acked changes survive a power cut, and foreign keys are checked. The rebuilding
//! of its log.

use chatoxide::db::Db;
use diesel::{QueryableByName, sql_types::Integer};

use crate::support::{Backend, TestServer};

#[derive(QueryableByName)]
struct Settings {
    #[diesel(sql_type = Integer)]
    synchronous: i32,
    #[diesel(sql_type = Integer)]
    foreign_keys: i32,
}

const SETTINGS: &str =
    "SELECT s.synchronous, f.foreign_keys FROM pragma_synchronous s, pragma_foreign_keys f";

/// SQLite's number for `PRAGMA synchronous = FULL`.
const FULL: i32 = 2;

#[tokio::test(flavor = "multi_thread")]
async fn each_connection_waits_for_the_disk_and_checks_foreign_keys() {
    // This trait would hide `TestDatabase::execute` in the other test.
    use diesel_async::RunQueryDsl;

    let server = TestServer::start(Backend::Sqlite).await;
    let Db::Lite { readers, writer, .. } = &server.db else { panic!("this is SQLite") };
    // Held all at once, so that each is another.
    let mut connections = vec![writer.get().await.unwrap()];
    for _ in 0..readers.max_size() {
        connections.push(readers.get().await.unwrap());
    }
    for connection in &mut connections {
        let settings: Settings = diesel::sql_query(SETTINGS).get_result(&mut **connection).await.unwrap();
        assert_eq!((settings.synchronous, settings.foreign_keys), (FULL, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_kept_when_it_is_rebuilt_for_new_kinds_even_beside_a_broken_view() {
    let server = TestServer::start(Backend::Sqlite).await;
    let (mut alice, bob) = server.meet().await;
    alice.say("general", "before").await;
    let log = server.database.own("SELECT * FROM own.room_log");
    let rows = server.database.select(&log).await;
    drop((alice, bob));
    let database = server.stop().await;
    let down = include_str!("../../migrations/sqlite/2026-11-30-000005_room_log_kind/down.sql");
    // The program sqlite3 takes a text that begins with a dash for an option.
    database.execute(&format!("\n{down}")).await;
    let add = "INSERT INTO chatoxide_room_log (room_id, seq, kind, message_id, actor_id, at)
               SELECT room_id, seq + 1, 'pin', message_id, actor_id, at FROM chatoxide_room_log";
    database
        .execute(
            "DELETE FROM __diesel_schema_migrations WHERE version = '20261130000005';
             CREATE VIEW broken AS SELECT * FROM missing;
             CREATE VIEW report AS SELECT kind FROM chatoxide_room_log ORDER BY seq",
        )
        .await;
    let server = TestServer::start_with(database, &[]).await;
    assert_eq!((rows.len(), server.database.select(&log).await), (1, rows));
    server.database.execute(add).await;
    assert_eq!(server.database.select("SELECT kind FROM report").await, ["new", "pin"]);
}
