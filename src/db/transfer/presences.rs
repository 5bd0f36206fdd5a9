//! Rows of our own table `user_presence`.

use diesel::{
    QueryableByName,
    sql_types::{Nullable, Text},
};
use serde_json::{Value, json};

use super::{
    checks::{Checks, IdColumn},
    dialect::Dialect,
    millis,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{Presence, Record},
    chat::Result,
    db::moment::{Moment, MomentRow},
};

#[derive(QueryableByName)]
pub(super) struct PresenceRow {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Nullable<Moment>)]
    last_seen: Option<MomentRow>,
    #[diesel(sql_type = Nullable<Text>)]
    status_text: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    status_emoji: Option<String>,
    #[diesel(sql_type = Nullable<Moment>)]
    clear_at: Option<MomentRow>,
}

impl Exported for Presence {
    type Row = PresenceRow;

    const TABLE: &'static str = "user_presence";
    const FROM: &'static str = "own.user_presence";
    const SELECT: &'static str = "t.user_id AS user_id, t.last_seen AS last_seen, t.status_text AS status_text, \
        t.status_emoji AS status_emoji, t.clear_at AS clear_at";
    const JOINS: &'static str = r#"JOIN "User" AS reader ON CAST(reader."id" AS TEXT) = t.user_id"#;
    const ORDER: &'static str = r#"t.user_id COLLATE "C""#;

    fn from_row(row: PresenceRow, _: &Dialect) -> Self {
        let PresenceRow { user_id, last_seen, status_text, status_emoji, clear_at } = row;
        let (last_seen, clear_at) = (last_seen.map(millis), clear_at.map(millis));
        Self { user_id, last_seen, status_text, status_emoji, clear_at }
    }

    fn into_record(self) -> Record {
        Record::Presence(self)
    }
}

impl Stored for Presence {
    type Key = String;

    const FIELDS: Fields = &[
        ("user_id", "TEXT"),
        ("last_seen", "TIMESTAMP"),
        ("status_text", "TEXT"),
        ("status_emoji", "TEXT"),
        ("clear_at", "TIMESTAMP"),
    ];
    const KEY_FIELDS: Fields = &[("user_id", "TEXT")];
    const KEY: &'static str = "t.user_id = new.user_id";
    const INSERT: &'static str = r#"INSERT INTO own.user_presence (user_id, last_seen, status_text, status_emoji, clear_at)
        SELECT new.user_id, new.last_seen, new.status_text, new.status_emoji, new.clear_at FROM $new
        WHERE EXISTS (SELECT 1 FROM "User" WHERE "id" = CAST(new.user_id AS /*user*/TEXT))
        ON CONFLICT DO NOTHING"#;
    const UPDATE: Option<&'static str> = Some(
        "UPDATE own.user_presence AS t SET last_seen = CASE
                WHEN t.last_seen > new.last_seen THEN t.last_seen ELSE coalesce(new.last_seen, t.last_seen)
            END, status_text = new.status_text,
            status_emoji = new.status_emoji, clear_at = new.clear_at
        FROM $new WHERE t.user_id = new.user_id",
    );
    const REFERS: bool = true;

    fn from_record(record: Record) -> Option<Self> {
        if let Record::Presence(row) = record { Some(row) } else { None }
    }

    fn key(&self) -> Self::Key {
        self.user_id.clone()
    }

    fn describe(&self) -> String {
        format!("presence of {:?}", self.user_id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        let types = checks.facts().id_types();
        let user = IdColumn { table: "User", column: "id", is_uuid: types.users };
        checks.id("userId", &self.user_id, &user)?;
        let (text, emoji) = (self.status_text.as_deref(), self.status_emoji.as_deref());
        checks.status(text, emoji)?;
        for (name, at) in [("lastSeen", self.last_seen), ("clearAt", self.clear_at)] {
            at.map_or(Ok(()), |at| checks.time(name, at))?;
        }
        Ok(())
    }

    fn document(&self, dialect: &Dialect) -> Value {
        json!({
            "user_id": self.user_id, "last_seen": self.last_seen.map(|at| dialect.own_time(at)),
            "status_text": self.status_text, "status_emoji": self.status_emoji,
            "clear_at": self.clear_at.map(|at| dialect.own_time(at)),
        })
    }

    fn key_document(&self) -> Value {
        json!({ "user_id": self.user_id })
    }

    /// A user who has been online since then is no conflict.
    fn is_same(&self, stored: &Self, _: &Dialect) -> bool {
        stored.last_seen >= self.last_seen && *self == Self { last_seen: self.last_seen, ..stored.clone() }
    }
}
