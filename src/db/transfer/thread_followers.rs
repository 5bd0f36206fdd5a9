//! Rows of our own table `thread_follower`.

use diesel::{
    QueryableByName,
    sql_types::{Bool, Nullable, Text},
};
use serde_json::{Value, json};

use super::{
    checks::{Checks, IdColumn},
    dialect::Dialect,
    millis,
    stored::{Exported, Fields, Stored},
};
use crate::{
    archive::record::{Record, ThreadFollower},
    chat::Result,
    db::moment::{Moment, MomentRow},
};

#[derive(QueryableByName)]
pub(super) struct ThreadFollowerRow {
    #[diesel(sql_type = Text)]
    root_id: String,
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = Nullable<Bool>)]
    follows: Option<bool>,
    #[diesel(sql_type = Moment)]
    read_at: MomentRow,
    #[diesel(sql_type = Text)]
    read_id: String,
}

impl Exported for ThreadFollower {
    type Row = ThreadFollowerRow;

    const TABLE: &'static str = "thread_follower";
    const FROM: &'static str = "own.thread_follower";
    const SELECT: &'static str = "t.root_id AS root_id, t.user_id AS user_id, t.room_id AS room_id, t.follows AS follows, \
        t.read_at AS read_at, t.read_id AS read_id";
    const JOINS: &'static str = r#"JOIN "Room" AS room ON CAST(room."id" AS TEXT) = t.room_id
        JOIN "User" AS reader ON CAST(reader."id" AS TEXT) = t.user_id"#;
    const ORDER: &'static str = r#"t.root_id COLLATE "C", t.user_id COLLATE "C""#;

    fn from_row(row: ThreadFollowerRow, _: &Dialect) -> Self {
        let ThreadFollowerRow { root_id, user_id, room_id, follows, read_at, read_id } = row;
        Self { root_id, user_id, room_id, follows, read_at: millis(read_at), read_id }
    }

    fn into_record(self) -> Record {
        Record::ThreadFollower(self)
    }
}

impl Stored for ThreadFollower {
    type Key = (String, String);

    const FIELDS: Fields = &[
        ("root_id", "TEXT"),
        ("user_id", "TEXT"),
        ("room_id", "TEXT"),
        ("follows", "BOOLEAN"),
        ("read_at", "TIMESTAMP"),
        ("read_id", "TEXT"),
    ];
    const KEY_FIELDS: Fields = &[("root_id", "TEXT"), ("user_id", "TEXT")];
    const KEY: &'static str = "t.root_id = new.root_id AND t.user_id = new.user_id";
    const INSERT: &'static str = r#"INSERT INTO own.thread_follower (root_id, user_id, room_id, follows, read_at, read_id)
        SELECT new.root_id, new.user_id, new.room_id, new.follows, new.read_at, new.read_id FROM $new
        WHERE EXISTS (SELECT 1 FROM "User" WHERE "id" = CAST(new.user_id AS /*user*/TEXT))
            AND EXISTS (SELECT 1 FROM "Room" WHERE "id" = CAST(new.room_id AS /*room*/TEXT))
        ON CONFLICT DO NOTHING"#;
    const UPDATE: Option<&'static str> = Some(
        "UPDATE own.thread_follower AS t SET room_id = new.room_id, follows = new.follows, read_at = new.read_at,
            read_id = new.read_id
        FROM $new WHERE t.root_id = new.root_id AND t.user_id = new.user_id",
    );
    const REFERS: bool = true;

    fn from_record(record: Record) -> Option<Self> {
        if let Record::ThreadFollower(row) = record { Some(row) } else { None }
    }

    fn key(&self) -> Self::Key {
        (self.root_id.clone(), self.user_id.clone())
    }

    fn describe(&self) -> String {
        format!("follower {:?} of thread {:?}", self.user_id, self.root_id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        let types = checks.facts().id_types();
        let user = IdColumn { table: "User", column: "id", is_uuid: types.users };
        let message = IdColumn { table: "Message", column: "id", is_uuid: types.messages };
        let room = IdColumn { table: "Room", column: "id", is_uuid: types.rooms };
        checks.id("rootId", &self.root_id, &message)?;
        checks.id("userId", &self.user_id, &user)?;
        checks.id("roomId", &self.room_id, &room)?;
        if !self.read_id.is_empty() {
            checks.own_id("readId", &self.read_id)?;
        }
        checks.time("readAt", self.read_at)
    }

    fn document(&self, dialect: &Dialect) -> Value {
        json!({
            "root_id": self.root_id, "user_id": self.user_id, "room_id": self.room_id, "follows": self.follows,
            "read_at": dialect.own_time(self.read_at), "read_id": self.read_id,
        })
    }

    fn key_document(&self) -> Value {
        json!({ "root_id": self.root_id, "user_id": self.user_id })
    }

    fn is_same(&self, stored: &Self, _: &Dialect) -> bool {
        self == stored
    }
}
