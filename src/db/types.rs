//! SQL types of the columns that teams declare in several ways: the original's enums may be texts or have labels of
//! other spellings, and JSONB may be JSON or text. A NULL, or a label that is not known, never makes a row unreadable.

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{SqlType, Text},
    sqlite::Sqlite,
};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::chat::{json::Json, message::MessageType, room::RoomType};

type LiteValue<'a> = <Sqlite as diesel::backend::Backend>::RawValue<'a>;

/// A label of `Room.type`: only read. On PostgreSQL an enum of any name has the bytes of its label, as a text has.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 25, array_oid = 1009), sqlite_type(name = "Text"))]
pub struct RoomTypeSql;

/// A label of `Message.type`: written only on SQLite.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 25, array_oid = 1009), sqlite_type(name = "Text"))]
pub struct MessageTypeSql;

/// JSONB, JSON or text on PostgreSQL; readable text on SQLite. Written only on SQLite.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 3802, array_oid = 3807), sqlite_type(name = "Text"))]
pub struct JsonDoc;

/// Text that is read as empty if it is NULL.
#[derive(FromSqlRow)]
pub struct TextOrEmpty(String);

impl From<TextOrEmpty> for String {
    fn from(text: TextOrEmpty) -> Self {
        text.0
    }
}

/// The type of a room. An unknown label, or none, is read as private: members only, which is the most private type whose
/// members may still invite others and leave.
#[derive(Clone, Copy, Debug, FromSqlRow)]
pub struct RoomTypeRow(pub RoomType);

impl RoomTypeRow {
    /// The label in the original's database.
    pub(in crate::db) fn text(self) -> &'static str {
        self.0.as_str()
    }

    fn parse(label: &[u8]) -> Self {
        let types = [RoomType::Public, RoomType::Direct].map(RoomTypeRow);
        let is_label = |row: &RoomTypeRow| row.text().as_bytes().eq_ignore_ascii_case(label);
        types.into_iter().find(is_label).unwrap_or_default()
    }
}

impl Default for RoomTypeRow {
    fn default() -> Self {
        Self(RoomType::Private)
    }
}

/// The type of a message. An unknown label is kept as it is, and none is the default.
#[derive(Clone, Debug, Default, AsExpression, FromSqlRow)]
#[diesel(sql_type = MessageTypeSql)]
pub struct MessageTypeRow(pub MessageType);

impl MessageTypeRow {
    fn parse(label: &[u8]) -> Self {
        Self(MessageType::from_label(&String::from_utf8_lossy(label)))
    }
}

/// Reads the label from JSON that PostgreSQL has built.
impl<'de> Deserialize<'de> for MessageTypeRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::deserialize(deserializer)?.unwrap_or_default()))
    }
}

impl ToSql<MessageTypeSql, Sqlite> for MessageTypeRow {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_str());
        Ok(IsNull::No)
    }
}

#[derive(Clone, Debug, AsExpression, FromSqlRow)]
#[diesel(sql_type = JsonDoc)]
pub struct JsonRow(pub Value);

/// The first byte of a JSONB value on the wire: its version.
pub(in crate::db) const JSONB_VERSION: u8 = 1;
pub(in crate::db) const JSONB_OID: u32 = 3802;

impl Default for JsonRow {
    fn default() -> Self {
        Self(Value::Object(Map::new()))
    }
}

impl JsonRow {
    /// Reads JSON from any text. An empty text is `{}`, and one that is no JSON, or that is nested too deep or has a number
    /// that is too large, is a JSON text: no row makes a room unreadable.
    pub(in crate::db) fn parse(text: &[u8]) -> Self {
        match text {
            [] => Self::default(),
            text => {
                let read = serde_json::from_slice(text).map(|Json(value)| value);
                Self(read.unwrap_or_else(|_| String::from_utf8_lossy(text).into()))
            }
        }
    }
}

impl ToSql<JsonDoc, Sqlite> for JsonRow {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_string());
        Ok(IsNull::No)
    }
}

impl FromSql<JsonDoc, Pg> for JsonRow {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        match (value.get_oid().get(), value.as_bytes()) {
            (JSONB_OID, [JSONB_VERSION, json @ ..]) => Ok(Self::parse(json)),
            (JSONB_OID, _) => Err("unknown version of JSONB".into()),
            (_, text) => Ok(Self::parse(text)),
        }
    }

    fn from_nullable_sql(value: Option<PgValue<'_>>) -> deserialize::Result<Self> {
        value.map_or_else(|| Ok(Self::default()), <Self as FromSql<JsonDoc, Pg>>::from_sql)
    }
}

impl FromSql<JsonDoc, Sqlite> for JsonRow {
    fn from_sql(mut value: LiteValue<'_>) -> deserialize::Result<Self> {
        Ok(Self::parse(value.read_text().as_bytes()))
    }

    fn from_nullable_sql(value: Option<LiteValue<'_>>) -> deserialize::Result<Self> {
        value.map_or_else(|| Ok(Self::default()), <Self as FromSql<JsonDoc, Sqlite>>::from_sql)
    }
}

/// Reads a type from the bytes of its text on both databases, and its default from NULL.
macro_rules! read_by_text {
    ($($row:ident as $sql:ty),+) => {$(
        impl FromSql<$sql, Pg> for $row {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                Ok(Self::parse(value.as_bytes()))
            }

            fn from_nullable_sql(value: Option<PgValue<'_>>) -> deserialize::Result<Self> {
                Ok(value.map(|value| Self::parse(value.as_bytes())).unwrap_or_default())
            }
        }

        impl FromSql<$sql, Sqlite> for $row {
            fn from_sql(mut value: LiteValue<'_>) -> deserialize::Result<Self> {
                Ok(Self::parse(value.read_text().as_bytes()))
            }

            fn from_nullable_sql(value: Option<LiteValue<'_>>) -> deserialize::Result<Self> {
                Ok(value.map(|mut value| Self::parse(value.read_text().as_bytes())).unwrap_or_default())
            }
        }
    )+};
}
read_by_text!(RoomTypeRow as RoomTypeSql, MessageTypeRow as MessageTypeSql);

impl FromSql<Text, Pg> for TextOrEmpty {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <String as FromSql<Text, Pg>>::from_sql(value).map(Self)
    }

    fn from_nullable_sql(value: Option<PgValue<'_>>) -> deserialize::Result<Self> {
        value.map_or_else(|| Ok(Self(String::new())), <Self as FromSql<Text, Pg>>::from_sql)
    }
}

impl FromSql<Text, Sqlite> for TextOrEmpty {
    fn from_sql(value: LiteValue<'_>) -> deserialize::Result<Self> {
        <String as FromSql<Text, Sqlite>>::from_sql(value).map(Self)
    }

    fn from_nullable_sql(value: Option<LiteValue<'_>>) -> deserialize::Result<Self> {
        value.map_or_else(|| Ok(Self(String::new())), <Self as FromSql<Text, Sqlite>>::from_sql)
    }
}
