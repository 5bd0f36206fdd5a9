//! SQL types that the two databases write differently: the original's enums and its JSONB, which are text on SQLite.

use std::io::Write;

use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{SqlType, Text},
    sqlite::Sqlite,
};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::chat::{message::MessageType, room::RoomType};

#[derive(SqlType, QueryId)]
#[diesel(postgres_type(name = "RoomType"), sqlite_type(name = "Text"))]
pub struct RoomTypeSql;

#[derive(SqlType, QueryId)]
#[diesel(postgres_type(name = "MessageType"), sqlite_type(name = "Text"))]
pub struct MessageTypeSql;

/// JSONB on PostgreSQL; readable text on SQLite.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 3802, array_oid = 3807), sqlite_type(name = "Text"))]
pub struct JsonDoc;

/// Writes and reads an enum by the labels that it has in the original's database.
macro_rules! sql_enum {
    ($row:ident($inner:ty) as $sql:ty { $($variant:path => $text:literal),+ $(,)? }) => {
        #[derive(Clone, Copy, Debug, AsExpression, FromSqlRow)]
        #[diesel(sql_type = $sql)]
        pub struct $row(pub $inner);

        impl $row {
            /// The label in the database.
            pub(in crate::db) fn text(self) -> &'static str {
                match self.0 { $($variant => $text),+ }
            }

            fn parse(text: &[u8]) -> deserialize::Result<Self> {
                $(if text == $text.as_bytes() { return Ok(Self($variant)); })+
                Err(format!("unknown value {:?}", String::from_utf8_lossy(text)).into())
            }
        }

        /// Reads the label from JSON that PostgreSQL has built.
        impl<'de> Deserialize<'de> for $row {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(text.as_bytes()).map_err(de::Error::custom)
            }
        }

        impl ToSql<$sql, Pg> for $row {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                out.write_all(self.text().as_bytes())?;
                Ok(IsNull::No)
            }
        }

        impl ToSql<$sql, Sqlite> for $row {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                out.set_value(self.text());
                Ok(IsNull::No)
            }
        }

        impl FromSql<$sql, Pg> for $row {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                Self::parse(value.as_bytes())
            }
        }

        impl FromSql<$sql, Sqlite> for $row {
            fn from_sql(value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                Self::parse(<String as FromSql<Text, Sqlite>>::from_sql(value)?.as_bytes())
            }
        }
    };
}

sql_enum!(RoomTypeRow(RoomType) as RoomTypeSql {
    RoomType::Public => "public",
    RoomType::Private => "private",
    RoomType::Direct => "direct",
});

sql_enum!(MessageTypeRow(MessageType) as MessageTypeSql {
    MessageType::Text => "text",
    MessageType::Image => "image",
    MessageType::File => "file",
    MessageType::System => "system",
});

#[derive(Clone, Debug, AsExpression, FromSqlRow)]
#[diesel(sql_type = JsonDoc)]
pub struct JsonRow(pub Value);

/// The first byte of a JSONB value on the wire: its version.
const JSONB_VERSION: u8 = 1;

impl ToSql<JsonDoc, Pg> for JsonRow {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&[JSONB_VERSION])?;
        serde_json::to_writer(out, &self.0)?;
        Ok(IsNull::No)
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
        match value.as_bytes() {
            [JSONB_VERSION, json @ ..] => Ok(Self(serde_json::from_slice(json)?)),
            _ => Err("unknown version of JSONB".into()),
        }
    }
}

impl FromSql<JsonDoc, Sqlite> for JsonRow {
    fn from_sql(value: <Sqlite as diesel::backend::Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        let text = <String as FromSql<Text, Sqlite>>::from_sql(value)?;
        Ok(Self(serde_json::from_str(&text)?))
    }
}
