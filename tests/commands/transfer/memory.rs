//! An export and an import need no more memory for many messages.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use super::program;
use crate::support::{Backend, TestDatabase, TestServer, soon};

const MESSAGES: usize = 100_000;
/// The messages after which both processes have all that they need.
const FEW: usize = 30_000;
/// The most memory that the others may add, in KiB. They have four times as much.
const MOST: u64 = 16 * 1_024;

const FILL: &str = r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
    SELECT 'm' || n, 'general', 'alice', repeat('long text ', 100), now() AT TIME ZONE 'UTC' FROM generate_series(1, 100000) AS n"#;

/// The most memory that a process has had, in KiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_messages_are_moved_in_the_memory_of_thirty_thousand() {
    let server = TestServer::start(Backend::Postgres).await;
    let (_alice, _bob) = server.meet().await;
    let from = server.stop().await;
    from.execute(FILL).await;
    let to = TestDatabase::create(Backend::Sqlite).await;
    let mut export = program(&from, &["export"]).stderr(Stdio::null()).spawn().unwrap();
    let mut import = program(&to, &["import"]).stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::with_capacity(64 * 1_024, export.stdout.take().unwrap());
    let mut sink = import.stdin.take().unwrap();
    let pids = [export.id().unwrap(), import.id().unwrap()];
    let (mut line, mut bytes, mut messages) = (Vec::new(), 0, 0);
    let mut few = [0; 2];
    // A process that waits for its pipe is there to be looked at.
    while messages < MESSAGES - 1_000 {
        line.clear();
        assert!(soon("a line", lines.read_until(b'\n', &mut line)).await.unwrap() > 0);
        messages += usize::from(line.starts_with(b"{\"message\""));
        if messages > FEW {
            bytes += line.len() as u64;
        } else if messages == FEW {
            few = pids.map(peak);
        }
        soon("the import reads", sink.write_all(&line)).await.unwrap();
    }
    let many = pids.map(peak);
    let mut rest = Vec::new();
    soon("the end of the export", lines.read_to_end(&mut rest)).await.unwrap();
    soon("the import reads the rest", sink.write_all(&rest)).await.unwrap();
    drop(sink);
    assert!(soon("the export ends", export.wait()).await.unwrap().success());
    assert!(soon("the import ends", import.wait()).await.unwrap().success());
    assert_eq!(to.select(r#"SELECT count(*) FROM "Message""#).await, [MESSAGES.to_string()]);
    assert!(bytes / 1_024 > 4 * MOST, "{bytes}");
    let is_bounded = few.iter().zip(many).all(|(few, many)| many < few + MOST);
    assert!(is_bounded, "{few:?} KiB for few messages, {many:?} KiB for {bytes} bytes more");
}
