//! `chatoxide migrate --watch` and `--unwatch`: what they add to a team's database and remove from it.

use std::process::Command;

use chatoxide::db::{facts, watch};

use crate::{
    commands::program::run,
    support::{Backend, TestDatabase, TestServer, required, until},
};

/// The schema as pg_dump writes it, but for the table of applied migrations, whose rows are not dumped.
fn dump(database: &TestDatabase) -> String {
    let output = Command::new(format!("{}/pg_dump", required("TEST_PG_BIN")))
        .args(["--schema-only", &database.url])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // Newer releases write a random word at both ends.
    text.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict")).collect()
}

async fn migrate(database: &TestDatabase, url: &str, flag: &str) -> (i32, String) {
    let settings =
        ["migrate", flag, "--jwt-secret", "a secret of more than thirty-two bytes", "--database-url"];
    let (code, printed, error) = run(database.folder.path(), &[&settings[..], &[url]].concat()).await;
    (code, format!("{printed}{error}"))
}

async fn migrated() -> TestDatabase {
    TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &[]).await.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_is_added_once_and_removed_without_a_trace() {
    let database = migrated().await;
    let before = dump(&database);
    let (code, printed) = migrate(&database, &database.url, "--watch").await;
    assert!(
        code == 0 && printed.contains("watched from now on") && printed.contains("--unwatch"),
        "{printed}"
    );
    let watched = dump(&database);
    assert_ne!(watched, before);
    let (code, printed) = migrate(&database, &database.url, "--watch").await;
    assert!(code == 0 && printed.contains("is watched already"), "{printed}");
    assert_eq!(dump(&database), watched);
    let (code, printed) = migrate(&database, &database.url, "--unwatch").await;
    assert!(code == 0 && printed.contains("no longer watched"), "{printed}");
    assert_eq!(dump(&database), before);
    let (code, printed) = migrate(&database, &database.url, "--unwatch").await;
    assert!(code == 0 && printed.contains("was not watched"), "{printed}");
    assert_eq!(dump(&database), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_whether_the_database_is_watched_and_by_which_version() {
    let database = migrated().await;
    let check = async || {
        let settings = ["check", "--jwt-secret", "a secret of more than thirty-two bytes", "--database-url"];
        let (code, found, _) = run(database.folder.path(), &[&settings[..], &[&database.url]].concat()).await;
        assert_eq!(code, 0, "{found}");
        let found = found.replace("\n       mend: ", "; mend: ");
        found.lines().filter(|line| line.contains("database: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let found = check().await;
    assert!(found.len() == 1 && found[0].contains(", not watched, tables as expected"), "{found:?}");
    migrate(&database, &database.url, "--watch").await;
    let found = check().await;
    assert!(found.len() == 1 && found[0].contains(", watched, tables as expected"), "{found:?}");

    // Another version's functions, and a trigger that a restored table lacks.
    for change in [
        "COMMENT ON FUNCTION chatoxide.watch_log(BIGINT[]) IS 'older'",
        r#"DROP TRIGGER chatoxide_watch ON "Reaction""#,
        // Functions that others call, without which the commits of other programs fail.
        "DROP FUNCTION chatoxide.watch_tell",
        "DROP FUNCTION chatoxide.watch_send",
        "DROP FUNCTION chatoxide.watch_note",
        "DROP TABLE chatoxide.watch_change",
        r#"ALTER TABLE "Message" ALTER "updatedAt" SET DEFAULT now(); UPDATE "Message" SET "updatedAt" = now();
            ALTER TABLE "Message" ALTER "updatedAt" SET NOT NULL"#,
    ] {
        database.execute(change).await;
        let found = check().await;
        assert!(
            found.iter().any(|line| line.contains("mend: chatoxide migrate --watch")),
            "{change}: {found:?}"
        );
        let (code, printed) = migrate(&database, &database.url, "--watch").await;
        assert!(code == 0 && printed.contains("watched from now on"), "{change}: {printed}");
        let found = check().await;
        assert!(!found.iter().any(|line| line.contains("--watch")), "{change}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_is_refused_where_it_is_not_possible() {
    let sqlite = TestDatabase::create(Backend::Sqlite).await;
    let (code, printed) = migrate(&sqlite, &sqlite.url, "--watch").await;
    assert!(code == 1 && printed.contains("only PostgreSQL can"), "{printed}");

    let database = migrated().await;
    let before = dump(&database);
    let (code, printed) = migrate(&database, &format!("{}?pgbouncer=true", database.url), "--watch").await;
    assert!(code == 2 && printed.contains("without PgBouncer"), "{printed}");

    // A role that may do all but own the tables. Roles are of all databases, so its name is this database's.
    let role = format!("role_{}", database.url.rsplit_once('/').unwrap().1);
    let grants = format!(
        r#"CREATE ROLE {role} LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public, chatoxide TO {role};
        GRANT ALL ON SCHEMA public, chatoxide TO {role}"#
    );
    database.execute(&grants).await;
    let granted = dump(&database);
    let url = database.url.replace("postgres@", &format!("{role}@"));
    let (code, printed) = migrate(&database, &url, "--watch").await;
    assert!(
        code == 1 && printed.contains("belongs to the role") && printed.contains("DATABASE_URL"),
        "{printed}"
    );
    assert_eq!(dump(&database), granted);

    // The owner needs no more than the tables and chatoxide's schema.
    database
        .execute(&format!(
            r#"ALTER TABLE "Message" OWNER TO {role}; ALTER TABLE "Reaction" OWNER TO {role};
            ALTER TABLE "Room" OWNER TO {role}; ALTER TABLE "User" OWNER TO {role};
            ALTER TABLE "_RoomMembers" OWNER TO {role}"#
        ))
        .await;
    let (code, printed) = migrate(&database, &url, "--watch").await;
    assert!(code == 0 && printed.contains("watched from now on"), "{printed}");
    let (code, printed) = migrate(&database, &url, "--unwatch").await;
    assert!(code == 0, "{printed}");
    database
        .execute(&format!("REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}"))
        .await;
    assert_eq!(dump(&database), before);

    database
        .execute(r#"ALTER TABLE "Reaction" RENAME TO reactions; CREATE VIEW "Reaction" AS SELECT * FROM reactions"#)
        .await;
    let (code, printed) = migrate(&database, &database.url, "--watch").await;
    assert!(code == 1 && printed.contains(r#""Reaction" is a view"#), "{printed}");
}

/// A transaction of a program that uses the tables outlasts an attempt: adding triggers waits, and lets others in.
#[tokio::test(flavor = "multi_thread")]
async fn watching_waits_for_transactions_under_way() {
    let database = migrated().await;
    let hold = database.hold(r#"INSERT INTO "Room" VALUES ('r', 'R', 'public', now())"#).await;
    let (code, printed) = tokio::join!(migrate(&database, &database.url, "--watch"), async {
        database.waits_for_a_lock("watch_change", 1).await;
        hold.release().await;
    })
    .0;
    assert!(code == 0 && printed.contains("watched from now on"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_left_is_logged_before_watching_ends() {
    let database = migrated().await;
    let server = TestServer::start_with(database, &[]).await;
    let (mut alice, _bob) = server.meet().await;
    alice.say("general", "one").await;
    let database = server.stop().await;
    migrate(&database, &database.url, "--watch").await;
    let hold = database.hold("SELECT FROM chatoxide.room_head FOR UPDATE").await;
    database.execute(r#"UPDATE "Message" SET "content" = 'ONE'"#).await;
    let left = "SELECT count(*) FROM chatoxide.watch_change";
    assert_eq!(database.select(left).await, ["1"]);
    hold.release().await;
    migrate(&database, &database.url, "--unwatch").await;
    let log = "SELECT string_agg(kind, ' ' ORDER BY seq) FROM chatoxide.room_log";
    assert_eq!(database.select(log).await, ["new edit"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_facts_tell_whether_the_database_is_watched_and_leave_its_triggers_out() {
    let server = TestServer::start_with(migrated().await, &[]).await;
    assert!(!server.db.facts().is_watched());
    let (code, printed) = migrate(&server.database, &server.database.url, "--watch").await;
    assert_eq!(code, 0, "{printed}");
    facts::refresh(&server.db).await.unwrap();
    assert!(server.db.facts().is_watched());
    assert!(!server.db.facts().has_triggers() && !server.db.facts().changes_messages());
    watch::remove(&server.db).await.unwrap();
    assert!(!server.db.facts().is_watched());
}

/// A team's migrations, and roles that know nothing of schema chatoxide.
#[tokio::test(flavor = "multi_thread")]
async fn a_watched_table_can_be_altered_and_written_to_by_any_role_that_may() {
    let server = TestServer::start_with(migrated().await, &[]).await;
    server.meet().await;
    let database = server.stop().await;
    migrate(&database, &database.url, "--watch").await;
    let role = format!("role_{}", database.url.rsplit_once('/').unwrap().1);
    database
        .execute(&format!(
            r#"ALTER TABLE "Message" ALTER "content" TYPE VARCHAR(9000), ALTER "metadata" TYPE JSON, DROP "updatedAt";
            CREATE ROLE {role}; GRANT ALL ON "Message" TO {role}; SET ROLE {role};
            INSERT INTO "Message" ("id", "roomId", "senderId", "content") VALUES ('m', 'general', 'bob', 'x');
            UPDATE "Message" SET "metadata" = '{{"a": "\\u0000"}}'; DELETE FROM "Message" WHERE "id" = 'none';
            RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}"#
        ))
        .await;
    // A column is gone that the log needs: the changes wait for what the log can be told of.
    let count = "SELECT count(*) FROM chatoxide.watch_change";
    assert_eq!(database.select(count).await, ["2"]);
    database.execute(r#"ALTER TABLE "Message" ADD "updatedAt" TIMESTAMP(3)"#).await;
    let server = TestServer::start_with(database, &[]).await;
    until("what was left is logged", async || (server.database.select(count).await == ["0"]).then_some(()))
        .await;
    let log = "SELECT string_agg(kind, ' ' ORDER BY seq) FROM chatoxide.room_log";
    assert_eq!(server.database.select(log).await, ["new"]);
    // The triggers go with their functions.
    let database = server.stop().await;
    database.execute(r#"DROP SCHEMA chatoxide CASCADE; DELETE FROM "Message""#).await;
}
