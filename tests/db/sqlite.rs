//! The settings of SQLite's connections: acked changes survive a power cut, and foreign keys are checked.

use chatoxide::db::Db;
use diesel::{QueryableByName, sql_types::Integer};
use diesel_async::RunQueryDsl;

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
