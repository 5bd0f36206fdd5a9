//! Databases of teams that have changed the original's columns. Each walks through the events on the rows that are there,
//! and again after a restart.

use serde_json::{Value, json};

use crate::support::{
    Backend, TestDatabase, TestServer,
    prisma::{PRISMA_6, prisma_sqlite_tables, prisma_tables},
    until,
    walk::{Ids, NAMES, ask, find, join, walk, walk_as},
};

/// Walks on the tables of Prisma after these changes; then the query has this answer.
async fn walks_on(changes: &str, query: &str, expected: &[&str]) -> (Value, Value) {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    database.execute(&changes.replace("test_database", database.url.rsplit_once('/').unwrap().1)).await;
    let (database, before, after) = walk(database, &[]).await;
    assert_eq!(database.select(query).await, expected, "{query}");
    (before, after)
}

const TYPES: &str = r#"SELECT DISTINCT "type"::text FROM "Message" ORDER BY 1"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_of_the_original_are_walked_through() {
    walks_on("", TYPES, &["image", "text"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_null_is_shown_as_the_default() {
    let changes = r#"ALTER TABLE "Message" ALTER "metadata" DROP NOT NULL, ALTER "content" DROP NOT NULL, ALTER "type" DROP NOT NULL;
        ALTER TABLE "User" ALTER "name" DROP NOT NULL; ALTER TABLE "Room" ALTER "name" DROP NOT NULL, ALTER "type" DROP NOT NULL;
        UPDATE "Message" SET "metadata" = NULL, "content" = NULL, "type" = NULL;
        UPDATE "User" SET "name" = NULL; UPDATE "Room" SET "name" = NULL, "type" = NULL"#;
    // The walk renames the room.
    let names = r#"SELECT coalesce("name", 'none') FROM "Room" WHERE "id" = 'old'"#;
    let (before, _) = walks_on(changes, names, &["Renamed"]).await;
    let first = find(&before, &"m1".into());
    assert_eq!(
        (&first["metadata"], &first["content"], &first["type"]),
        (&json!({}), &json!(""), &json!("text"))
    );
    assert_eq!((&first["senderName"], &first["sender"]["name"]), (&json!("alice"), &json!("alice")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_label_of_a_message_is_sent_as_it_is_and_a_room_of_an_unknown_type_is_private() {
    let changes = r#"ALTER TYPE "MessageType" ADD VALUE 'Poll'; ALTER TYPE "RoomType" ADD VALUE 'broadcast'"#;
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    // A new label may not be used in the transaction that adds it.
    for change in changes.split(';') {
        database.execute(change).await;
    }
    database.execute(r#"UPDATE "Message" SET "type" = 'Poll'; UPDATE "Room" SET "type" = 'broadcast'"#).await;
    let (database, before, after) = walk(database, &[]).await;
    assert_eq!(find(&before, &"m1".into())["type"], "Poll");
    assert_eq!(find(&after, &"m2".into())["type"], "Poll");
    let server = TestServer::start_with(database, &[]).await;
    let mut carol = server.connect("carol").await;
    assert_eq!(carol.ask("room:join", "old".into()).await["code"], "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn labels_in_upper_case_are_read_and_written() {
    let rename = |(of, label): (&str, &str)| {
        format!(r#"ALTER TYPE "{of}" RENAME VALUE '{label}' TO '{}';"#, label.to_uppercase())
    };
    let rooms = ["public", "private", "direct"].map(|label| rename(("RoomType", label)));
    let messages = ["text", "image", "file", "system"].map(|label| rename(("MessageType", label)));
    walks_on(&(rooms.concat() + &messages.concat()), TYPES, &["IMAGE", "TEXT"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn enums_of_another_name_and_schema_are_written() {
    let changes = r#"CREATE SCHEMA "my kinds"; ALTER TYPE "MessageType" RENAME TO "Kind of message";
        ALTER TYPE "Kind of message" SET SCHEMA "my kinds"; ALTER TYPE "RoomType" RENAME TO kind"#;
    walks_on(changes, TYPES, &["image", "text"]).await;
}

/// Texts in the place of enums.
const TEXTS: &str = r#"ALTER TABLE "Message" ALTER "type" DROP DEFAULT, ALTER "type" TYPE VARCHAR(20);
    ALTER TABLE "Room" ALTER "type" TYPE TEXT; DROP TYPE "MessageType"; DROP TYPE "RoomType";"#;

#[tokio::test(flavor = "multi_thread")]
async fn texts_in_the_place_of_enums_are_written_as_they_are_spelled() {
    walks_on(TEXTS, TYPES, &["image", "text"]).await;
    // The default says how, or else a row.
    let defaults = r#"ALTER TABLE "Message" ALTER "type" SET DEFAULT 'TEXT';
        UPDATE "Message" SET "type" = 'TEXT'; UPDATE "Room" SET "type" = 'Private'"#;
    walks_on(&format!("{TEXTS} {defaults}"), TYPES, &["IMAGE", "TEXT"]).await;
    let types = r#"SELECT DISTINCT "type" FROM "Room" ORDER BY 1"#;
    walks_on(&format!("{TEXTS} {defaults}"), types, &["Direct", "Private", "Public"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_may_be_json_or_text() {
    for kind in ["JSON", "TEXT"] {
        let changes = format!(
            r#"ALTER TABLE "Message" ALTER "metadata" DROP DEFAULT;
               ALTER TABLE "Message" ALTER "metadata" TYPE {kind} USING "metadata"::{kind}"#
        );
        let written = r#"SELECT "metadata"::jsonb ->> 'n' FROM "Message" WHERE "type" = 'image' ORDER BY 1"#;
        let (before, _) = walks_on(&changes, written, &["0", "1"]).await;
        assert_eq!(find(&before, &"m1".into())["metadata"], json!({"a": 1}));
    }
}

const REQUIRED: &str = r#"UPDATE "Message" SET "updatedAt" = "createdAt";
    ALTER TABLE "Message" ALTER "updatedAt" SET NOT NULL;
    ALTER TABLE "User" ADD "updatedAt" TIMESTAMP(3); UPDATE "User" SET "updatedAt" = now();
    ALTER TABLE "User" ALTER "updatedAt" SET NOT NULL;
    ALTER TABLE "Room" ADD "updatedAt" TIMESTAMP(3); UPDATE "Room" SET "updatedAt" = now();
    ALTER TABLE "Room" ALTER "updatedAt" SET NOT NULL;"#;
const FILLED: &str = r#"SELECT (SELECT count(*) FROM "Message" WHERE "updatedAt" = "createdAt")
    || ' ' || (SELECT count(*) FROM "User" WHERE "updatedAt" = "createdAt")
    || ' ' || (SELECT count(*) FROM "Room" WHERE "updatedAt" = "createdAt")"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_required_time_of_the_last_update_is_filled_at_the_insert_and_does_not_look_like_an_edit() {
    walks_on(REQUIRED, FILLED, &["1 2 2"]).await;
    let default = r#"ALTER TABLE "Message" ALTER "updatedAt" SET DEFAULT CURRENT_TIMESTAMP"#;
    walks_on(&format!("{REQUIRED} {default}"), FILLED, &["1 2 2"]).await;
}

const ZONED: &str = r#"ALTER DATABASE test_database SET timezone TO 'Asia/Tokyo';
    SET timezone TO 'UTC';
    ALTER TABLE "Message" ALTER "createdAt" TYPE TIMESTAMPTZ, ALTER "updatedAt" TYPE TIMESTAMPTZ;
    ALTER TABLE "Room" ALTER "createdAt" TYPE TIMESTAMPTZ; ALTER TABLE "User" ALTER "createdAt" TYPE TIMESTAMPTZ;"#;

#[tokio::test(flavor = "multi_thread")]
async fn times_with_a_zone_are_right_whatever_the_zone_of_the_server() {
    let recent = r#"SELECT count(*) FROM "Message" WHERE abs(extract(epoch FROM "createdAt" - now())) < 600"#;
    walks_on(ZONED, recent, &["2"]).await;
    let precise =
        r#"ALTER TABLE "Message" ALTER "createdAt" TYPE TIMESTAMP(6), ALTER "updatedAt" TYPE TIMESTAMP(6)"#;
    walks_on(precise, TYPES, &["image", "text"]).await;
}

/// Adds many messages to the room, and reads a page of the oldest: it takes few rows of the index.
async fn pages_are_read_by_the_index(ids: &Ids, database: TestDatabase) {
    let many = format!(
        r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
            SELECT gen_random_uuid(), '{}', '{}', '', TIMESTAMP '2026-02-03' + n * INTERVAL '1 s'
            FROM generate_series(1, 3000) AS n; ANALYZE"#,
        ids.old, ids.alice
    );
    database.execute(&many).await;
    let server = TestServer::start_with(database, &[]).await;
    let (mut alice, _) = join(&server, ids.alice, ids.old).await;
    let page =
        alice.ask("messages:load", json!({"roomId": ids.old, "before": "2026-02-01", "limit": 2})).await;
    assert_eq!(page["messages"][0]["id"], ids.m2, "{page}");
    drop(alice);
    let database = server.stop().await;
    // A session reports its scans when it ends, at the latest.
    let sessions =
        "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'chatoxide'";
    database.execute(&format!("SELECT pg_terminate_backend(pid) {sessions}")).await;
    let left = format!("SELECT count(*) {sessions}");
    until("the server's sessions end", async || (database.select(&left).await == ["0"]).then_some(())).await;
    let read = r#"SELECT idx_tup_read BETWEEN 1 AND 999 AND seq_tup_read < 1000
        FROM pg_stat_user_indexes JOIN pg_stat_user_tables USING (relid)
        WHERE indexrelname = 'Message_roomId_createdAt_idx'"#;
    assert_eq!(database.select(read).await, ["t"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_times_with_a_zone_is_read_by_the_index() {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    let name = database.url.rsplit_once('/').unwrap().1.to_owned();
    database.execute(&ZONED.replace("test_database", &name)).await;
    pages_are_read_by_the_index(&NAMES, database).await;
}

pub(super) const UUIDS: Ids = Ids {
    alice: "a11ce000-0000-4000-8000-000000000001",
    bob: "b0b00000-0000-4000-8000-000000000002",
    carol: "ca401000-0000-4000-8000-000000000003",
    old: "01d00000-0000-4000-8000-000000000004",
    m1: "3e550000-0000-4000-8000-000000000005",
    m2: "3e550000-0000-4000-8000-000000000006",
};

/// The tables of Prisma where these columns are `@db.Uuid`.
pub(super) async fn with_uuids(columns: &[&str]) -> TestDatabase {
    let mut tables = prisma_tables(PRISMA_6);
    for (name, id) in [
        ("'alice'", UUIDS.alice),
        ("'old'", UUIDS.old),
        ("'m1'", UUIDS.m1),
        ("'m2'", UUIDS.m2),
        ("'r1'", "4e000000-0000-4000-8000-000000000007"),
    ] {
        tables = tables.replace(name, &format!("'{id}'"));
    }
    for column in columns {
        tables = tables.replace(&format!("{column} TEXT"), &format!("{column} UUID"));
    }
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&tables).await;
    database
}

/// All columns of ids.
pub(super) const ALL: [&str; 8] = [
    r#""id""#,
    r#""roomId""#,
    r#""senderId""#,
    r#""messageId""#,
    r#""userId""#,
    r#""A""#,
    r#""B""#,
    r#""replyTo""#,
];

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_are_uuids_are_walked_through() {
    walk_as(&UUIDS, with_uuids(&ALL).await, &[]).await;
    pages_are_read_by_the_index(&UUIDS, with_uuids(&ALL).await).await;
    // Those of users alone, as where another program signs them in.
    let users = [r#""User" ("id""#, r#""senderId""#, r#""userId""#, r#""B""#];
    walk_as(&UUIDS, with_uuids(&users).await, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_no_uuid_is_the_id_of_nothing() {
    let server = TestServer::start_with(with_uuids(&ALL).await, &[]).await;
    let (mut alice, _) = join(&server, UUIDS.alice, UUIDS.old).await;
    let long = UUIDS.old.to_uppercase();
    for (event, argument, code) in [
        ("room:join", json!("old"), "room_not_found"),
        ("room:join", json!(long), "room_not_found"),
        ("message:send", json!({"roomId": "", "content": "x"}), "bad_input"),
        ("message:send", json!({"roomId": "old", "content": "x"}), "room_not_found"),
        ("message:send", json!({"roomId": UUIDS.old, "content": "x", "replyTo": "m1"}), "bad_input"),
        ("message:edit", json!({"messageId": "m1", "content": "x"}), "message_not_found"),
        ("message:delete", json!({"messageId": "m1", "roomId": UUIDS.old}), "delete_refused"),
        ("reaction:add", json!({"messageId": "m1", "roomId": UUIDS.old, "emoji": "x"}), "message_not_found"),
        ("room:invite", json!({"roomId": UUIDS.old, "userId": "bob"}), "user_not_found"),
        ("room:create", json!({"name": "x", "members": ["bob"]}), "user_not_found"),
    ] {
        let refused = alice.ask(event, argument.clone()).await;
        assert_eq!(refused["code"], code, "{event} {argument}: {refused}");
    }
    // A user of such an id signs in together with another, who is a user then.
    let (mut dave, mut bob) = (server.connect("dave").await, server.connect(UUIDS.bob).await);
    let refused = dave.ask("rooms:list", json!({})).await;
    assert!(refused["error"].as_str().unwrap().contains("not a UUID"), "{refused}");
    ask(&mut bob, "rooms:list", json!({})).await;
    let sent = json!({"roomId": UUIDS.old, "content": "x", "replyTo": UUIDS.m1});
    ask(&mut alice, "message:send", sent).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deviations_of_every_kind_are_taken_together() {
    let changes = format!(
        r#"{TEXTS} {REQUIRED} {ZONED} ALTER TABLE "Message" ALTER "metadata" DROP DEFAULT, ALTER "metadata" DROP NOT NULL;
           ALTER TABLE "Message" ALTER "metadata" TYPE JSON; UPDATE "Message" SET "metadata" = NULL, "type" = 'TEXT'"#
    );
    walks_on(&changes, TYPES, &["IMAGE", "TEXT"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_a_trigger_masks_is_sent_as_it_is_stored() {
    let mask = r#"CREATE FUNCTION mask() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            NEW."content" := replace(NEW."content", 'edited', 'e****d'); RETURN NEW; END $$;
        CREATE TRIGGER mask BEFORE INSERT OR UPDATE ON "Message" FOR EACH ROW EXECUTE FUNCTION mask()"#;
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    database.execute(mask).await;
    let server = TestServer::start_with(database, &[]).await;
    let (mut alice, _) = join(&server, "alice", "old").await;
    for _ in 0..2 {
        let sent = alice.say("old", "edited").await;
        assert_eq!(sent["content"], "e****d");
        let edited = json!({"messageId": sent["id"], "content": "edited again"});
        assert_eq!(ask(&mut alice, "message:edit", edited).await["message"]["content"], "e****d again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn types_that_the_settings_add_are_sent_as_the_database_spells_them() {
    let database = TestDatabase::create(Backend::Postgres).await;
    database.execute(&prisma_tables(PRISMA_6)).await;
    database.execute(r#"ALTER TYPE "MessageType" ADD VALUE 'VIDEO'"#).await;
    let server = TestServer::start_with(database, &["--message-types", "video"]).await;
    let (mut alice, _) = join(&server, "alice", "old").await;
    for _ in 0..2 {
        let message = json!({"roomId": "old", "content": "film", "type": "video"});
        assert_eq!(ask(&mut alice, "message:send", message).await["message"]["type"], "VIDEO");
    }
    let refused = alice.ask("message:send", json!({"roomId": "old", "content": "", "type": "audio"})).await;
    assert_eq!(refused["error"], "type: expected one of text, image, file, video");
    assert_eq!(server.database.select(TYPES).await, ["text", "VIDEO"]);
}

/// A message with a character that LATIN1 does not have, and a user of such a name.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_latin1_says_so_of_a_character_that_it_lacks() {
    let database = TestDatabase::create_in("LATIN1").await;
    database.execute(&prisma_tables(PRISMA_6).replace("'👍'", "'+1'")).await;
    let server = TestServer::start_with(database, &[]).await;
    let (mut alice, _) = join(&server, "alice", "old").await;
    for _ in 0..2 {
        let refused = alice.ask("message:send", json!({"roomId": "old", "content": "日本"})).await;
        assert_eq!(refused["code"], "bad_input", "{refused}");
        assert!(refused["error"].as_str().unwrap().contains("encoding"), "{refused}");
        alice.say("old", "déjà vu").await;
    }
    let refused = alice.ask("room:create", json!({"name": "日本"})).await;
    assert!(refused["error"].as_str().unwrap().contains("encoding"), "{refused}");
}

/// A file of Prisma's, with these two times.
async fn prisma_file(at: &str, later: &str) -> TestDatabase {
    let database = TestDatabase::create(Backend::Sqlite).await;
    database.execute(&prisma_sqlite_tables(at, later)).await;
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_file_of_prismas_is_used_in_place_and_its_times_stay_as_they_are() {
    let length = |text: &str| format!("text {}", text.trim_matches('\'').len());
    for (at, later) in [
        ("1769850307042", "1769850308000"),
        ("'2026-01-31T09:05:07.042+00:00'", "'2026-01-31T09:05:08.000+00:00'"),
        ("'2026-01-31T09:05:07.042Z'", "'2026-01-31T09:05:08.000Z'"),
    ] {
        let (database, ..) = walk(prisma_file(at, later).await, &[]).await;
        let kind = if at.starts_with('1') { "integer 13".to_owned() } else { length(at) };
        for column in [
            r#""createdAt" AS at FROM "Message""#,
            r#""updatedAt" AS at FROM "Message" WHERE "updatedAt" IS NOT NULL"#,
            r#""createdAt" AS at FROM "Room""#,
            r#""createdAt" AS at FROM "User""#,
        ] {
            let kinds = format!("SELECT DISTINCT typeof(at) || ' ' || length(at) FROM (SELECT {column})");
            assert_eq!(database.select(&kinds).await, [kind.as_str()], "{column}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_file_of_prismas_may_deviate_too() {
    let database = prisma_file("1769850307042", "1769850308000").await;
    let tables = prisma_sqlite_tables("1769850307042", "1769850308000")
        .replace(r#""updatedAt" DATETIME"#, r#""updatedAt" DATETIME NOT NULL"#)
        .replace(r#""metadata" JSONB NOT NULL DEFAULT '{}'"#, r#""metadata" JSONB"#)
        .replace(r#""content" TEXT NOT NULL"#, r#""content" TEXT"#)
        .replace(
            r#"'text', '{"a": 1}', NULL, 1769850307042, NULL"#,
            "'TEXT', NULL, NULL, 1769850307042, 1769850307042",
        )
        .replace(
            r#"'second', 'text', '{}', NULL, 1769850308000, NULL"#,
            "NULL, 'Poll', '', NULL, 1769850308000, 1769850308000",
        )
        .replace("'private'", "'PRIVATE'")
        .replace("DEFAULT 'text'", "DEFAULT 'TEXT'");
    database.execute(&tables_dropped()).await;
    database.execute(&tables).await;
    let (database, before, _) = walk(database, &[]).await;
    assert_eq!(find(&before, &"m1".into())["metadata"], json!({}));
    assert_eq!(find(&before, &"m2".into())["type"], "Poll");
    assert_eq!(
        database.select(r#"SELECT DISTINCT "type" FROM "Message" ORDER BY 1"#).await,
        ["IMAGE", "Poll"]
    );
    let filled = r#"SELECT count(*) FROM "Message" WHERE "updatedAt" = "createdAt""#;
    assert_eq!(database.select(filled).await, ["1"]);
}

fn tables_dropped() -> String {
    ["Reaction", "Message", "_RoomMembers", "Room", "User"]
        .map(|table| format!(r#"DROP TABLE "{table}";"#))
        .concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_a_row_refers_to_is_not_deleted_on_sqlite_either() {
    let database = prisma_file("1769850307042", "1769850308000").await;
    database
        .execute(
            r#"CREATE TABLE pins (message TEXT REFERENCES "Message" ("id")); INSERT INTO pins VALUES ('m2')"#,
        )
        .await;
    let server = TestServer::start_with(database, &[]).await;
    let (mut alice, _) = join(&server, "alice", "old").await;
    let refused = alice.ask("message:delete", json!({"messageId": "m2", "roomId": "old"})).await;
    assert_eq!(refused["code"], "conflict", "{refused}");
    ask(&mut alice, "message:delete", json!({"messageId": "m1", "roomId": "old"})).await;
}
