//! `chatoxide check`: true in both directions, and it changes nothing.

use chatoxide::chat::room::RoomType;

use super::program::run;
use crate::support::{
    Backend, TestDatabase, TestServer,
    prisma::{PRISMA_5, PRISMA_5_INDEX, PRISMA_6, prisma_tables},
};

const USUAL: [&str; 4] =
    ["check", "--jwt-secret", "a secret of more than thirty-two bytes", "--database-url"];

/// The exit code and what was printed of the database.
async fn check(database: &TestDatabase, url: &str) -> (i32, Vec<String>) {
    let (code, found, _) = run(database.folder.path(), &[&USUAL[..], &[url]].concat()).await;
    (code, found.lines().filter(|line| line.contains("database: ")).map(str::to_owned).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tells_what_it_found() {
    let server = TestServer::start(Backend::Postgres).await;
    server.make_room("general", RoomType::Public, &[]).await;
    let (code, found) = check(&server.database, &server.database.url).await;
    assert_eq!((code, found.len()), (0, 1), "{found:?}");
    assert!(found[0].starts_with("ok ") && found[0].ends_with("tables as expected"), "{found:?}");

    let nobody = "postgresql://u:secret@127.0.0.1:1/x";
    let more = [&USUAL[..], &[nobody, "--redis-url", "redis://127.0.0.1:1"]].concat();
    let (code, found, _) = run(server.database.folder.path(), &more).await;
    assert_eq!((code, found.matches("FAULT").count()), (1, 2), "{found}");
    assert!(!found.contains("secret"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_serves_is_ok_before_it_was_ever_served() {
    for (join_key, more) in [(PRISMA_6, ""), (PRISMA_5, PRISMA_5_INDEX)] {
        let database = TestDatabase::create(Backend::Postgres).await;
        let (code, found) = check(&database, &database.url).await;
        assert_eq!((code, found.len()), (0, 1), "{found:?}");
        assert!(found[0].contains("no tables yet"), "{found:?}");

        database.execute(&prisma_tables(join_key)).await;
        database.execute(more).await;
        let (code, found) = check(&database, &database.url).await;
        assert_eq!((code, found.len()), (0, 1), "{found:?}");
        assert!(found[0].contains("tables as expected; the server makes its own"), "{found:?}");
        assert_eq!(
            database.select("SELECT count(*) FROM pg_namespace WHERE nspname = 'chatoxide'").await,
            ["0"]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_there_is_ok_and_not_made() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let (code, found) = check(&database, &database.url).await;
    assert_eq!((code, found.len()), (0, 1), "{found:?}");
    assert!(found[0].contains("not there yet"), "{found:?}");
    assert!(!database.folder.path().join("chat.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_that_will_fail_is_named() {
    for (change, expected) in [
        (
            r#"TRUNCATE "User" CASCADE; ALTER TABLE "User" ADD "password" TEXT NOT NULL"#,
            &["FAULT", r#""password" of "User""#, "nobody can sign in"][..],
        ),
        (
            r#"UPDATE "Message" SET "updatedAt" = now(); ALTER TABLE "Message" ALTER "updatedAt" SET NOT NULL"#,
            &["FAULT", r#""updatedAt" of "Message""#],
        ),
        (r#"ALTER TABLE "Room" RENAME TO "Channel""#, &["FAULT", r#"no table "Room""#]),
        (
            r#"ALTER TABLE "Message" ALTER "content" DROP NOT NULL; UPDATE "Message" SET "content" = NULL"#,
            &["FAULT", r#"whose "content" is NULL"#],
        ),
        (
            r#"ALTER TYPE "MessageType" ADD VALUE 'poll'; UPDATE "Message" SET "type" = 'poll'"#,
            &["FAULT", r#""Message" has rows of a type"#],
        ),
        (
            r#"ALTER TABLE "User" DROP "email" CASCADE; ALTER TABLE "User" ADD "email" TEXT NOT NULL GENERATED ALWAYS AS ("id" || '@x') STORED"#,
            &["FAULT", r#""email" of "User" is generated"#],
        ),
        (r#"ALTER TYPE "RoomType" RENAME VALUE 'direct' TO 'DIRECT'"#, &["FAULT", "no label direct"]),
        (
            r#"ALTER TABLE "User" RENAME TO people; CREATE VIEW "User" AS SELECT DISTINCT * FROM people"#,
            &["FAULT", r#""User" takes no INSERT"#],
        ),
    ] {
        let database = TestDatabase::create(Backend::Postgres).await;
        database.execute(&prisma_tables(PRISMA_6)).await;
        for statement in change.split("; ") {
            database.execute(statement).await;
        }
        let (code, found) = check(&database, &database.url).await;
        let told = found.iter().any(|line| expected.iter().all(|text| line.contains(text)));
        assert!(code == 1 && told, "{change}: {found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_served_and_cannot_be_any_more_is_not_ok() {
    let role = format!("role_{}", uuid::Uuid::new_v4().simple());
    let server = TestServer::start(Backend::Postgres).await;
    let database = server.stop().await;
    database.execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'x'")).await;
    let (_, place) = database.url.rsplit_once('@').unwrap_or_else(|| database.url.split_once("//").unwrap());
    let url = format!("postgresql://{role}:x@{place}");
    database.execute(&format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")).await;
    // The statements that an administrator is told to run are enough.
    for expected in ["GRANT USAGE ON SCHEMA \"chatoxide\"", "ok "] {
        let (_, found) = check(&database, &url).await;
        let found = found.join("\n");
        assert!(found.contains(expected), "{expected} in: {found}");
        if let Some((_, statements)) = found.split_once("has to run: ") {
            assert!(found.contains("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES"), "{found}");
            assert!(!found.contains("GRANT CREATE"), "no more than is needed: {found}");
            database.execute(statements).await;
        }
    }
    database.execute(&format!("ALTER ROLE {role} SET default_transaction_read_only = on")).await;
    let (code, found) = check(&database, &url).await;
    assert!(code == 1 && found[0].contains("read-only"), "{found:?}");
    database.execute("DROP TABLE chatoxide.room_log").await;
    let (code, found) = check(&database, &database.url).await;
    assert!(code == 1 && found[0].contains("room_log"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_be_otherwise_and_is_not_is_ok() {
    let change = r#"ALTER TABLE "User" ADD "password" TEXT; ALTER TABLE "User" ADD "age" INT NOT NULL DEFAULT 0;
        ALTER TABLE "Message" ALTER "content" DROP NOT NULL; ALTER TYPE "MessageType" ADD VALUE 'poll';
        ALTER TABLE "Message" ALTER "content" TYPE VARCHAR(4000); ALTER TABLE "Message" ALTER "createdAt" TYPE TIMESTAMPTZ"#;
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    for statement in change.split(';') {
        database.execute(statement).await;
    }
    let (code, found) = check(&database, &database.url).await;
    assert_eq!((code, found.len()), (0, 1), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_not_granted_is_named() {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    let role = format!("role_{}", uuid::Uuid::new_v4().simple());
    let name = database.url.rsplit_once('/').unwrap().1;
    database
        .execute(&format!(
            r#"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT CREATE ON DATABASE {name} TO {role};
            GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}; ALTER TABLE "Room" ENABLE ROW LEVEL SECURITY"#
        ))
        .await;
    let (_, place) = database.url.rsplit_once('@').unwrap_or_else(|| database.url.split_once("//").unwrap());
    let (code, found) = check(&database, &format!("postgresql://{role}:x@{place}")).await;
    let found = found.join("\n");
    assert_eq!(code, 1, "{found}");
    for text in [
        r#"no right to INSERT into "User""#,
        r#"no right to UPDATE "Message": no message can be edited or deleted, and none be reacted to"#,
        r#"no right to DELETE from "Reaction""#,
        r#"row-level security is active on "Room""#,
    ] {
        assert!(found.contains(text), "{text} in: {found}");
    }
    assert!(!found.contains("SELECT"), "{found}");
}
