//! Rows of our own table `read_marker`.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text},
};
use serde_json::{Value, json};

use super::{
    checks::Checks,
    dialect::Dialect,
    millis,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{ReadMark, Record, UnreadFrom},
    chat::Result,
    db::moment::{Moment, MomentRow},
};

#[derive(QueryableByName)]
pub(super) struct ReadMarkRow {
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Moment)]
    at: MomentRow,
    #[diesel(sql_type = Bool)]
    is_start: bool,
    #[diesel(sql_type = Nullable<Moment>)]
    unread_at: Option<MomentRow>,
    #[diesel(sql_type = Nullable<Text>)]
    unread_id: Option<String>,
}

impl Exported for ReadMark {
    type Row = ReadMarkRow;

    const TABLE: &'static str = "read_marker";
    const FROM: &'static str = "own.read_marker";
    const SELECT: &'static str = "t.room_id AS room_id, t.user_id AS user_id, t.seq AS seq, t.at AS at, \
        t.is_start AS is_start, t.unread_at AS unread_at, t.unread_id AS unread_id";
    const JOINS: &'static str = r#"JOIN "Room" AS room ON CAST(room."id" AS TEXT) = t.room_id
        JOIN "User" AS reader ON CAST(reader."id" AS TEXT) = t.user_id"#;
    const ORDER: &'static str = r#"t.room_id COLLATE "C", t.user_id COLLATE "C""#;

    fn from_row(row: ReadMarkRow, _: &Dialect) -> Self {
        let unread_from = row
            .unread_at
            .zip(row.unread_id)
            .map(|(at, message_id)| UnreadFrom { at: millis(at), message_id });
        let ReadMarkRow { room_id, user_id, seq, is_start, .. } = row;
        Self { room_id, user_id, seq, at: millis(row.at), is_start, unread_from }
    }

    fn into_record(self) -> Record {
        Record::ReadMark(self)
    }
}

impl Stored for ReadMark {
    type Key = (String, String);

    const FIELDS: Fields = &[
        ("room_id", "TEXT"),
        ("user_id", "TEXT"),
        ("seq", "BIGINT"),
        ("at", "TIMESTAMP"),
        ("is_start", "BOOLEAN"),
        ("unread_at", "TIMESTAMP"),
        ("unread_id", "TEXT"),
    ];
    const KEY_FIELDS: Fields = &[("room_id", "TEXT"), ("user_id", "TEXT")];
    const KEY: &'static str = "t.room_id = new.room_id AND t.user_id = new.user_id";
    const INSERT: &'static str = "INSERT INTO own.read_marker (room_id, user_id, seq, at, is_start, unread_at, unread_id)
        SELECT new.room_id, new.user_id, new.seq, new.at, new.is_start, new.unread_at, new.unread_id FROM $new WHERE true ON CONFLICT DO NOTHING";
    const UPDATE: Option<&'static str> = Some(
        "UPDATE own.read_marker AS t SET seq = new.seq, at = new.at, is_start = new.is_start,
            unread_at = new.unread_at, unread_id = new.unread_id
        FROM $new WHERE t.room_id = new.room_id AND t.user_id = new.user_id",
    );

    fn from_record(record: Record) -> Option<Self> {
        if let Record::ReadMark(mark) = record { Some(mark) } else { None }
    }

    fn key(&self) -> (String, String) {
        (self.room_id.clone(), self.user_id.clone())
    }

    fn describe(&self) -> String {
        format!("read mark of {:?} in room {:?}", self.user_id, self.room_id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        checks.own_id("roomId", &self.room_id)?;
        checks.own_id("userId", &self.user_id)?;
        checks.seq("seq", self.seq, 0)?;
        if let Some(from) = &self.unread_from {
            checks.time("unreadFrom.at", from.at)?;
            checks.own_text("unreadFrom.messageId", &from.message_id)?;
        }
        checks.time("at", self.at)
    }

    fn document(&self, dialect: &Dialect) -> Value {
        json!({
            "room_id": self.room_id, "user_id": self.user_id, "seq": self.seq, "at": dialect.own_time(self.at),
            "is_start": self.is_start,
            "unread_at": self.unread_from.as_ref().map(|from| dialect.own_time(from.at)),
            "unread_id": self.unread_from.as_ref().map(|from| &from.message_id),
        })
    }

    fn key_document(&self) -> Value {
        json!({ "room_id": self.room_id, "user_id": self.user_id })
    }

    fn is_same(&self, stored: &Self, _: &Dialect) -> bool {
        self == stored
    }
}
