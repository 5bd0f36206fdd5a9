//! Rows of our own table `thread_reply`.

use diesel::{
    QueryableByName,
    sql_types::{Bool, Text},
};
use serde_json::{Value, json};

use super::{
    checks::{Checks, IdColumn},
    dialect::Dialect,
    millis,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{Record, ThreadReply},
    chat::{Error, Result},
    db::moment::{Moment, MomentRow},
};

#[derive(QueryableByName)]
pub(super) struct ThreadReplyRow {
    #[diesel(sql_type = Text)]
    message_id: String,
    #[diesel(sql_type = Text)]
    root_id: String,
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = Text)]
    sender_id: String,
    #[diesel(sql_type = Bool)]
    is_in_room: bool,
    #[diesel(sql_type = Bool)]
    is_gone: bool,
    #[diesel(sql_type = Moment)]
    at: MomentRow,
}

impl Exported for ThreadReply {
    type Row = ThreadReplyRow;

    const TABLE: &'static str = "thread_reply";
    const FROM: &'static str = "own.thread_reply";
    const SELECT: &'static str = r#"t.message_id AS message_id, t.root_id AS root_id, t.room_id AS room_id, t.sender_id AS sender_id,
        t.is_in_room AS is_in_room, t.at AS at, t.is_gone OR NOT EXISTS (
            SELECT 1 FROM "Message" AS message JOIN "Room" AS home ON home."id" = message."roomId"
            JOIN "User" AS sender ON sender."id" = message."senderId"
            WHERE message."id" = CAST(t.message_id AS /*message*/TEXT)
        ) AS is_gone"#;
    const JOINS: &'static str = r#"JOIN "Room" AS room ON CAST(room."id" AS TEXT) = t.room_id"#;
    const ORDER: &'static str = r#"t.message_id COLLATE "C""#;

    fn from_row(row: ThreadReplyRow, _: &Dialect) -> Self {
        let ThreadReplyRow { message_id, root_id, room_id, sender_id, is_in_room: also_to_room, is_gone, at } =
            row;
        Self { message_id, root_id, room_id, sender_id, also_to_room, at: millis(at), is_gone }
    }

    fn into_record(self) -> Record {
        Record::ThreadReply(self)
    }
}

impl Stored for ThreadReply {
    type Key = String;

    const FIELDS: Fields = &[
        ("message_id", "TEXT"),
        ("root_id", "TEXT"),
        ("room_id", "TEXT"),
        ("sender_id", "TEXT"),
        ("is_in_room", "BOOLEAN"),
        ("is_gone", "BOOLEAN"),
        ("at", "TIMESTAMP"),
    ];
    const KEY_FIELDS: Fields = &[("message_id", "TEXT")];
    const KEY: &'static str = "t.message_id = new.message_id";
    const INSERT: &'static str = r#"INSERT INTO own.thread_reply (message_id, root_id, room_id, sender_id, is_in_room, is_gone, at)
        SELECT new.message_id, new.root_id, new.room_id, new.sender_id, new.is_in_room, new.is_gone, new.at FROM $new
        WHERE (new.is_gone OR EXISTS (SELECT 1 FROM "Message" WHERE "id" = CAST(new.message_id AS /*message*/TEXT)))
            AND EXISTS (SELECT 1 FROM "Room" WHERE "id" = CAST(new.room_id AS /*room*/TEXT))
        ON CONFLICT DO NOTHING"#;
    const UPDATE: Option<&'static str> = Some(
        "UPDATE own.thread_reply AS t SET root_id = new.root_id, room_id = new.room_id, sender_id = new.sender_id,
            is_in_room = new.is_in_room, is_gone = new.is_gone, at = new.at
        FROM $new WHERE t.message_id = new.message_id",
    );
    const REFERS: bool = true;

    fn from_record(record: Record) -> Option<Self> {
        if let Record::ThreadReply(row) = record { Some(row) } else { None }
    }

    fn key(&self) -> Self::Key {
        self.message_id.clone()
    }

    fn describe(&self) -> String {
        format!("thread of message {:?}", self.message_id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        let types = checks.facts().id_types();
        let user = IdColumn { table: "User", column: "id", is_uuid: types.users };
        let message = IdColumn { table: "Message", column: "id", is_uuid: types.messages };
        let room = IdColumn { table: "Room", column: "id", is_uuid: types.rooms };
        checks.id("messageId", &self.message_id, &message)?;
        checks.id("rootId", &self.root_id, &message)?;
        checks.id("roomId", &self.room_id, &room)?;
        checks.id("senderId", &self.sender_id, &user)?;
        if self.root_id == self.message_id {
            return Err(Error::BadInput("rootId is the message itself".to_owned()));
        }
        checks.time("at", self.at)
    }

    fn document(&self, dialect: &Dialect) -> Value {
        json!({
            "message_id": self.message_id, "root_id": self.root_id, "room_id": self.room_id,
            "sender_id": self.sender_id, "is_in_room": self.also_to_room, "is_gone": self.is_gone,
            "at": dialect.own_time(self.at),
        })
    }

    fn key_document(&self) -> Value {
        json!({ "message_id": self.message_id })
    }

    fn is_same(&self, stored: &Self, _: &Dialect) -> bool {
        self == stored
    }
}
