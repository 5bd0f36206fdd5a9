//! Databases whose columns differ from the original's are exported as the server reads them, and imported as it writes.

use serde_json::{Value, json};

use super::{ended, export, file_of, import, import_fails, program, rows, rows_of, small_chat};
use crate::support::{
    Backend, TestDatabase, TestServer,
    prisma::{PRISMA_6, prisma_sqlite_tables, prisma_tables},
    walk::{find, join},
};

/// A database as Prisma made it, which chatoxide never saw, with these changes.
async fn prisma(changes: &[&str]) -> TestDatabase {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    for change in changes {
        database.execute(change).await;
    }
    database
}

const NULLS: &str = r#"ALTER TABLE "Message" ALTER "metadata" DROP NOT NULL, ALTER "content" DROP NOT NULL;
    ALTER TABLE "Message" ALTER "type" DROP NOT NULL;
    ALTER TABLE "User" ALTER "name" DROP NOT NULL, ALTER "email" DROP NOT NULL;
    ALTER TABLE "Room" ALTER "name" DROP NOT NULL, ALTER "type" DROP NOT NULL;
    UPDATE "Message" SET "metadata" = NULL, "content" = NULL, "type" = NULL WHERE "id" = 'm1';
    UPDATE "User" SET "name" = NULL, "email" = NULL; UPDATE "Room" SET "name" = NULL, "type" = NULL"#;

#[tokio::test(flavor = "multi_thread")]
async fn nulls_are_exported_as_the_server_reads_them() {
    let database = prisma(&[NULLS]).await;
    let file = export(&database).await;
    assert_eq!(rows_of(&file, "user")[0]["name"], "alice");
    assert_eq!(rows_of(&file, "user")[0]["email"], "alice@users.invalid");
    assert_eq!(
        (&rows_of(&file, "room")[0]["name"], &rows_of(&file, "room")[0]["type"]),
        (&json!("old"), &json!("private"))
    );
    let first = &rows_of(&file, "message")[0];
    assert_eq!(
        (&first["content"], &first["type"], &first["metadata"], &first["createdAt"]),
        (&json!(""), &json!("text"), &json!({}), &json!(1_769_850_307_042_i64))
    );
    // The database is left as it was: it has no schema of ours.
    let schemas = "SELECT nspname FROM pg_namespace WHERE nspname = 'chatoxide'";
    assert!(database.select(schemas).await.is_empty());
    // The same rows are no conflict where they are NULL.
    let said = import(&database, &file).await;
    assert!(said.contains("imported") && said.contains("nothing; 6 were there already"), "{said}");
}

const CAPITALS: [&str; 3] = [
    r#"ALTER TYPE "RoomType" RENAME VALUE 'public' TO 'PUBLIC';
    ALTER TYPE "RoomType" RENAME VALUE 'private' TO 'PRIVATE';
    ALTER TYPE "MessageType" RENAME VALUE 'text' TO 'TEXT'; ALTER TYPE "MessageType" ADD VALUE 'Poll'"#,
    r#"ALTER TABLE "Message" ALTER "metadata" DROP DEFAULT, ALTER "metadata" TYPE JSON;
    UPDATE "Message" SET "updatedAt" = "createdAt" WHERE "updatedAt" IS NULL;
    ALTER TABLE "Message" ALTER "updatedAt" SET NOT NULL,
        ALTER "createdAt" TYPE TIMESTAMPTZ(3) USING "createdAt" AT TIME ZONE 'UTC';
    ALTER TABLE "User" ADD "updatedAt" TIMESTAMP(3) NOT NULL DEFAULT '2026-01-01';
    ALTER TABLE "User" ALTER "updatedAt" DROP DEFAULT"#,
    r#"UPDATE "Message" SET "type" = 'Poll', "metadata" = E'{"b": 1.50,\n "a": 12345678901234567890123}'
        WHERE "id" = 'm2'"#,
];

