//! Rows of our own table `mention_marker`.

use diesel::{QueryableByName, sql_types::Text};
use serde_json::{Value, json};

use super::{
    checks::{Checks, IdColumn},
    dialect::Dialect,
    millis,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{MentionMark, Record},
    chat::Result,
    db::moment::{Moment, MomentRow},
};

#[derive(QueryableByName)]
pub(super) struct MentionMarkRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Moment)]
    at: MomentRow,
}

impl Exported for MentionMark {
    type Row = MentionMarkRow;

    const TABLE: &'static str = "mention_marker";
    const FROM: &'static str = "own.mention_marker";
    const SELECT: &'static str = "t.user_id AS user_id, t.at AS at";
    const JOINS: &'static str = r#"JOIN "User" AS reader ON CAST(reader."id" AS TEXT) = t.user_id"#;
    const ORDER: &'static str = r#"t.user_id COLLATE "C""#;

    fn from_row(row: MentionMarkRow, _: &Dialect) -> Self {
        Self { user_id: row.user_id, at: millis(row.at) }
    }

    fn into_record(self) -> Record {
        Record::MentionMark(self)
    }
}

impl Stored for MentionMark {
    type Key = String;

    const FIELDS: Fields = &[("user_id", "TEXT"), ("at", "TIMESTAMP")];
    const KEY_FIELDS: Fields = &[("user_id", "TEXT")];
    const KEY: &'static str = "t.user_id = new.user_id";
    const INSERT: &'static str = r#"INSERT INTO own.mention_marker (user_id, at) SELECT new.user_id, new.at FROM $new
        WHERE EXISTS (SELECT 1 FROM "User" WHERE "id" = CAST(new.user_id AS /*user*/TEXT))
        ON CONFLICT DO NOTHING"#;
    const UPDATE: Option<&'static str> =
        Some("UPDATE own.mention_marker AS t SET at = new.at FROM $new WHERE t.user_id = new.user_id");
    const REFERS: bool = true;

    fn from_record(record: Record) -> Option<Self> {
        if let Record::MentionMark(row) = record { Some(row) } else { None }
    }

    fn key(&self) -> Self::Key {
        self.user_id.clone()
    }

    fn describe(&self) -> String {
        format!("mark of the inbox of {:?}", self.user_id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        let types = checks.facts().id_types();
        let user = IdColumn { table: "User", column: "id", is_uuid: types.users };
        checks.id("userId", &self.user_id, &user)?;
        checks.time("at", self.at)
    }

    fn document(&self, dialect: &Dialect) -> Value {
        json!({
            "user_id": self.user_id, "at": dialect.own_time(self.at),
        })
    }

    fn key_document(&self) -> Value {
        json!({ "user_id": self.user_id })
    }

    fn is_same(&self, stored: &Self, _: &Dialect) -> bool {
        self == stored
    }
}
