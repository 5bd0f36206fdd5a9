//! Read marks as they are stored.

use chatoxide::{
    chat::timestamp::Timestamp,
    db::read_markers::{ReadMark, advance},
};

use crate::support::on_both;

fn mark(user: &str, millis: i64, seq: i64) -> ReadMark {
    ReadMark {
        room_id: "general".into(),
        user_id: user.into(),
        at: Timestamp::from_millis(1_700_000_000_000 + millis),
        seq: Some(seq),
    }
}

on_both! {
    async fn a_mark_never_goes_back(server: TestServer) {
        let stored = server.database.own("SELECT user_id || ' ' || seq FROM own.read_marker ORDER BY user_id");
        for (marks, expected) in [
            (vec![mark("alice", 2_000, 2), mark("bob", 2_000, 2)], ["alice 2", "bob 2"]),
            (vec![mark("alice", 1_000, 1), mark("bob", 3_000, 3)], ["alice 2", "bob 3"]),
            (vec![mark("alice", 1_999, 1), mark("bob", 2_999, 2)], ["alice 2", "bob 3"]),
            (vec![mark("alice", 2_001, 4), mark("bob", 3_000, 3)], ["alice 4", "bob 3"]),
        ] {
            advance(&server.db, marks).await.unwrap();
            assert_eq!(server.database.select(&stored).await, expected);
        }
    }
}