#[tokio::test(flavor = "multi_thread")]
async fn labels_json_and_required_times_move_to_sqlite_and_back() {
    let database = prisma(&CAPITALS).await;
    let file = export(&database).await;
    assert!(file.contains(r#""type":"Poll","metadata":{"b":1.50,"a":12345678901234567890123},"#), "{file}");
    assert_eq!(rows_of(&file, "message")[0]["type"], "text");
    assert_eq!(rows_of(&file, "message")[0]["updatedAt"], Value::Null);
    let there = TestDatabase::create(Backend::Sqlite).await;
    import(&there, &file).await;
    assert_eq!(rows(&export(&there).await), rows(&file));

    // Back into tables like those, which are empty.
    let back = prisma(&CAPITALS[..2]).await;
    back.execute(r#"TRUNCATE "User", "Room", "Message", "Reaction", "_RoomMembers""#).await;
    let again = export(&there).await;
    import(&back, &again).await;
    assert_eq!(rows(&export(&back).await), rows(&again));
    let said = import(&back, &again).await;
    assert!(said.contains("nothing; "), "{said}");
    assert_eq!(back.select(r#"SELECT "type" FROM "Message" WHERE "id" = 'm1'"#).await, ["TEXT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_prisma_on_sqlite_is_exported_unchanged_and_filled_in_its_own_format() {
    for (at, later, stored) in [
        ("1769850307042", "1769850308000", "1769850307042"),
        (
            "'2026-01-31T09:05:07.042+00:00'",
            "'2026-01-31T09:05:08.000+00:00'",
            "2026-01-31T09:05:07.042+00:00",
        ),
    ] {
        let database = TestDatabase::create(Backend::Sqlite).await;
        database.execute(&prisma_sqlite_tables(at, later)).await;
        let path = database.folder.path().join("chat.db");
        let before = std::fs::read(&path).unwrap();
        let file = export(&database).await;
        assert_eq!(std::fs::read(&path).unwrap(), before, "the export has changed the file");
        assert_eq!(rows_of(&file, "message")[0]["createdAt"], 1_769_850_307_042_i64);
        assert_eq!(rows_of(&file, "message")[1]["createdAt"], 1_769_850_308_000_i64);

        let there = TestDatabase::create(Backend::Sqlite).await;
        there.execute(&prisma_sqlite_tables(at, later)).await;
        there.execute(r#"DELETE FROM "Reaction"; DELETE FROM "Message""#).await;
        import(&there, &file).await;
        assert_eq!(rows(&export(&there).await), rows(&file));
        assert_eq!(there.select(r#"SELECT "createdAt" FROM "Message" WHERE "id" = 'm1'"#).await, [stored]);
        let kind = r#"SELECT DISTINCT typeof("createdAt") FROM "Message""#;
        assert_eq!(there.select(kind).await, [if stored.contains('T') { "text" } else { "integer" }]);
        let server = TestServer::start_with(there, &[]).await;
        let (_alice, history) = join(&server, "alice", "old").await;
        assert_eq!(find(&history, &"m1".into())["createdAt"], "2026-01-31T09:05:07.042Z");
    }
}

const UUIDS: [(&str, &str); 4] = [
    ("alice", "019a3f2e-7c1b-7000-8000-000000000001"),
    ("old", "019a3f2e-7c1b-7000-8000-000000000002"),
    ("m1", "019a3f2e-7c1b-7000-8000-000000000003"),
    ("m2", "019a3f2e-7c1b-7000-8000-000000000004"),
];

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_the_same_in_the_order_and_spelling_of_the_database() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let metadata = r#"{"zz":1e2,"a":0,"a":[1.0,{"y":0,"x":1}]}"#;
    let rows: Vec<String> = small_chat().iter().map(|row| row.replace(r#"{"n":1}"#, metadata)).collect();
    let file = file_of(&rows);
    import(&database, &file).await;
    let said = import(&database, &file).await;
    assert!(said.contains("nothing; "), "{said}");
    assert!(export(&database).await.contains(r#""metadata":{"a":[1.0,{"x":1,"y":0}],"zz":100}"#));
}

/// The tables of Prisma with ids that are UUIDs, but those of reactions.
async fn with_uuids() -> TestDatabase {
    let mut tables = prisma_tables(PRISMA_6);
    for (id, uuid) in UUIDS {
        tables = tables.replace(&format!("'{id}'"), &format!("'{uuid}'"));
    }
    for column in ["id", "roomId", "senderId", "replyTo", "messageId", "userId", "A", "B"] {
        tables = tables.replace(&format!("\"{column}\" TEXT"), &format!("\"{column}\" UUID"));
    }
    let tables = tables.replace(r#""Reaction" ("id" UUID"#, r#""Reaction" ("id" TEXT"#);
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&tables).await;
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_uuids_move_and_others_are_refused_where_they_are() {
    let database = with_uuids().await;
    // A log of its own, whose columns are texts.
    let server = TestServer::start_with(database, &[]).await;
    let [(_, alice_id), (_, old), ..] = UUIDS;
    let (mut alice, _) = join(&server, alice_id, old).await;
    alice.say(old, "new").await;
    let database = server.stop().await;
    let file = export(&database).await;
    assert_eq!((rows_of(&file, "message").len(), rows_of(&file, "entry").len()), (3, 1));
    let there = TestDatabase::create(Backend::Sqlite).await;
    import(&there, &file).await;
    assert_eq!(rows(&export(&there).await), rows(&file));
    let back = with_uuids().await;
    back.execute(r#"TRUNCATE "User", "Room", "Message", "Reaction", "_RoomMembers""#).await;
    import(&back, &file).await;
    assert_eq!(rows(&export(&back).await), rows(&file));
    let error = import_fails(&back, file_of(&small_chat()).as_bytes()).await;
    assert!(error.contains("line 2: id is no UUID, as the ids of the database are"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_no_client_sees_are_left_out_and_counted() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    import(&database, &file_of(&small_chat())).await;
    // Without foreign keys, as the tool that runs it does not check them.
    database.execute(r#"DELETE FROM "User" WHERE "id" = 'bob'"#).await;
    let (code, file, said) = ended(program(&database, &["export"]), b"").await;
    assert_eq!(code, 0, "{said}");
    for part in ["1 members", "1 messages", "1 reactions", "1 read marks"] {
        assert!(said.lines().next().unwrap().contains(part), "{part}: {said}");
    }
    let there = TestDatabase::create(Backend::Postgres).await;
    import(&there, &file).await;
    assert_eq!(rows(&export(&there).await), rows(&file));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_or_a_length_that_the_database_lacks_is_named() {
    let database =
        prisma(&[r#"UPDATE "User" SET "name" = 'A'; ALTER TABLE "User" ALTER "name" TYPE VARCHAR(3)"#]).await;
    let video =
        file_of(&small_chat()).replace("\"second\",\"type\":\"text\"", "\"second\",\"type\":\"video\"");
    let rows: Vec<&str> = rows(&video);
    let rows = &rows[..rows.len() - 1];
    let error = import_fails(&database, file_of(rows).as_bytes()).await;
    assert!(
        error.contains("line 2: ") && error.contains("column \"name\" of \"User\" takes 3 characters"),
        "{error}"
    );
    let database = prisma(&[r#"ALTER TABLE "User" ADD "password" TEXT NOT NULL DEFAULT '';
        ALTER TABLE "User" ALTER "password" DROP DEFAULT"#])
    .await;
    let error = import_fails(&database, file_of(rows).as_bytes()).await;
    assert!(error.contains("line 3: null value in column \"password\""), "{error}");
    let database = prisma(&[]).await;
    let error = import_fails(&database, file_of(rows).as_bytes()).await;
    assert!(error.contains("line 8: the database's \"MessageType\" has no label \"video\""), "{error}");
}
