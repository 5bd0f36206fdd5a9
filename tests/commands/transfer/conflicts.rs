//! Rows that the database has already, with other content.

use serde_json::json;

use super::{Chat, ended, export, file_of, import, import_fails, program, rows, small_chat, sync};
use crate::support::{Backend, TestDatabase, TestServer, walk::ask};

/// A database with the small chat, then changed, and the file of it.
async fn changed(backend: Backend, sql: &str) -> (TestDatabase, String) {
    let database = TestDatabase::create(backend).await;
    let file = file_of(&small_chat());
    import(&database, &file).await;
    database.execute(&database.own(sql)).await;
    (database, file)
}

const CHANGES: &str = r#"UPDATE "User" SET "name" = 'Robert' WHERE "id" = 'bob';
    UPDATE "Room" SET "name" = 'Hall'; UPDATE "Message" SET "content" = 'other' WHERE "id" = 'm2';
    UPDATE "Reaction" SET "emoji" = '🎉'; UPDATE own.read_marker SET seq = 4;
    DELETE FROM "_RoomMembers" WHERE "B" = 'alice'"#;

async fn other_content_is_kept_or_overwritten(backend: Backend) {
    let (database, file) = changed(backend, CHANGES).await;
    let error = import_fails(&database, file.as_bytes()).await;
    for row in [
        "line 3, user \"bob\": the database has it with other content, which was kept",
        "line 4, room \"general\": the database has it",
        "line 8, message \"m2\": the database has it",
        "line 9, reaction \"r1\": the database has it",
        "line 15, read mark of \"bob\" in room \"general\": the database has it",
        "5 rows were not stored as the file has them",
        "1 members",
    ] {
        assert!(error.contains(row), "{row}: {error}");
    }
    assert_eq!(database.select(r#"SELECT "name" FROM "User" WHERE "id" = 'bob'"#).await, ["Robert"]);
    assert_eq!(database.select(r#"SELECT "content" FROM "Message" WHERE "id" = 'm2'"#).await, ["other"]);

    let (code, _, said) = ended(program(&database, &["import", "--overwrite"]), file.as_bytes()).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("5 were replaced"), "{said}");
    assert_eq!(rows(&export(&database).await), rows(&file));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_content_on_sqlite_is_kept_or_overwritten() {
    other_content_is_kept_or_overwritten(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_content_on_postgresql_is_kept_or_overwritten() {
    other_content_is_kept_or_overwritten(Backend::Postgres).await;
}

async fn unique_values_of_others_stay_theirs(backend: Backend) {
    let (database, _) = changed(backend, "SELECT 1").await;
    // Another chat: its user has bob's address, its reaction is there under another id, its client id is taken.
    let at = r#""createdAt":1000"#;
    let rows = [
        format!(
            r#"{{"user":{{"id":"robert","name":"Robert","email":"bob@example.org","avatar":null,{at}}}}}"#
        ),
        format!(
            r#"{{"room":{{"id":"other","name":"Other","type":"private",{at},"log":{{"seq":1,"at":2000}}}}}}"#
        ),
        r#"{"reaction":{"id":"r2","messageId":"m1","userId":"bob","emoji":"👍"}}"#.to_owned(),
        json!({"entry": {"roomId": "other", "seq": 1, "kind": "new", "messageId": "m9", "actorId": "alice",
            "clientId": "c-1", "body": null, "at": 2_000}})
        .to_string(),
    ];
    let error = import_fails(&database, file_of(&rows).as_bytes()).await;
    for row in [
        "line 2, user \"robert\": another row of the database has one of its unique values",
        "line 4, reaction \"r2\": another row of the database has one of its unique values",
        "line 5, entry 1 of the log of room \"other\": another row",
    ] {
        assert!(error.contains(row), "{row}: {error}");
    }
    let emails = database.select(r#"SELECT "email" FROM "User" ORDER BY "id""#).await;
    assert_eq!(emails, ["alice@example.org", "bob@example.org", "robert@users.invalid"]);
    let entries =
        database.own("SELECT coalesce(client_id, 'none') FROM own.room_log WHERE room_id = 'other'");
    assert_eq!(database.select(&entries).await, ["none"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unique_values_of_others_on_sqlite_stay_theirs() {
    unique_values_of_others_stay_theirs(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unique_values_of_others_on_postgresql_stay_theirs() {
    unique_values_of_others_stay_theirs(Backend::Postgres).await;
}

/// A room in which people went on talking keeps its log, and says that it does not have what was imported.
async fn a_log_that_has_gone_on_is_kept(backend: Backend) {
    let chat = Chat::tell(backend).await;
    let file = export(&chat.database).await;
    let server = TestServer::start_with(chat.database, &[]).await;
    let mut alice = server.connect("alice").await;
    let message = json!({"roomId": "general", "content": "since then"});
    let head = ask(&mut alice, "message:send", message).await["message"]["seq"].clone();
    let database = server.stop().await;
    // The log was cut at its beginning, too: no entry comes back.
    let cut = database
        .own(r#"DELETE FROM "Reaction"; DELETE FROM own.room_log WHERE seq <= 2 AND room_id = 'general'"#);
    database.execute(&cut).await;
    let entries = database.own("SELECT count(*) FROM own.room_log");
    let before = database.select(&entries).await;

    let error = import_fails(&database, file.as_bytes()).await;
    assert!(
        error.contains("room \"general\": its log in the database has gone on, or is another"),
        "{error}"
    );
    assert!(error.contains("1 row was not stored") && error.contains("1 reactions"), "{error}");
    assert_eq!(database.select(&entries).await, before);
    let server = TestServer::start_with(database, &[]).await;
    let mut alice = server.connect("alice").await;
    let synced = sync(&mut alice, chat.since).await;
    assert_eq!(synced["complete"], false, "{synced}");
    assert!(synced["seq"].as_i64() >= head.as_i64(), "{synced}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_has_gone_on_is_kept_on_sqlite() {
    a_log_that_has_gone_on_is_kept(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_has_gone_on_is_kept_on_postgresql() {
    a_log_that_has_gone_on_is_kept(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_a_trigger_changes_is_refused() {
    let database = TestDatabase::create(Backend::Postgres).await;
    import(&database, &file_of(&small_chat()[..5])).await;
    database
        .execute(
            r#"CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN NEW.content := upper(NEW.content); RETURN NEW; END';
            CREATE TRIGGER shout BEFORE INSERT ON "Message" FOR EACH ROW EXECUTE FUNCTION shout()"#,
        )
        .await;
    let error = import_fails(&database, file_of(&small_chat()).as_bytes()).await;
    assert!(error.contains("line 7: a row was not stored as it was written: a trigger or a rule"), "{error}");
    assert_eq!(database.select(r#"SELECT count(*) FROM "Message""#).await, ["0"]);
}
