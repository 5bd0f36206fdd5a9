//! A start while other sessions hold locks in the database: it needs no table lock, and waits for no other lock for ever.

use chatoxide::db::{Db, catalog::Catalog, migrations};

use super::locks::Writing;
use crate::support::{
    Backend, TestDatabase, TestServer,
    database::connect,
    prisma::{PRISMA_6, prisma_tables},
    server::config,
    soon,
};

/// Starts on it, as far as the database goes; an error is what the operator reads.
async fn start(database: &TestDatabase, timeout: &str) -> Result<(), String> {
    let config = config(&database.url, database.folder.path(), &["--database-timeout", timeout]);
    let db = Db::open(&config).unwrap();
    let started = soon("the start ends", migrations::run(&db, &config, false)).await;
    started.map(drop).map_err(|error| error.cause())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_does_not_wait_for_locked_tables() {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    // PostgreSQL finds out only with a lock what a view takes. This one is none of ours.
    database.execute(r#"CREATE VIEW report AS SELECT "id" FROM "Message""#).await;
    let lock = r#"LOCK TABLE report, "User", "Room", "Message", "Reaction", "_RoomMembers" IN ACCESS EXCLUSIVE MODE"#;
    let migration = database.hold(lock).await;
    // The first makes chatoxide's own tables.
    for _ in 0..2 {
        start(&database, "60000").await.unwrap();
        let config = config(&database.url, database.folder.path(), &["--database-timeout", "60000"]);
        let catalog = soon("check", Catalog::read(&Db::open(&config).unwrap(), &config)).await.unwrap();
        assert!(catalog.findings.is_empty(), "{:?}", catalog.findings);
    }
    migration.release().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_times_out_names_the_session_that_blocks_it() {
    let database = TestServer::start(Backend::Postgres).await.stop().await;
    let table_as_view =
        r#"ALTER TABLE "Message" RENAME TO messages; CREATE VIEW "Message" AS SELECT * FROM messages"#;
    for (prepare, lock, expected) in [
        ("", "SELECT pg_advisory_xact_lock(7163540178)", "the turn to migrate is held by"),
        ("", "LOCK TABLE chatoxide.room_log IN ACCESS EXCLUSIVE MODE", r#"table "room_log" is locked by"#),
        (
            table_as_view,
            r#"LOCK TABLE "Message" IN ACCESS EXCLUSIVE MODE"#,
            r#"table "Message" is locked by"#,
        ),
    ] {
        database.execute(prepare).await;
        let other = connect(&database.url).await;
        other.batch_execute(&format!("SET application_name = 'night job'; BEGIN; {lock}")).await.unwrap();
        let pid: i32 = other.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
        // Time to open a connection, also on a machine that is busy.
        let why = start(&database, "1500").await.unwrap_err();
        let who = format!("{expected} the session of process {pid} (night job, idle in transaction, for ");
        assert!(why.contains(&who), "{who} in: {why}");
        other.batch_execute("ROLLBACK").await.unwrap();
        start(&database, "60000").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_file_that_somebody_writes_to_says_so() {
    let database = TestServer::start(Backend::Sqlite).await.stop().await;
    let other = Writing::begin(&database);
    let why = start(&database, "1000").await.unwrap_err();
    assert!(why.contains("another program writes to the file"), "{why}");
    other.end();
    start(&database, "60000").await.unwrap();
}
