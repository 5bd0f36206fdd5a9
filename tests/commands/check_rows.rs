//! `chatoxide check` on what only keys and rows show: foreign keys, missing keys, and rows that the server cannot show or take.

use serde_json::json;

use super::{
    check::{USUAL, check, one_line_each},
    program::run,
};
use crate::support::{
    Backend, TestDatabase, TestServer,
    prisma::{PRISMA_6, prisma_sqlite_tables, prisma_tables},
};

const BOTH: [Backend; 2] = [Backend::Postgres, Backend::Sqlite];

async fn create(backend: Backend) -> TestDatabase {
    let database = TestDatabase::create(backend).await;
    match backend {
        Backend::Postgres => database.execute(&prisma_tables(PRISMA_6)).await,
        Backend::Sqlite => database.execute(&prisma_sqlite_tables("0", "1")).await,
    }
    database
}

/// A file of SQLite whose tables have these replacements, since SQLite alters no column.
async fn create_file(changes: &[(&str, &str)]) -> TestDatabase {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let mut tables = prisma_sqlite_tables("0", "1");
    for (from, to) in changes {
        assert!(tables.contains(from), "{from}");
        tables = tables.replace(from, to);
    }
    database.execute(&tables).await;
    database
}

/// The findings of a line of settings about a database, without the line that says ok.
async fn findings(database: &TestDatabase, settings: &[&str]) -> (i32, Vec<String>) {
    let line = [&USUAL[..], &[&database.url], settings].concat();
    let (code, found, _) = run(database.folder.path(), &line).await;
    let is_finding = |line: &String| line.contains("database: ") && !line.starts_with("ok ");
    (code, one_line_each(&found).into_iter().filter(is_finding).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_longer_than_the_limits_are_named_with_the_setting() {
    for backend in BOTH {
        let database = create(backend).await;
        assert_eq!(findings(&database, &[]).await, (0, vec![]));
        let enough = ["--max-message-length", "6", "--max-metadata-size", "7", "--max-emoji-size", "4"];
        let (code, found) = findings(&database, &enough).await;
        assert_eq!((code, found.len()), (0, 0), "{found:?}");
        for (setting, most, label, expected) in [
            ("MAX_MESSAGE_LENGTH", "5", "warn ", [r#""content" has more than 5 characters"#, "message:edit"]),
            ("MAX_METADATA_SIZE", "6", "warn ", [r#""metadata" has more than 6 bytes"#, "no longer be sent"]),
            (
                "MAX_EMOJI_SIZE",
                "3",
                "FAULT ",
                [r#""emoji" has more than 3 bytes"#, "neither added nor removed"],
            ),
            ("MAX_ID_SIZE", "4", "FAULT ", [r#""User" has rows whose "id" has more than 4"#, "are refused"]),
        ] {
            let option = format!("--{}", setting.to_lowercase().replace('_', "-"));
            let (code, found) = findings(&database, &[&option, most]).await;
            let [line] = found.as_slice() else { panic!("{backend:?} {setting}: {found:?}") };
            assert!(line.starts_with(label) && expected.iter().all(|text| line.contains(text)), "{line}");
            assert!(line.contains(&format!("mend: set {setting} to")), "{line}");
            assert_eq!(code, i32::from(label == "FAULT "), "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_refers_to_messages_is_named_if_it_keeps_them_from_being_deleted() {
    for backend in BOTH {
        for (action, is_named) in [("", true), (" ON DELETE RESTRICT", true), (" ON DELETE CASCADE", false)] {
            let database = create(backend).await;
            let table =
                r#"CREATE TABLE "Attachment" ("id" TEXT PRIMARY KEY, "of" TEXT REFERENCES "Message" ("id")"#;
            database.execute(&format!("{table}{action})")).await;
            let (code, found) = findings(&database, &[]).await;
            assert_eq!((code, found.len()), (0, usize::from(is_named)), "{backend:?}{action}: {found:?}");
            for line in found {
                assert!(
                    line.contains(r#"warn   database: "#) && line.contains(r#""of" of "Attachment""#),
                    "{line}"
                );
                assert!(line.contains("message:delete is refused as conflict"), "{line}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_that_refer_to_another_table_are_a_fault_if_users_are_not_there() {
    let other = r#"CREATE TABLE "Profile" ("user" TEXT PRIMARY KEY); INSERT INTO "Profile" VALUES ('alice')"#;
    let postgres = create(Backend::Postgres).await;
    for statement in other.split("; ") {
        postgres.execute(statement).await;
    }
    postgres
        .execute(
            r#"ALTER TABLE "Message" DROP CONSTRAINT "Message_senderId_fkey",
            ADD CONSTRAINT "sender" FOREIGN KEY ("senderId") REFERENCES "Profile" ("user")"#,
        )
        .await;
    let reference = r#"FOREIGN KEY ("senderId") REFERENCES "User" ("id")"#;
    let sqlite = create_file(&[
        (reference, r#"FOREIGN KEY ("senderId") REFERENCES "Profile" ("user")"#),
        (r#"CREATE TABLE "User""#, &format!("{other}; CREATE TABLE \"User\"")),
    ])
    .await;
    for database in [postgres, sqlite] {
        let (code, found) = findings(&database, &[]).await;
        assert!(code == 0 && found.len() == 1 && found[0].starts_with("warn "), "{found:?}");
        database.execute(r#"INSERT INTO "User" ("id", "name", "email", "createdAt") SELECT 'bob', 'Bob', 'b', "createdAt" FROM "User""#).await;
        let (code, found) = findings(&database, &[]).await;
        assert!(code == 1 && found.len() == 1 && found[0].starts_with("FAULT "), "{found:?}");
        assert!(
            found[0].contains(r#""senderId" of "Message" refer to "#) && found[0].contains("Profile"),
            "{found:?}"
        );
        assert!(found[0].contains("no message can be sent by users who are not there"), "{found:?}");
        assert!(found[0].contains("mend: "), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_the_index_that_are_missing_are_named_with_what_goes_wrong() {
    let postgres = create(Backend::Postgres).await;
    postgres
        .execute(
            r#"ALTER TABLE "Room" DROP CONSTRAINT "Room_pkey" CASCADE; ALTER TABLE "_RoomMembers" DROP CONSTRAINT "_RoomMembers_AB_pkey";
            DROP INDEX "Reaction_messageId_userId_emoji_key"; DROP INDEX "Message_roomId_createdAt_idx""#,
        )
        .await;
    let room = r#"CREATE TABLE "Room" ("id" TEXT NOT NULL PRIMARY KEY"#;
    let sqlite = create_file(&[(room, r#"CREATE TABLE "Room" ("id" TEXT NOT NULL UNIQUE"#)]).await;
    sqlite
        .execute(
            r#"DROP INDEX "Reaction_messageId_userId_emoji_key"; DROP INDEX "Message_roomId_createdAt_idx";
            DROP INDEX "_RoomMembers_AB_unique""#,
        )
        .await;
    for (database, of_rooms) in [(postgres, 1), (sqlite, 0)] {
        let (code, found) = findings(&database, &[]).await;
        let text = found.join("\n");
        let count = |part: &str| text.matches(part).count();
        assert_eq!((code, found.len()), (i32::from(of_rooms > 0), 3 + of_rooms), "{text}");
        assert_eq!(count("FAULT "), of_rooms, "{text}");
        assert_eq!(count(r#""Room" has no unique key on "id""#), of_rooms, "{text}");
        assert_eq!(count(r#""Reaction" has no unique key on "messageId", "userId", "emoji""#), 1, "{text}");
        assert_eq!(count(r#""_RoomMembers" has no unique key on "A", "B""#), 1, "{text}");
        assert_eq!(count("no index on (\"roomId\", \"createdAt\"): history is read slowly"), 1, "{text}");
        // The statements of the mends run.
        for line in &found {
            let (_, mend) = line.split_once("mend: ").unwrap();
            let statement = mend.split(", once").next().unwrap();
            database.execute(statement).await;
        }
        assert_eq!(findings(&database, &[]).await, (0, vec![]));
    }
    let database = create(Backend::Postgres).await;
    database.execute(r#"ALTER TABLE "Room" DROP CONSTRAINT "Room_pkey" CASCADE"#).await;
    let server = TestServer::start_with(database, &[]).await;
    let [mut alice, mut bob] = [server.connect("alice").await, server.connect("bob").await];
    let made = alice.ask("room:create", json!({"name": "New", "type": "private"})).await;
    assert_eq!(made["success"], true, "{made}");
    for (client, other) in [(&mut alice, "bob"), (&mut bob, "alice")] {
        let started = client.ask("dm:start", other.into()).await;
        assert_eq!(started["success"], true, "{started}");
    }
    // This is why it is a fault.
    assert_eq!(server.database.select(r#"SELECT count(*) FROM "Room" WHERE "id" LIKE 'dm:%'"#).await, ["2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_types_of_rooms_in_a_text_are_named_as_private() {
    let postgres = create(Backend::Postgres).await;
    postgres.execute(r#"ALTER TABLE "Room" ALTER "type" TYPE TEXT"#).await;
    let of_enum = create(Backend::Postgres).await;
    of_enum.execute(r#"ALTER TYPE "RoomType" ADD VALUE 'Club'"#).await;
    for database in [postgres, of_enum, create(Backend::Sqlite).await] {
        assert_eq!(findings(&database, &[]).await, (0, vec![]));
        database.execute(r#"UPDATE "Room" SET "type" = 'Club'"#).await;
        let (code, found) = findings(&database, &[]).await;
        assert!(code == 0 && found.len() == 1 && found[0].starts_with("warn "), "{found:?}");
        assert!(found[0].contains("they are treated as private rooms"), "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_a_file_that_cannot_be_shown_or_are_deleted_are_faults() {
    let senders = (r#""senderId" TEXT NOT NULL"#, r#""senderId" TEXT"#);
    for (changes, change, expected) in [
        (
            &[senders][..],
            r#"UPDATE "Message" SET "senderId" = NULL WHERE "id" = 'm1'"#,
            r#"whose "senderId" is NULL"#,
        ),
        (
            &[],
            r#"ALTER TABLE "Message" ADD COLUMN "deletedAt" DATETIME; UPDATE "Message" SET "deletedAt" = 1"#,
            "and rows have it",
        ),
        (&[], r#"CREATE UNIQUE INDEX one_name ON "User" ("name")"#, r#""one_name" is on "name" of "User""#),
        (&[], r#"CREATE UNIQUE INDEX one_room ON "Room" ("name", "type")"#, "dm:start"),
    ] {
        let database = create_file(changes).await;
        for statement in change.split("; ") {
            database.execute(statement).await;
        }
        let (code, found) = check(&database, &database.url).await;
        let faults: Vec<&String> = found.iter().filter(|line| line.starts_with("FAULT")).collect();
        assert!(code == 1 && faults.len() == 1 && faults[0].contains(expected), "{change}: {found:?}");
        assert!(faults[0].contains("mend: ") && found.len() == 2, "{found:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_column_of_messages_is_named_unless_the_limit_is_shorter() {
    let database = create(Backend::Postgres).await;
    database.execute(r#"ALTER TABLE "Message" ALTER "content" TYPE VARCHAR(255)"#).await;
    let (code, found) = findings(&database, &[]).await;
    assert!(code == 0 && found.len() == 1 && found[0].starts_with("warn "), "{found:?}");
    assert!(found[0].contains("longer messages are refused as bad_input"), "{found:?}");
    assert!(found[0].contains("or set MAX_MESSAGE_LENGTH=255"), "{found:?}");
    assert_eq!(findings(&database, &["--max-message-length", "255"]).await, (0, vec![]));
    assert_eq!(findings(&database, &["--max-message-length", "256"]).await.1.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_encoding_than_utf8_is_warned_of() {
    let database = TestDatabase::create_in("LATIN1").await;
    database.execute(&prisma_tables(PRISMA_6).replace("'👍'", "'+1'")).await;
    let (code, found) = findings(&database, &[]).await;
    assert!(code == 0 && found.len() == 1 && found[0].starts_with("warn "), "{found:?}");
    assert!(
        found[0].contains("encoded in LATIN1: messages with characters that it does not have are refused"),
        "{found:?}"
    );
}
