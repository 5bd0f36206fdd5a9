//! Files that are not imported, and why.

use super::{ended, file_of, import, import_fails, line_with, program, saved, small_chat};
use crate::support::{Backend, TestDatabase};

const MESSAGES: &str = r#"SELECT count(*) FROM "Message""#;
const USERS: &str = r#"SELECT count(*) FROM "User""#;

/// Imports a file by its name.
async fn import_file(database: &TestDatabase, file: &[u8]) -> (i32, String) {
    let path = saved(database, file);
    let (code, _, error) = ended(program(database, &["import", "--from", path.to_str().unwrap()]), b"").await;
    (code, error)
}

#[tokio::test]
async fn a_file_that_was_cut_short_is_refused_before_anything_is_stored() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let file = file_of(&small_chat());
    let last = file.trim_end().rfind('\n').unwrap() + 1;
    // In the middle of a line, between lines, and in the last line.
    for end in [file.len() / 2, last, last + 20, file.len() - 1] {
        let (code, error) = import_file(&database, &file.as_bytes()[..end]).await;
        assert_eq!(code, 1, "{error}");
        assert!(error.contains("it was cut short") && error.lines().count() == 1, "{error}");
        assert!(!database.folder.path().join("chat.db").exists());
    }
    assert_eq!(import_file(&database, file.as_bytes()).await.0, 0);
}

#[tokio::test]
async fn a_stream_that_was_cut_short_is_noticed_at_its_end_and_may_be_imported_again() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let file = file_of(&small_chat());
    let last = file.trim_end().rfind('\n').unwrap() + 1;
    let error = import_fails(&database, &file.as_bytes()[..last]).await;
    assert!(error.contains("it ends after line 15, without its last line: it was cut short"), "{error}");
    let said = import(&database, &file).await;
    assert!(said.contains("1 read marks; 13 were there already"), "{said}");
}

#[tokio::test]
async fn a_file_that_was_changed_is_refused_before_anything_is_stored() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let file = file_of(&small_chat());
    let changed = file.replace("\"second\"", "\"sekond\"");
    let (code, error) = import_file(&database, changed.as_bytes()).await;
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("its checksum is another"), "{error}");
    assert!(!database.folder.path().join("chat.db").exists());
    // The checksum is not over the first line, whose numbers are another's.
    let shorter = file_of(&small_chat()[..13]);
    let (first, _) = shorter.split_once('\n').unwrap();
    let (_, rows) = file.split_once('\n').unwrap();
    let (code, error) = import_file(&database, format!("{first}\n{rows}").as_bytes()).await;
    assert!(code == 1 && error.contains("it has other numbers of lines than it says"), "{error}");
    assert!(!database.folder.path().join("chat.db").exists());
    // A stream is compared at its end.
    let error = import_fails(&database, changed.as_bytes()).await;
    assert!(error.contains("its checksum is another"), "{error}");

    let shorter = file_of(&small_chat()[..13]);
    let (_, rows) = shorter.split_once('\n').unwrap();
    let (first, _) = file.split_once('\n').unwrap();
    let error = import_fails(&database, format!("{first}\n{rows}").as_bytes()).await;
    assert!(error.contains("it has other numbers of lines than it says"), "{error}");
    let error = import_fails(&database, format!("{file}{{}}\n").as_bytes()).await;
    assert!(error.contains("line 17: it follows the last line"), "{error}");
}

#[tokio::test]
async fn a_file_of_a_newer_version_or_of_another_program_is_refused_in_one_sentence() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let newer =
        "{\"chatoxide\":{\"format\":3,\"version\":\"0.9.0\",\"compression\":\"none\"}}\n{\"account\":{}}\n";
    for (file, part) in [
        (newer, "format 3 of chatoxide 0.9.0"),
        ("PGDMP\n", "no file of chatoxide export"),
        ("{\"users\":[]}\n", "no file of chatoxide export"),
        ("", "cut short"),
    ] {
        for error in
            [import_fails(&database, file.as_bytes()).await, import_file(&database, file.as_bytes()).await.1]
        {
            assert!(error.contains(part) && error.lines().count() == 1, "{error}");
        }
        assert!(!database.folder.path().join("chat.db").exists());
    }
}

