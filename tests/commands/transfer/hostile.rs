//! Files that somebody made to do harm.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;

use super::{file_of, import_fails, program, small_chat};
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
