//! `chatoxide check` on the types of messages that `MESSAGE_TYPES` adds, and on SQLite files of Prisma.

use serde_json::json;

use super::{
    check::{USUAL, check, one_line_each},
    program::run,
};
use crate::support::{
    Backend, TestDatabase, TestServer,
    prisma::{PRISMA_6, prisma_sqlite_tables, prisma_tables},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_type_of_the_settings_that_the_database_lacks_is_named_with_its_mend() {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    let line = [&USUAL[..], &[&database.url, "--message-types", "file,it's"]].concat();
    let (code, found, _) = run(database.folder.path(), &line).await;
    let told =
        r#"MESSAGE_TYPES has it's, which the enum "MessageType" lacks: the server does not start; mend: "#;
    let found = one_line_each(&found).join("\n");
    assert!(code == 1 && found.matches("FAULT").count() == 1 && found.contains(told), "{found}");
    let mend = found.split("; mend: ").nth(1).unwrap().lines().next().unwrap();
    database.execute(mend).await;
    let (code, found, _) = run(database.folder.path(), &line).await;
    assert_eq!(code, 0, "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_file_that_refuses_a_type_of_the_settings_is_named_with_its_mend() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let check =
        r#""type" TEXT NOT NULL DEFAULT 'text' CHECK ("type" IN ('text', 'image', 'file', 'system'))"#;
    let tables = prisma_sqlite_tables("0", "1").replace(r#""type" TEXT NOT NULL DEFAULT 'text'"#, check);
    database.execute(&tables).await;
    let line = [&USUAL[..], &[&database.url, "--message-types", "video"]].concat();
    let (code, found, _) = run(database.folder.path(), &line).await;
    assert!(code == 1 && found.contains("MESSAGE_TYPES has video, which a CHECK"), "{found}");
    let mend = found.split("mend: with the server stopped, ").nth(1).unwrap().lines().next().unwrap();
    database.execute(mend).await;
    let server = TestServer::start_with(database, &["--message-types", "video"]).await;
    let mut alice = server.connect_in("alice", "old").await;
    let sent = alice.ask("message:send", json!({"roomId": "old", "content": "", "type": "video"})).await;
    assert_eq!(sent["success"], true, "{sent}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_ids_are_numbers_is_refused_and_left_as_it_is() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let tables = prisma_sqlite_tables("0", "1")
        .replace(r#""id" TEXT NOT NULL PRIMARY KEY"#, r#""id" INTEGER PRIMARY KEY"#);
    let tables = tables.split("INSERT").next().unwrap();
    database.execute(tables).await;
    let (code, found) = check(&database, &database.url).await;
    assert!(code == 1 && found[0].contains("ids that are numbers"), "{found:?}");
    let (code, ..) =
        run(database.folder.path(), &["migrate", "--jwt-secret", "x", "--database-url", &database.url]).await;
    assert_eq!(code, 1);
    assert_eq!(
        database.select("SELECT count(*) FROM sqlite_master WHERE name LIKE 'chatoxide%'").await,
        ["0"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_beside_the_schema_of_prisma_is_used_and_named() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    database.execute(&prisma_sqlite_tables("0", "1")).await;
    let folder = database.folder.path();
    std::fs::create_dir(folder.join("prisma")).unwrap();
    std::fs::write(folder.join("prisma/schema.prisma"), "").unwrap();
    std::fs::rename(folder.join("chat.db"), folder.join("prisma/dev.db")).unwrap();
    let (code, found) = check(&database, "file:./dev.db").await;
    assert_eq!((code, found.len()), (0, 2), "{found:?}");
    assert!(
        found[0].ends_with("the file prisma/dev.db, beside prisma/schema.prisma, as Prisma reads it"),
        "{found:?}"
    );
    assert!(
        found[1].contains("sqlite://prisma/dev.db") && found[1].contains("tables as expected"),
        "{found:?}"
    );
}
