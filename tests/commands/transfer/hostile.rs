//! Files that somebody made to do harm.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;

use super::{export, file_of, import, import_fails, program, rows, small_chat};
use crate::support::{Backend, TestDatabase, soon};

#[tokio::test]
async fn a_line_without_end_is_refused_when_it_is_too_long() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let first = file_of::<&str>(&[]).lines().next().unwrap().to_owned() + "\n";
    let mut child = program(&database, &["import"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(first.as_bytes()).await.unwrap();
    let block = vec![b' '; 1_024 * 1_024];
    let mut blocks = 0;
    while soon("the input is taken", stdin.write_all(&block)).await.is_ok() {
        blocks += 1;
        assert!(blocks < 70, "more than a line is read");
    }
    let output = soon("the program ends", child.wait_with_output()).await.unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("line 2: it has more than 64 MiB"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_that_is_nested_without_end_is_refused() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let deep = format!("{{\"n\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    for (from, line) in [("{\"n\":1}", 8), ("\"b.png\"", 3)] {
        let rows: Vec<String> = small_chat().iter().map(|row| row.replace(from, &deep)).collect();
        let error = import_fails(&database, file_of(&rows).as_bytes()).await;
        assert!(error.contains(&format!("line {line}: ")) && error.len() < 1_200, "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_no_index_takes_is_named() {
    let database = TestDatabase::create(Backend::Postgres).await;
    // PostgreSQL compresses what it indexes, but not this.
    let mut random = fastrand::Rng::with_seed(1);
    let emoji: String = std::iter::repeat_with(|| random.alphanumeric()).take(20_000).collect();
    let rows: Vec<String> = small_chat()
        .iter()
        .map(|row| row.replace("\"emoji\":\"👍\"", &format!("\"emoji\":\"{emoji}\"")))
        .collect();
    let error = import_fails(&database, file_of(&rows).as_bytes()).await;
    assert!(error.contains("line 9: the database does not take this value"), "{error}");
}

#[tokio::test]
async fn no_text_of_a_file_acts_on_the_terminal() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let escape = "\\u001b[2J\\u202e";
    for (from, to) in [
        ("\"avatar\":\"b.png\"", format!("\"{escape}\":1")),
        ("\"createdAt\":1001", format!("\"createdAt\":\"{escape}\"")),
        ("\"roomId\":\"general\",\"userId\":\"bob\"", format!("\"roomId\":\"{escape}\",\"userId\":\"bob\"")),
        ("\"userId\":\"bob\",\"seq\"", format!("\"userId\":\"{escape}\",\"seq\":true,\"x\"")),
    ] {
        let rows: Vec<String> = small_chat().iter().map(|row| row.replace(from, &to)).collect();
        let error = import_fails(&database, file_of(&rows).as_bytes()).await;
        assert!(!error.contains('\u{1b}') && !error.contains('\u{202e}'), "{error:?}");
    }
}

#[tokio::test]
async fn many_rows_in_one_line_are_refused() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let members = vec!["{\"roomId\":\"general\",\"userId\":\"alice\"}"; 100_000].join(",");
    let mut rows = small_chat();
    rows[3] = format!("{{\"member\":[{members}]}}");
    let error = import_fails(&database, file_of(&rows).as_bytes()).await;
    assert!(error.contains("line 5: ") && error.len() < 1_200, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_lacks_entries_is_complete_from_its_end_on() {
    // The first, which retention deletes; one in the middle; the last.
    for (lacks, complete_from) in [(1, "0"), (2, "4"), (4, "4")] {
        for backend in [Backend::Sqlite, Backend::Postgres] {
            let database = TestDatabase::create(backend).await;
            let entry = format!("\"seq\":{lacks},\"kind\"");
            let rows: Vec<String> = small_chat().into_iter().filter(|row| !row.contains(&entry)).collect();
            let file = file_of(&rows);
            assert_eq!(file.lines().count(), small_chat().len() + 1, "{entry}");
            import(&database, &file).await;
            let found = database.own("SELECT complete_from FROM own.room_head");
            assert_eq!(database.select(&found).await, [complete_from], "{lacks}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_behind_the_end_of_its_log_is_refused() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        let rows: Vec<String> =
            small_chat().iter().map(|row| row.replace("\"log\":{\"seq\":4", "\"log\":{\"seq\":3")).collect();
        let error = import_fails(&database, file_of(&rows).as_bytes()).await;
        assert!(error.contains("line 13: a row was not stored as it was written"), "{error}");
        let entries = database.own("SELECT count(*) FROM own.room_log");
        assert_eq!(database.select(&entries).await, ["0"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_at_the_ends_of_their_range_and_odd_characters_are_kept() {
    let odd = "\\u0001\\u001b\u{7f}\u{85}\u{feff}\u{fffd}\u{10ffff}\\\\ \\\" '";
    let rows_of_file: Vec<String> = small_chat()
        .iter()
        .map(|row| row.replace(":1000", ":-62135596800000").replace(":1001", ":253402300799999"))
        .map(|row| row.replace(":8000", ":-1").replace("second", odd).replace("Bob", odd))
        .collect();
    let file = file_of(&rows_of_file);
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        import(&database, &file).await;
        let parse = |row: &&str| serde_json::from_str::<serde_json::Value>(row).unwrap();
        let there = export(&database).await;
        let (there, given) = (rows(&there), rows(&file));
        // The last line has the checksum of the file's own escapes.
        let all = given.len() - 1;
        assert!(there[..all].iter().map(parse).eq(given[..all].iter().map(parse)), "{there:#?}");
    }
}
