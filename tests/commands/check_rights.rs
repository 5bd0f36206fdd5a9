//! `chatoxide check` on rights that the role of `DATABASE_URL` lacks.

use super::check::check;
use crate::support::{
    Backend, TestDatabase, TestServer,
    prisma::{PRISMA_6, prisma_tables},
};

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
        if let Some((_, statements)) = found.split_once("mend: ") {
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
    database.execute(&format!(r#"GRANT UPDATE ("content") ON "Message" TO {role}"#)).await;
    let (_, found) = check(&database, &format!("postgresql://{role}:x@{place}")).await;
    let told =
        found.iter().any(|line| line.contains(r#"UPDATE "Message": no message can be edited; mend: GRANT"#));
    assert!(told, "{found:?}");
}
