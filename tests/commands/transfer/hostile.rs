//! Files that somebody made to do harm.

use super::{file_of, import_fails, small_chat};
use crate::support::{Backend, TestDatabase};

#[tokio::test]
async fn a_line_without_end_is_refused_when_it_is_too_long() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let first = file_of::<&str>(&[]).lines().next().unwrap().to_owned() + "\n";
    let endless = [first.as_bytes(), &vec![b' '; 65 * 1_024 * 1_024]].concat();
    let error = import_fails(&database, &endless).await;
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
