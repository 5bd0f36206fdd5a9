//! SQL types of ids, one for each kind of row. They are text, or, where a team has `@db.Uuid`, UUID on PostgreSQL: such an
//! id is then bound as a UUID, so that its index serves, and is read as text.
//!
//! Diesel asks for the type of a bound value, and for its bytes, without a way to pass them anything. So a query runs in the
//! scope of the types that its database has: [`IdTypes::scope`].

use std::fmt;

use diesel::{
    deserialize::{self, FromSql},
    expression::AsExpression,
    pg::{Pg, PgTypeMetadata, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{HasSqlType, SqlType, Text},
    sqlite::Sqlite,
};
use uuid::Uuid;

use crate::chat::Error;

tokio::task_local! {
    static ID_TYPES: IdTypes;
}

/// The kinds of rows whose ids are UUIDs by the type of their columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IdTypes {
    pub users: bool,
    pub rooms: bool,
    pub messages: bool,
    pub reactions: bool,
    /// `Message.replyTo`
    pub replies: bool,
}

impl IdTypes {
    /// Runs a query whose ids are of these types.
    pub(super) async fn scope<T>(self, query: impl Future<Output = T>) -> T {
        ID_TYPES.scope(self, query).await
    }

    pub(super) fn current() -> Self {
        ID_TYPES.try_with(|types| *types).unwrap_or_default()
    }

    /// The cast to each kind of id in a statement, and whether that is to a UUID.
    pub(super) fn each(self) -> [(&'static str, bool); 5] {
        [
            ("/*user*/TEXT", self.users),
            ("/*room*/TEXT", self.rooms),
            ("/*message*/TEXT", self.messages),
            ("/*reaction*/TEXT", self.reactions),
            ("/*reply*/TEXT", self.replies),
        ]
    }
}

/// An id in a query.
#[derive(Clone, Copy, Debug, AsExpression)]
#[diesel(sql_type = UserIdSql)]
#[diesel(sql_type = RoomIdSql)]
#[diesel(sql_type = MessageIdSql)]
#[diesel(sql_type = ReactionIdSql)]
#[diesel(sql_type = ReplyIdSql)]
pub struct Id<'a>(pub &'a str);

/// True if the text is a UUID as PostgreSQL writes it. Other spellings of one are not taken: each id has one text.
pub fn is_uuid(text: &str) -> bool {
    let mut buffer = Uuid::encode_buffer();
    Uuid::try_parse(text).is_ok_and(|uuid| *uuid.hyphenated().encode_lower(&mut buffer) == *text)
}

/// A text that is no UUID, where ids of this kind are UUIDs. There is no row of this id.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotUuid(Kind);

#[derive(Clone, Copy, Debug)]
enum Kind {
    User,
    Room,
    Message,
    Reaction,
    Reply,
}

impl fmt::Display for NotUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id is not a UUID")
    }
}

impl std::error::Error for NotUuid {}

impl From<NotUuid> for Error {
    fn from(NotUuid(kind): NotUuid) -> Self {
        match kind {
            Kind::User => Error::UserNotFound,
            Kind::Room => Error::RoomNotFound,
            Kind::Message | Kind::Reaction => Error::MessageNotFound,
            Kind::Reply => Error::BadInput("replyTo: expected a UUID, as the database has them".to_owned()),
        }
    }
}

const UUID: (u32, u32) = (2950, 2951);
const TEXT: (u32, u32) = (25, 1009);

fn read(value: PgValue<'_>) -> deserialize::Result<String> {
    if value.get_oid().get() == UUID.0 {
        return Ok(Uuid::from_slice(value.as_bytes())?.to_string());
    }
    <String as FromSql<Text, Pg>>::from_sql(value)
}

fn write(text: &str, is_uuid_column: bool, kind: Kind, out: &mut Output<'_, '_, Pg>) -> serialize::Result {
    use std::io::Write;
    match (is_uuid_column, text) {
        (false, text) => out.write_all(text.as_bytes())?,
        // The bound below all ids.
        (true, "") => out.write_all(Uuid::nil().as_bytes())?,
        (true, text) if is_uuid(text) => out.write_all(Uuid::try_parse(text)?.as_bytes())?,
        (true, _) => return Err(NotUuid(kind).into()),
    }
    Ok(IsNull::No)
}

macro_rules! id_type {
    ($sql:ident, $field:ident, $kind:ident) => {
        #[derive(Clone, Copy, Debug, SqlType, QueryId)]
        #[diesel(sqlite_type(name = "Text"))]
        pub struct $sql;

        impl HasSqlType<$sql> for Pg {
            fn metadata(_: &mut Self::MetadataLookup) -> PgTypeMetadata {
                let (oid, array_oid) = if IdTypes::current().$field { UUID } else { TEXT };
                PgTypeMetadata::new(oid, array_oid)
            }
        }

        impl FromSql<$sql, Pg> for String {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                read(value)
            }
        }

        impl FromSql<$sql, Sqlite> for String {
            fn from_sql(
                value: <Sqlite as diesel::backend::Backend>::RawValue<'_>,
            ) -> deserialize::Result<Self> {
                <String as FromSql<Text, Sqlite>>::from_sql(value)
            }
        }

        impl ToSql<$sql, Pg> for str {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                write(self, IdTypes::current().$field, Kind::$kind, out)
            }
        }

        impl ToSql<$sql, Sqlite> for str {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                <str as ToSql<Text, Sqlite>>::to_sql(self, out)
            }
        }

        impl ToSql<$sql, Pg> for String {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <str as ToSql<$sql, Pg>>::to_sql(self, out)
            }
        }

        impl ToSql<$sql, Sqlite> for String {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                <str as ToSql<Text, Sqlite>>::to_sql(self, out)
            }
        }

        impl ToSql<$sql, Pg> for Id<'_> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <str as ToSql<$sql, Pg>>::to_sql(self.0, out)
            }
        }

        impl ToSql<$sql, Sqlite> for Id<'_> {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
                <str as ToSql<Text, Sqlite>>::to_sql(self.0, out)
            }
        }
    };
}

id_type!(UserIdSql, users, User);
id_type!(RoomIdSql, rooms, Room);
id_type!(MessageIdSql, messages, Message);
id_type!(ReactionIdSql, reactions, Reaction);
id_type!(ReplyIdSql, replies, Reply);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_one_text() {
        assert!(is_uuid("019a3f2e-7c1b-7000-8000-00000000002a"));
        for text in [
            "",
            "alice",
            "019A3F2E-7C1B-7000-8000-00000000002A",
            "019a3f2e7c1b7000800000000000002a",
            "{019a3f2e-7c1b-7000-8000-00000000002a}",
            "urn:uuid:019a3f2e-7c1b-7000-8000-00000000002a",
        ] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
