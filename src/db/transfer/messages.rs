//! Rows of `Message`.

use diesel::{
    QueryableByName,
    sql_types::{Nullable, Text},
};
use serde_json::{Value, json};

use super::{
    checks::{Checks, IdColumn},
    dialect::Dialect,
    json_text::{self, JsonText},
    millis,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{Message, Record},
    chat::{Error, Result, message::MessageType},
    db::{
        ids::{MessageIdSql, ReplyIdSql, RoomIdSql, UserIdSql},
        moment::{Moment, MomentRow},
        types::{JsonDoc, MessageTypeRow, MessageTypeSql},
    },
};

#[derive(QueryableByName)]
pub(super) struct MessageRow {
    #[diesel(sql_type = MessageIdSql)]
    id: String,
    #[diesel(sql_type = RoomIdSql)]
    room_id: String,
    #[diesel(sql_type = UserIdSql)]
    sender_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    content: Option<String>,
    #[diesel(sql_type = MessageTypeSql)]
    kind: MessageTypeRow,
    #[diesel(sql_type = JsonDoc)]
    metadata: JsonText,
    #[diesel(sql_type = Nullable<ReplyIdSql>)]
    reply_to: Option<String>,
    #[diesel(sql_type = Moment)]
    created_at: MomentRow,
    #[diesel(sql_type = Nullable<Moment>)]
    updated_at: Option<MomentRow>,
}

/// Where `updatedAt` is required, the time of creation there says that a message was not edited.
fn edited_at(updated_at: Option<i64>, created_at: i64, dialect: &Dialect) -> Option<i64> {
    updated_at.filter(|at| !dialect.columns.requires_updated_at("Message") || *at != created_at)
}

impl Exported for Message {
    type Row = MessageRow;

    const TABLE: &'static str = "Message";
    const FROM: &'static str = r#""Message""#;
    const SELECT: &'static str = r#"t."id" AS id, t."roomId" AS room_id, t."senderId" AS sender_id,
        t."content" AS content, t."type" AS kind, t."metadata" AS metadata, t."replyTo" AS reply_to, t."createdAt" AS created_at,
        t."updatedAt" AS updated_at"#;
    const JOINS: &'static str = r#"JOIN "Room" AS room ON room."id" = t."roomId"
        JOIN "User" AS sender ON sender."id" = t."senderId""#;
    const ORDER: &'static str = r#"CAST(t."id" AS TEXT) COLLATE "C""#;

    fn from_row(row: MessageRow, dialect: &Dialect) -> Self {
        let created_at = millis(row.created_at);
        Self {
            id: row.id,
            room_id: row.room_id,
            sender_id: row.sender_id,
            content: row.content.unwrap_or_default(),
            kind: row.kind.0.as_str().to_owned(),
            metadata: row.metadata.into_raw(),
            reply_to: row.reply_to,
            created_at,
            updated_at: edited_at(row.updated_at.map(millis), created_at, dialect),
        }
    }

    fn into_record(self) -> Record {
        Record::Message(self)
    }
}

impl Stored for Message {
    type Key = String;

    const FIELDS: Fields = &[
        ("id", "TEXT"),
        ("room_id", "TEXT"),
        ("sender_id", "TEXT"),
        ("content", "TEXT"),
        ("kind", "TEXT"),
        ("metadata", "TEXT"),
        ("reply_to", "TEXT"),
        ("created_at", "TIMESTAMP"),
        ("updated_at", "TIMESTAMP"),
    ];
    const KEY_FIELDS: Fields = &[("id", "TEXT")];
    const KEY: &'static str = r#"t."id" = CAST(new.id AS /*message*/TEXT)"#;
    const INSERT: &'static str = r#"INSERT INTO "Message"
            ("id", "roomId", "senderId", "content", "type", "metadata", "replyTo", "createdAt", "updatedAt")
        SELECT CAST(new.id AS /*message*/TEXT), CAST(new.room_id AS /*room*/TEXT), CAST(new.sender_id AS /*user*/TEXT),
            new.content, CAST(new.kind AS "MessageType"), CAST(new.metadata AS JSONB),
            CAST(new.reply_to AS /*reply*/TEXT), new.created_at, new.updated_at
        FROM $new WHERE true ON CONFLICT DO NOTHING"#;
    const UPDATE: Option<&'static str> = Some(
        r#"UPDATE "Message" AS t SET "roomId" = CAST(new.room_id AS /*room*/TEXT),
            "senderId" = CAST(new.sender_id AS /*user*/TEXT), "content" = new.content,
            "type" = CAST(new.kind AS "MessageType"), "metadata" = CAST(new.metadata AS JSONB),
            "replyTo" = CAST(new.reply_to AS /*reply*/TEXT), "createdAt" = new.created_at, "updatedAt" = new.updated_at
        FROM $new WHERE t."id" = CAST(new.id AS /*message*/TEXT)"#,
    );

    fn from_record(record: Record) -> Option<Self> {
        if let Record::Message(message) = record { Some(message) } else { None }
    }

    fn key(&self) -> String {
        self.id.clone()
    }

    fn describe(&self) -> String {
        format!("message {:?}", self.id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        let types = checks.facts().id_types();
        let column = |column, is_uuid| IdColumn { table: "Message", column, is_uuid };
        checks.id("id", &self.id, &column("id", types.messages))?;
        checks.id("roomId", &self.room_id, &column("roomId", types.rooms))?;
        checks.id("senderId", &self.sender_id, &column("senderId", types.users))?;
        checks.text("content", &self.content, ("Message", "content"))?;
        checks.own_id("type", &self.kind)?;
        checks.text("type", &self.kind, ("Message", "type"))?;
        if let Some(name) = checks.facts().columns().message_type.lacks(&self.kind) {
            return Err(Error::BadInput(format!("the database's {name} has no label {:?}", self.kind)));
        }
        checks.metadata(self.metadata.get())?;
        match self.reply_to.as_deref() {
            None | Some("") => {}
            Some(reply_to) => checks.id("replyTo", reply_to, &column("replyTo", types.replies))?,
        }
        checks.time("createdAt", self.created_at)?;
        self.updated_at.map_or(Ok(()), |at| checks.time("updatedAt", at))
    }

    fn document(&self, dialect: &Dialect) -> Value {
        let is_required = dialect.columns.requires_updated_at("Message");
        let updated_at = self.updated_at.or(is_required.then_some(self.created_at));
        json!({
            "id": self.id, "room_id": self.room_id, "sender_id": self.sender_id, "content": self.content,
            "kind": dialect.columns.message_type.spell(&self.kind), "metadata": self.metadata.get(),
            "reply_to": self.reply_to, "created_at": dialect.time(self.created_at),
            "updated_at": updated_at.map(|at| dialect.time(at)),
        })
    }

    fn key_document(&self) -> Value {
        json!({ "id": self.id })
    }

    fn is_same(&self, stored: &Self, dialect: &Dialect) -> bool {
        (&self.room_id, &self.sender_id, &self.content)
            == (&stored.room_id, &stored.sender_id, &stored.content)
            && MessageType::from_label(&self.kind) == MessageType::from_label(&stored.kind)
            && json_text::is_same(&self.metadata, &stored.metadata)
            && (&self.reply_to, self.created_at) == (&stored.reply_to, stored.created_at)
            && edited_at(self.updated_at, self.created_at, dialect) == stored.updated_at
    }
}
