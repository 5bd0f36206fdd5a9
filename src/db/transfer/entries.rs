//! Rows of our own table `room_log`.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use serde_json::{Value, json};

use super::{
    checks::Checks,
    dialect::Dialect,
    millis,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{Entry, Record},
    chat::Result,
    db::moment::{Moment, MomentRow},
};

#[derive(QueryableByName)]
pub(super) struct EntryRow {
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    message_id: String,
    #[diesel(sql_type = Text)]
    actor_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    client_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    body: Option<String>,
    #[diesel(sql_type = Moment)]
    at: MomentRow,
}

impl Exported for Entry {
    type Row = EntryRow;

    const TABLE: &'static str = "room_log";
    const FROM: &'static str = "own.room_log";
    const SELECT: &'static str =
        "t.room_id AS room_id, t.seq AS seq, t.kind AS kind, t.message_id AS message_id,
        t.actor_id AS actor_id, t.client_id AS client_id, t.body AS body, t.at AS at";
    const JOINS: &'static str = r#"JOIN "Room" AS room ON CAST(room."id" AS TEXT) = t.room_id"#;
    const ORDER: &'static str = r#"t.room_id COLLATE "C", t.seq"#;

    fn from_row(row: EntryRow, _: &Dialect) -> Self {
        Self {
            room_id: row.room_id,
            seq: row.seq,
            kind: row.kind,
            message_id: row.message_id,
            actor_id: row.actor_id,
            client_id: row.client_id,
            body: row.body,
            at: millis(row.at),
        }
    }

    fn into_record(self) -> Record {
        Record::Entry(self)
    }
}

impl Stored for Entry {
    type Key = (String, i64);

    const FIELDS: Fields = &[
        ("room_id", "TEXT"),
        ("seq", "BIGINT"),
        ("kind", "TEXT"),
        ("message_id", "TEXT"),
        ("actor_id", "TEXT"),
        ("client_id", "TEXT"),
        ("body", "TEXT"),
        ("at", "TIMESTAMP"),
    ];
    const KEY_FIELDS: Fields = &[("room_id", "TEXT"), ("seq", "BIGINT")];
    const KEY: &'static str = "t.room_id = new.room_id AND t.seq = new.seq";

    /// An entry behind the head of its room's log would collide with the next one of the server.
    const INSERT: &'static str =
        "INSERT INTO own.room_log (room_id, seq, kind, message_id, actor_id, client_id, body, at)
        SELECT new.room_id, new.seq, new.kind, new.message_id, new.actor_id, new.client_id, new.body, new.at FROM $new
        WHERE EXISTS (SELECT 1 FROM own.room_head AS h WHERE h.room_id = new.room_id AND h.seq >= new.seq)
        ON CONFLICT DO NOTHING";

    const UPDATE: Option<&'static str> = None;
    const IS_VITAL: bool = true;

    fn from_record(record: Record) -> Option<Self> {
        if let Record::Entry(entry) = record { Some(entry) } else { None }
    }

    fn key(&self) -> (String, i64) {
        (self.room_id.clone(), self.seq)
    }

    fn describe(&self) -> String {
        format!("entry {} of the log of room {:?}", self.seq, self.room_id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        checks.own_id("roomId", &self.room_id)?;
        checks.seq("seq", self.seq, 1)?;
        checks.own_id("kind", &self.kind)?;
        // An entry about the room itself names no message.
        if !self.message_id.is_empty() {
            checks.own_id("messageId", &self.message_id)?;
        }
        // The author of another program's change may be unknown.
        if !self.actor_id.is_empty() {
            checks.own_id("actorId", &self.actor_id)?;
        }
        self.client_id.as_deref().map_or(Ok(()), |client_id| checks.own_id("clientId", client_id))?;
        checks.own_text("body", self.body.as_deref().unwrap_or_default())?;
        checks.time("at", self.at)
    }

    fn document(&self, dialect: &Dialect) -> Value {
        json!({
            "room_id": self.room_id, "seq": self.seq, "kind": self.kind, "message_id": self.message_id,
            "actor_id": self.actor_id, "client_id": self.client_id, "body": self.body,
            "at": dialect.own_time(self.at),
        })
    }

    fn key_document(&self) -> Value {
        json!({ "room_id": self.room_id, "seq": self.seq })
    }

    fn is_same(&self, stored: &Self, _: &Dialect) -> bool {
        self == stored
    }

    /// The client id stands in another entry of the database: a log without a gap matters more.
    fn fallback(&self) -> Option<Self> {
        self.client_id.as_ref().map(|_| Self { client_id: None, ..self.clone() })
    }
}
