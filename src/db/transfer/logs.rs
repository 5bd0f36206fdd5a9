//! Rows of our own table `room_head`: the ends of rooms' logs.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Text},
};

use super::{dialect::Dialect, stored::Exported};
use crate::archive::record::{Log, Record};

#[derive(QueryableByName)]
pub(super) struct LogRow {
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    complete_from: i64,
}

impl Exported for Log {
    type Row = LogRow;

    const TABLE: &'static str = "room_head";
    const FROM: &'static str = "own.room_head";
    const SELECT: &'static str = "t.room_id AS room_id, t.seq AS seq, t.complete_from AS complete_from";
    const JOINS: &'static str = r#"JOIN "Room" AS room ON CAST(room."id" AS TEXT) = t.room_id"#;
    const ORDER: &'static str = r#"t.room_id COLLATE "C""#;

    fn from_row(row: LogRow, _: &Dialect) -> Self {
        Self { room_id: row.room_id, seq: row.seq, complete_from: row.complete_from }
    }

    fn into_record(self) -> Record {
        Record::Log(self)
    }
}
