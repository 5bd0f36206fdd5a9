//! Rows of our own table `room_detail`.

use diesel::{
    QueryableByName,
    sql_types::{Nullable, Text},
};
use serde_json::{Value, json};

use super::{
    checks::Checks,
    dialect::Dialect,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{Record, RoomDetail},
    chat::Result,
};

#[derive(QueryableByName)]
pub(super) struct RoomDetailRow {
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    topic: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    owner_id: Option<String>,
}

impl Exported for RoomDetail {
    type Row = RoomDetailRow;

    const TABLE: &'static str = "room_detail";
    const FROM: &'static str = "own.room_detail";
    const SELECT: &'static str = "t.room_id AS room_id, t.topic AS topic, t.owner_id AS owner_id";
    const JOINS: &'static str = r#"JOIN "Room" AS room ON CAST(room."id" AS TEXT) = t.room_id"#;
    const ORDER: &'static str = r#"t.room_id COLLATE "C""#;

    fn from_row(row: RoomDetailRow, _: &Dialect) -> Self {
        Self { room_id: row.room_id, topic: row.topic, owner_id: row.owner_id }
    }

    fn into_record(self) -> Record {
        Record::RoomDetail(self)
    }
}

impl Stored for RoomDetail {
    type Key = String;

    const FIELDS: Fields = &[("room_id", "TEXT"), ("topic", "TEXT"), ("owner_id", "TEXT")];
    const KEY_FIELDS: Fields = &[("room_id", "TEXT")];
    const KEY: &'static str = "t.room_id = new.room_id";
    const INSERT: &'static str = "INSERT INTO own.room_detail (room_id, topic, owner_id)
        SELECT new.room_id, new.topic, new.owner_id FROM $new WHERE true ON CONFLICT DO NOTHING";
    const UPDATE: Option<&'static str> = Some(
        "UPDATE own.room_detail AS t SET topic = new.topic, owner_id = new.owner_id
        FROM $new WHERE t.room_id = new.room_id",
    );

    fn from_record(record: Record) -> Option<Self> {
        if let Record::RoomDetail(detail) = record { Some(detail) } else { None }
    }

    fn key(&self) -> String {
        self.room_id.clone()
    }

    fn describe(&self) -> String {
        format!("topic and owner of room {:?}", self.room_id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        checks.own_id("roomId", &self.room_id)?;
        checks.own_text("topic", self.topic.as_deref().unwrap_or_default())?;
        self.owner_id.as_deref().map_or(Ok(()), |owner_id| checks.own_id("ownerId", owner_id))
    }

    fn document(&self, _: &Dialect) -> Value {
        json!({ "room_id": self.room_id, "topic": self.topic, "owner_id": self.owner_id })
    }

    fn key_document(&self) -> Value {
        json!({ "room_id": self.room_id })
    }

    fn is_same(&self, stored: &Self, _: &Dialect) -> bool {
        self == stored
    }
}
