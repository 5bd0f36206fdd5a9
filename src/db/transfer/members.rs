//! Rows of `_RoomMembers`.

use diesel::QueryableByName;
use serde_json::{Value, json};

use super::{
    checks::{Checks, IdColumn},
    dialect::Dialect,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{Member, Record},
    chat::Result,
    db::ids::{RoomIdSql, UserIdSql},
};

#[derive(QueryableByName)]
pub(super) struct MemberRow {
    #[diesel(sql_type = RoomIdSql)]
    room_id: String,
    #[diesel(sql_type = UserIdSql)]
    user_id: String,
}

impl Exported for Member {
    type Row = MemberRow;

    const TABLE: &'static str = "_RoomMembers";
    const FROM: &'static str = r#""_RoomMembers""#;
    const SELECT: &'static str = r#"t."A" AS room_id, t."B" AS user_id"#;
    const JOINS: &'static str =
        r#"JOIN "Room" AS room ON room."id" = t."A" JOIN "User" AS member ON member."id" = t."B""#;
    const ORDER: &'static str = r#"CAST(t."A" AS TEXT) COLLATE "C", CAST(t."B" AS TEXT) COLLATE "C""#;

    fn from_row(row: MemberRow, _: &Dialect) -> Self {
        Self { room_id: row.room_id, user_id: row.user_id }
    }

    fn into_record(self) -> Record {
        Record::Member(self)
    }
}

impl Stored for Member {
    type Key = (String, String);

    const FIELDS: Fields = &[("room_id", "TEXT"), ("user_id", "TEXT")];
    const KEY_FIELDS: Fields = Self::FIELDS;
    const KEY: &'static str =
        r#"t."A" = CAST(new.room_id AS /*room*/TEXT) AND t."B" = CAST(new.user_id AS /*user*/TEXT)"#;
    const INSERT: &'static str = r#"INSERT INTO "_RoomMembers" ("A", "B")
        SELECT CAST(new.room_id AS /*room*/TEXT), CAST(new.user_id AS /*user*/TEXT)
        FROM $new WHERE true ON CONFLICT DO NOTHING"#;
    const UPDATE: Option<&'static str> = None;

    fn from_record(record: Record) -> Option<Self> {
        if let Record::Member(member) = record { Some(member) } else { None }
    }

    fn key(&self) -> (String, String) {
        (self.room_id.clone(), self.user_id.clone())
    }

    fn describe(&self) -> String {
        format!("member {:?} of room {:?}", self.user_id, self.room_id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        let types = checks.facts().id_types();
        let room = IdColumn { table: "_RoomMembers", column: "A", is_uuid: types.rooms };
        checks.id("roomId", &self.room_id, &room)?;
        let user = IdColumn { table: "_RoomMembers", column: "B", is_uuid: types.users };
        checks.id("userId", &self.user_id, &user)
    }

    fn document(&self, _: &Dialect) -> Value {
        self.key_document()
    }

    fn key_document(&self) -> Value {
        json!({ "room_id": self.room_id, "user_id": self.user_id })
    }

    fn is_same(&self, _: &Self, _: &Dialect) -> bool {
        true
    }
}
