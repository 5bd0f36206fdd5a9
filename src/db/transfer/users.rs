//! Rows of `User`.

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
    archive::record::{Record, User},
    chat::Result,
    db::{
        ids::UserIdSql,
        moment::{Moment, MomentRow},
        users::placeholder_email,
    },
};

#[derive(QueryableByName)]
pub(super) struct UserRow {
    #[diesel(sql_type = UserIdSql)]
    id: String,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    avatar: Option<String>,
    #[diesel(sql_type = Moment)]
    at: MomentRow,
}

impl Exported for User {
    type Row = UserRow;

    const TABLE: &'static str = "User";
    const FROM: &'static str = r#""User""#;
    const SELECT: &'static str =
        r#"t."id" AS id, t."name" AS name, t."email" AS email, t."avatar" AS avatar, t."createdAt" AS at"#;
    const JOINS: &'static str = "";
    const ORDER: &'static str = r#"CAST(t."id" AS TEXT) COLLATE "C""#;

    fn from_row(row: UserRow, _: &Dialect) -> Self {
        let name = row.name.unwrap_or_else(|| row.id.clone());
        let email = row.email.unwrap_or_else(|| placeholder_email(&row.id));
        Self { id: row.id, name, email, avatar: row.avatar, created_at: millis(row.at) }
    }

    fn into_record(self) -> Record {
        Record::User(self)
    }
}

impl Stored for User {
    type Key = String;

    const FIELDS: Fields =
        &[("id", "TEXT"), ("name", "TEXT"), ("email", "TEXT"), ("avatar", "TEXT"), ("at", "TIMESTAMP")];
    const KEY_FIELDS: Fields = &[("id", "TEXT")];
    const KEY: &'static str = r#"t."id" = CAST(new.id AS /*user*/TEXT)"#;
    const INSERT: &'static str = r#"INSERT INTO "User" ("id", "name", "email", "avatar", "createdAt"/*, "updatedAt"*/)
        SELECT CAST(new.id AS /*user*/TEXT), new.name, new.email, new.avatar, new.at/*, new.at*/
        FROM $new WHERE true ON CONFLICT DO NOTHING"#;
    const UPDATE: Option<&'static str> = Some(
        r#"UPDATE "User" AS t SET "name" = new.name, "email" = new.email, "avatar" = new.avatar, "createdAt" = new.at
        FROM $new WHERE t."id" = CAST(new.id AS /*user*/TEXT)"#,
    );

    fn from_record(record: Record) -> Option<Self> {
        if let Record::User(user) = record { Some(user) } else { None }
    }

    fn key(&self) -> String {
        self.id.clone()
    }

    fn describe(&self) -> String {
        format!("user {:?}", self.id)
    }

    fn check(&self, checks: &Checks<'_>) -> Result<()> {
        let is_uuid = checks.facts().id_types().users;
        checks.id("id", &self.id, &IdColumn { table: "User", column: "id", is_uuid })?;
        checks.text("name", &self.name, ("User", "name"))?;
        checks.text("email", &self.email, ("User", "email"))?;
        checks.text("avatar", self.avatar.as_deref().unwrap_or_default(), ("User", "avatar"))?;
        checks.time("createdAt", self.created_at)
    }

    fn document(&self, dialect: &Dialect) -> Value {
        json!({
            "id": self.id, "name": self.name, "email": self.email, "avatar": self.avatar,
            "at": dialect.time(self.created_at),
        })
    }

    fn key_document(&self) -> Value {
        json!({ "id": self.id })
    }

    fn is_same(&self, stored: &Self, _: &Dialect) -> bool {
        self == stored
    }

    /// As when a user signs in whose e-mail address belongs to somebody else.
    fn fallback(&self) -> Option<Self> {
        Some(Self { email: placeholder_email(&self.id), ..self.clone() })
    }
}
