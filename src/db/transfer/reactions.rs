//! Rows of `Reaction`.

use diesel::{QueryableByName, sql_types::Text};
use serde_json::{Value, json};

use super::{
    checks::{Checks, IdColumn},
    dialect::Dialect,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{Reaction, Record},
    chat::Result,
    db::ids::{MessageIdSql, ReactionIdSql, UserIdSql},
};

#[derive(QueryableByName)]
pub(super) struct ReactionRow {
    #[diesel(sql_type = ReactionIdSql)]
    id: String,
    #[diesel(sql_type = MessageIdSql)]
    message_id: String,
    #[diesel(sql_type = UserIdSql)]
    user_id: String,
    #[diesel(sql_type = Text)]
    emoji: String,
}

impl Exported for Reaction {
    type Row = ReactionRow;

    const TABLE: &'static str = "Reaction";
    const FROM: &'static str = r#""Reaction""#;
    const SELECT: &'static str =
        r#"t."id" AS id, t."messageId" AS message_id, t."userId" AS user_id, t."emoji" AS emoji"#;
    const JOINS: &'static str = r#"JOIN "Message" AS message ON message."id" = t."messageId"
        JOIN "Room" AS room ON room."id" = message."roomId" JOIN "User" AS sender ON sender."id" = message."senderId"
        JOIN "User" AS author ON author."id" = t."userId""#;
    const ORDER: &'static str = r#"CAST(t."id" AS TEXT) COLLATE "C""#;

    fn from_row(row: ReactionRow, _: &Dialect) -> Self {
        Self { id: row.id, message_id: row.message_id, user_id: row.user_id, emoji: row.emoji }
    }

    fn into_record(self) -> Record {
        Record::Reaction(self)
    }
}

impl Stored for Reaction {
    type Key = String;

    const FIELDS: Fields = &[("id", "TEXT"), ("message_id", "TEXT"), ("user_id", "TEXT"), ("emoji", "TEXT")];
    const KEY_FIELDS: Fields = &[("id", "TEXT")];
    const KEY: &'static str = r#"t."id" = CAST(new.id AS /*reaction*/TEXT)"#;
    const INSERT: &'static str = r#"INSERT INTO "Reaction" ("id", "messageId", "userId", "emoji")
        SELECT CAST(new.id AS /*reaction*/TEXT), CAST(new.message_id AS /*message*/TEXT),
            CAST(new.user_id AS /*user*/TEXT), new.emoji
        FROM $new WHERE true ON CONFLICT DO NOTHING"#;
    const UPDATE: Option<&'static str> = Some(
        r#"UPDATE "Reaction" AS t SET "messageId" = CAST(new.message_id AS /*message*/TEXT),
            "userId" = CAST(new.user_id AS /*user*/TEXT), "emoji" = new.emoji
        FROM $new WHERE t."id" = CAST(new.id AS /*reaction*/TEXT)"#,
    );

    fn from_record(record: Record) -> Option<Self> {
        if let Record::Reaction(reaction) = record { Some(reaction) } else { None }
    }

    fn key(&self) -> String {
        self.id.clone()
    }

    fn describe(&self) -> String {
        format!("reaction {:?}", self.id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        let types = checks.facts().id_types();
        let column = |column, is_uuid| IdColumn { table: "Reaction", column, is_uuid };
        checks.id("id", &self.id, &column("id", types.reactions))?;
        checks.id("messageId", &self.message_id, &column("messageId", types.messages))?;
        checks.id("userId", &self.user_id, &column("userId", types.users))?;
        checks.text("emoji", &self.emoji, ("Reaction", "emoji"))
    }

    fn document(&self, _: &Dialect) -> Value {
        json!({ "id": self.id, "message_id": self.message_id, "user_id": self.user_id, "emoji": self.emoji })
    }

    fn key_document(&self) -> Value {
        json!({ "id": self.id })
    }

    fn is_same(&self, stored: &Self, _: &Dialect) -> bool {
        self == stored
    }
}
