//! Rows of our own table `user_setting`.

use diesel::{
    QueryableByName,
    sql_types::{Bool, Text},
};
use serde_json::{Value, json};

use super::{
    checks::Checks,
    dialect::Dialect,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{Record, UserSetting},
    chat::Result,
};

#[derive(QueryableByName)]
pub(super) struct UserSettingRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Bool)]
    has_private_reads: bool,
    #[diesel(sql_type = Bool)]
    hides_presence: bool,
}

impl Exported for UserSetting {
    type Row = UserSettingRow;

    const TABLE: &'static str = "user_setting";
    const FROM: &'static str = "own.user_setting";
    const SELECT: &'static str =
        "t.user_id AS user_id, t.has_private_reads AS has_private_reads, t.hides_presence AS hides_presence";
    const JOINS: &'static str = r#"JOIN "User" AS reader ON CAST(reader."id" AS TEXT) = t.user_id"#;
    const ORDER: &'static str = r#"t.user_id COLLATE "C""#;

    fn from_row(row: UserSettingRow, _: &Dialect) -> Self {
        Self { user_id: row.user_id, private_reads: row.has_private_reads, hide_presence: row.hides_presence }
    }

    fn into_record(self) -> Record {
        Record::UserSetting(self)
    }
}

impl Stored for UserSetting {
    type Key = String;

    const FIELDS: Fields =
        &[("user_id", "TEXT"), ("has_private_reads", "BOOLEAN"), ("hides_presence", "BOOLEAN")];
    const KEY_FIELDS: Fields = &[("user_id", "TEXT")];
    const KEY: &'static str = "t.user_id = new.user_id";
    const INSERT: &'static str = "INSERT INTO own.user_setting (user_id, has_private_reads, hides_presence)
        SELECT new.user_id, new.has_private_reads, new.hides_presence FROM $new WHERE true ON CONFLICT DO NOTHING";
    const UPDATE: Option<&'static str> = Some(
        "UPDATE own.user_setting AS t SET has_private_reads = new.has_private_reads,
        hides_presence = new.hides_presence
        FROM $new WHERE t.user_id = new.user_id",
    );

    fn from_record(record: Record) -> Option<Self> {
        if let Record::UserSetting(setting) = record { Some(setting) } else { None }
    }

    fn key(&self) -> String {
        self.user_id.clone()
    }

    fn describe(&self) -> String {
        format!("settings of {:?}", self.user_id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        checks.own_id("userId", &self.user_id)
    }

    fn document(&self, _: &Dialect) -> Value {
        json!({
            "user_id": self.user_id,
            "has_private_reads": self.private_reads,
            "hides_presence": self.hide_presence,
        })
    }

    fn key_document(&self) -> Value {
        json!({ "user_id": self.user_id })
    }

    fn is_same(&self, stored: &Self, _: &Dialect) -> bool {
        self == stored
    }
}
