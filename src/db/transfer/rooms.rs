//! Rows of `Room`, with the heads of their logs, which `heads.rs` writes.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};
use serde_json::{Value, json};

use super::{
    checks::{Checks, IdColumn},
    dialect::Dialect,
    millis,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{Head, Record, Room},
    chat::{Error, Result, room::RoomType},
    db::{
        ids::RoomIdSql,
        moment::{Moment, MomentRow},
        types::{RoomTypeRow, RoomTypeSql},
    },
};

#[derive(QueryableByName)]
pub(super) struct RoomRow {
    #[diesel(sql_type = RoomIdSql)]
    id: String,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = RoomTypeSql)]
    kind: RoomTypeRow,
    #[diesel(sql_type = Moment)]
    at: MomentRow,
    #[diesel(sql_type = Nullable<BigInt>)]
    head_seq: Option<i64>,
    #[diesel(sql_type = Nullable<Moment>)]
    head_at: Option<MomentRow>,
}

const TYPES: [RoomType; 3] = [RoomType::Public, RoomType::Private, RoomType::Direct];

impl Exported for Room {
    type Row = RoomRow;

    const TABLE: &'static str = "Room";
    const FROM: &'static str = r#""Room""#;
    const SELECT: &'static str = r#"t."id" AS id, t."name" AS name, t."type" AS kind, t."createdAt" AS at,
        (SELECT h.seq FROM own.room_head AS h WHERE h.room_id = CAST(t."id" AS TEXT)) AS head_seq,
        (SELECT h.at FROM own.room_head AS h WHERE h.room_id = CAST(t."id" AS TEXT)) AS head_at"#;
    const JOINS: &'static str = "";
    const ORDER: &'static str = r#"CAST(t."id" AS TEXT) COLLATE "C""#;

    fn from_row(row: RoomRow, _: &Dialect) -> Self {
        let name = row.name.unwrap_or_else(|| row.id.clone());
        let log = row.head_seq.zip(row.head_at).map(|(seq, at)| Head { seq, at: millis(at) });
        Self { id: row.id, name, kind: row.kind.text().to_owned(), created_at: millis(row.at), log }
    }

    fn into_record(self) -> Record {
        Record::Room(self)
    }
}

impl Stored for Room {
    type Key = String;

    const FIELDS: Fields = &[
        ("id", "TEXT"),
        ("name", "TEXT"),
        ("kind", "TEXT"),
        ("at", "TIMESTAMP"),
        ("head_seq", "BIGINT"),
        ("head_at", "TIMESTAMP"),
    ];
    const KEY_FIELDS: Fields = &[("id", "TEXT")];
    const KEY: &'static str = r#"t."id" = CAST(new.id AS /*room*/TEXT)"#;
    const INSERT: &'static str = r#"INSERT INTO "Room" ("id", "name", "type", "createdAt"/*, "updatedAt"*/)
        SELECT CAST(new.id AS /*room*/TEXT), new.name, CAST(new.kind AS "RoomType"), new.at/*, new.at*/
        FROM $new WHERE true ON CONFLICT DO NOTHING"#;
    const UPDATE: Option<&'static str> = Some(
        r#"UPDATE "Room" AS t SET "name" = new.name, "type" = CAST(new.kind AS "RoomType"), "createdAt" = new.at
        FROM $new WHERE t."id" = CAST(new.id AS /*room*/TEXT)"#,
    );

    fn from_record(record: Record) -> Option<Self> {
        if let Record::Room(room) = record { Some(room) } else { None }
    }

    fn key(&self) -> String {
        self.id.clone()
    }

    fn describe(&self) -> String {
        format!("room {:?}", self.id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        let is_uuid = checks.facts().id_types().rooms;
        checks.id("id", &self.id, &IdColumn { table: "Room", column: "id", is_uuid })?;
        checks.text("name", &self.name, ("Room", "name"))?;
        if TYPES.iter().all(|kind| RoomTypeRow(*kind).text() != self.kind) {
            return Err(Error::BadInput("type: expected one of public, private, direct".to_owned()));
        }
        if let Some(name) = checks.facts().columns().room_type.lacks(&self.kind) {
            return Err(Error::BadInput(format!("the database's {name} has no label {:?}", self.kind)));
        }
        if let Some(head) = &self.log {
            checks.seq("log.seq", head.seq, 0)?;
            checks.time("log.at", head.at)?;
        }
        checks.time("createdAt", self.created_at)
    }

    fn document(&self, dialect: &Dialect) -> Value {
        json!({
            "id": self.id, "name": self.name, "kind": dialect.columns.room_type.spell(&self.kind),
            "at": dialect.time(self.created_at), "head_seq": self.log.map(|head| head.seq),
            "head_at": self.log.map(|head| dialect.own_time(head.at)),
        })
    }

    fn key_document(&self) -> Value {
        json!({ "id": self.id })
    }

    /// The log is compared by `heads.rs`.
    fn is_same(&self, stored: &Self, _: &Dialect) -> bool {
        (&self.name, &self.kind, self.created_at) == (&stored.name, &stored.kind, stored.created_at)
    }
}
