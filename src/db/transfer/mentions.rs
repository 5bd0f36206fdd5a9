//! Rows of our own table `mention`. The empty user stands for all members of the room.

use diesel::{QueryableByName, sql_types::Text};
use serde_json::{Value, json};

use super::{
    checks::{Checks, IdColumn},
    dialect::Dialect,
    millis,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{Mention, Record},
    chat::Result,
    db::moment::{Moment, MomentRow},
};

#[derive(QueryableByName)]
pub(super) struct MentionRow {
    #[diesel(sql_type = Text)]
    message_id: String,
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = Text)]
    sender_id: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Moment)]
    at: MomentRow,
}

impl Exported for Mention {
    type Row = MentionRow;

    const TABLE: &'static str = "mention";
    const FROM: &'static str = "own.mention";
    const SELECT: &'static str = "t.message_id AS message_id, t.user_id AS user_id, t.room_id AS room_id, t.sender_id AS sender_id, \
        t.kind AS kind, t.at AS at";
    const JOINS: &'static str = r#"JOIN "Message" AS message ON CAST(message."id" AS TEXT) = t.message_id
        JOIN "Room" AS home ON home."id" = message."roomId" JOIN "User" AS sender ON sender."id" = message."senderId"
        JOIN "Room" AS room ON CAST(room."id" AS TEXT) = t.room_id
        WHERE (t.user_id = '' OR EXISTS (SELECT 1 FROM "User" AS reader WHERE CAST(reader."id" AS TEXT) = t.user_id))"#;
    const ORDER: &'static str = r#"t.message_id COLLATE "C", t.user_id COLLATE "C""#;

    fn from_row(row: MentionRow, _: &Dialect) -> Self {
        let MentionRow { message_id, user_id, room_id, sender_id, kind, at } = row;
        Self { message_id, user_id, room_id, sender_id, kind, at: millis(at) }
    }

    fn into_record(self) -> Record {
        Record::Mention(self)
    }
}

impl Stored for Mention {
    type Key = (String, String);

    const FIELDS: Fields = &[
        ("message_id", "TEXT"),
        ("user_id", "TEXT"),
        ("room_id", "TEXT"),
        ("sender_id", "TEXT"),
        ("kind", "TEXT"),
        ("at", "TIMESTAMP"),
    ];
    const KEY_FIELDS: Fields = &[("message_id", "TEXT"), ("user_id", "TEXT")];
    const KEY: &'static str = "t.message_id = new.message_id AND t.user_id = new.user_id";
    const INSERT: &'static str = r#"INSERT INTO own.mention (message_id, user_id, room_id, sender_id, kind, at)
        SELECT new.message_id, new.user_id, new.room_id, new.sender_id, new.kind, new.at FROM $new
        WHERE EXISTS (SELECT 1 FROM "Message" WHERE "id" = CAST(new.message_id AS /*message*/TEXT))
            AND EXISTS (SELECT 1 FROM "Room" WHERE "id" = CAST(new.room_id AS /*room*/TEXT))
            AND (new.user_id = '' OR EXISTS (
                SELECT 1 FROM "User" AS reader WHERE CAST(reader."id" AS TEXT) = new.user_id
            ))
        ON CONFLICT DO NOTHING"#;
    const UPDATE: Option<&'static str> = Some(
        "UPDATE own.mention AS t SET room_id = new.room_id, sender_id = new.sender_id, kind = new.kind, at = new.at
        FROM $new WHERE t.message_id = new.message_id AND t.user_id = new.user_id",
    );
    const REFERS: bool = true;

    fn from_record(record: Record) -> Option<Self> {
        if let Record::Mention(row) = record { Some(row) } else { None }
    }

    fn key(&self) -> Self::Key {
        (self.message_id.clone(), self.user_id.clone())
    }

    fn describe(&self) -> String {
        format!("mention of {:?} in message {:?}", self.user_id, self.message_id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        let types = checks.facts().id_types();
        let user = IdColumn { table: "User", column: "id", is_uuid: types.users };
        let message = IdColumn { table: "Message", column: "id", is_uuid: types.messages };
        let room = IdColumn { table: "Room", column: "id", is_uuid: types.rooms };
        checks.id("messageId", &self.message_id, &message)?;
        checks.id("roomId", &self.room_id, &room)?;
        checks.id("senderId", &self.sender_id, &user)?;
        if !self.user_id.is_empty() {
            checks.id("userId", &self.user_id, &user)?;
        }
        checks.own_id("kind", &self.kind)?;
        checks.time("at", self.at)
    }

    fn document(&self, dialect: &Dialect) -> Value {
        json!({
            "message_id": self.message_id, "user_id": self.user_id, "room_id": self.room_id,
            "sender_id": self.sender_id, "kind": self.kind, "at": dialect.own_time(self.at),
        })
    }

    fn key_document(&self) -> Value {
        json!({ "message_id": self.message_id, "user_id": self.user_id })
    }

    fn is_same(&self, stored: &Self, _: &Dialect) -> bool {
        self == stored
    }
}