/// A row in place of the one that contains a text is refused on both databases, and nothing of its batch is stored.
async fn is_refused(part: &str, from: &str, to: &str, why: &str) {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        let rows: Vec<String> = small_chat()
            .into_iter()
            .map(|row| if row.contains(part) { row.replacen(from, to, 1) } else { row })
            .collect();
        let file = file_of(&rows);
        assert_ne!(file, file_of(&small_chat()), "{part} {from}");
        let error = import_fails(&database, file.as_bytes()).await;
        let line = line_with(&file, if part.contains(from) { to } else { part });
        assert!(error.contains(&format!("line {line}: ")) && error.contains(why), "{line} {why}: {error}");
        if part.contains("\"m2\"") {
            assert_eq!(database.select(MESSAGES).await, ["0"]);
        }
        if part.contains("bob@") {
            assert_eq!(database.select(USERS).await, ["0"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_is_named_and_nothing_of_its_batch_is_stored() {
    let bob = "bob@example.org";
    let second = "\"id\":\"m2\"";
    for (part, from, to, why) in [
        (bob, "\"Bob\"", "7", "invalid type"),
        (bob, "\"avatar\"", "\"password\"", "unknown field `password`"),
        (bob, "{\"user\"", "{\"admin\"", "unknown variant `admin`"),
        (bob, "\"name\":\"Bob\",", "", "missing field `name`"),
        (bob, "\"bob\"", "\"\"", "id is empty"),
        (bob, "\"Bob\"", "\"B\\u0000b\"", "name contains the character U+0000"),
        (bob, "1001", "253402300800000", "createdAt is not within the years 1 to 9999"),
        (bob, "1001", "-62135596800001", "createdAt is not within the years 1 to 9999"),
        (bob, "\"id\":\"bob\"", "\"id\":\"alice\"", "user \"alice\" stands twice"),
        (second, "\"second\"", "\"\\ud800\"", "hex escape"),
        (second, "{\"n\":1}", "{\"n\":[\"\\u0000\"]}", "metadata contains the character U+0000"),
        (second, "\"type\":\"text\"", "\"type\":\"\"", "type is empty"),
        (second, "{\"n\":1}", "{\"n\":1", "at byte"),
        (second, "{\"n\":1}", "{\"n\":1e999}", "metadata cannot be read back: number out of range"),
        (second, "\"bob\"", "\"nobody\"", "refers to a row that neither the file nor the database has"),
        (second, "\"roomId\":\"general\"", "\"roomId\":\"random\"", "refers to a row that neither"),
        ("\"room\":{\"id\"", "\"public\"", "\"open\"", "type: expected one of public, private, direct"),
        ("\"room\":{\"id\"", "\"seq\":4", "\"seq\":9223372036854775807", "log.seq is not a number"),
        ("\"seq\":4,\"kind\"", "\"kind\":\"react\"", "\"kind\":\"\"", "kind is empty"),
        ("\"seq\":2,\"kind\"", "\"c-2\"", "\"\"", "clientId is empty"),
    ] {
        is_refused(part, from, to, why).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_database_refuses_is_named_among_many() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        let mut rows = small_chat();
        let message = rows.iter().find(|row| row.contains("\"id\":\"m2\"")).unwrap().clone();
        let place = rows.iter().position(|row| row.contains("\"id\":\"r1\"")).unwrap();
        let more = (0..300).map(|n| {
            let row = message.replace("\"m2\"", &format!("\"n{n:03}\""));
            if n == 123 { row.replace("\"senderId\":\"bob\"", "\"senderId\":\"nobody\"") } else { row }
        });
        rows.splice(place..place, more.collect::<Vec<_>>());
        let file = file_of(&rows);
        let error = import_fails(&database, file.as_bytes()).await;
        let line = line_with(&file, "nobody");
        assert!(error.contains(&format!("line {line}: it refers to a row")), "{error}");
        assert_eq!(database.select(MESSAGES).await, ["0"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_stand_behind_those_that_they_refer_to() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        let mut rows = small_chat();
        let member = rows.remove(3);
        rows.insert(2, member);
        let error = import_fails(&database, file_of(&rows).as_bytes()).await;
        assert!(error.contains("line 5: rooms stand before members"), "{error}");
    }
}

#[tokio::test]
async fn entries_of_a_kind_that_is_not_known_are_kept_and_named() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let rows: Vec<String> = small_chat().iter().map(|row| row.replace("\"react\"", "\"pin\"")).collect();
    let said = import(&database, &file_of(&rows)).await;
    assert!(said.contains("keeps and sends to nobody: 1 pin"), "{said}");
    let kinds = database.select("SELECT kind FROM chatoxide_room_log ORDER BY seq").await;
    assert_eq!(kinds, ["new", "new", "edit", "pin"]);
    // An entry that changes may be missing is one of ours.
    let database = TestDatabase::create(Backend::Sqlite).await;
    let rows: Vec<String> = rows.iter().map(|row| row.replace("\"pin\"", "\"gap\"")).collect();
    let said = import(&database, &file_of(&rows)).await;
    assert!(!said.contains("nobody"), "{said}");
}
