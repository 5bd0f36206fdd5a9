//! Times of the original's tables. SQLite has no type for them: a file has them as text, or, where Prisma wrote it, as
//! milliseconds since 1970 or as ISO text. All are read, and are written as the file has them.

use chrono::{DateTime, NaiveDateTime};
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    query_builder::QueryId,
    serialize::{self, IsNull, Output, ToSql},
    sql_types::{SqlOrd, SqlType, Timestamp as SqlTimestamp},
    sqlite::{Sqlite, SqliteType},
};

use crate::chat::timestamp::Timestamp;

type LiteValue<'a> = <Sqlite as diesel::backend::Backend>::RawValue<'a>;

/// TIMESTAMP or TIMESTAMPTZ on PostgreSQL, where the session's zone is UTC.
#[derive(SqlType, QueryId)]
#[diesel(postgres_type(oid = 1114, array_oid = 1115), sqlite_type(name = "Text"))]
pub struct Moment;

impl SqlOrd for Moment {}

/// How a SQLite file has its times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeFormat {
    /// `2026-01-31 09:05:07.042`, as chatoxide's own files have it.
    #[default]
    Plain,
    /// `2026-01-31T09:05:07.042Z`
    Zulu,
    /// `2026-01-31T09:05:07.042+00:00`
    Offset,
    /// Milliseconds since 1970, as an integer.
    Millis,
}

impl TimeFormat {
    /// The format of a value that is stored: its SQLite type and its text.
    pub fn of(sqlite_type: &str, text: &str) -> Self {
        match sqlite_type {
            "integer" | "real" => Self::Millis,
            _ if !text.contains('T') => Self::Plain,
            _ if text.ends_with('Z') => Self::Zulu,
            _ => Self::Offset,
        }
    }

    /// The expression, on SQLite, of a time of our own tables in this format.
    pub fn of_own(self, column: &str) -> String {
        match self {
            Self::Plain => column.to_owned(),
            Self::Zulu => format!("strftime('%Y-%m-%dT%H:%M:%fZ', {column})"),
            Self::Offset => format!("strftime('%Y-%m-%dT%H:%M:%f+00:00', {column})"),
            Self::Millis => format!(
                "(CAST(strftime('%s', {column}) AS INTEGER) * 1000 + CAST(substr(strftime('%f', {column}), 4) AS INTEGER))"
            ),
        }
    }
}

/// A time with the format in which SQLite is to store it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Moment)]
pub struct MomentRow {
    pub at: NaiveDateTime,
    pub format: TimeFormat,
}

impl From<NaiveDateTime> for MomentRow {
    fn from(at: NaiveDateTime) -> Self {
        Self { at, format: TimeFormat::Plain }
    }
}

impl From<MomentRow> for Timestamp {
    fn from(row: MomentRow) -> Self {
        row.at.into()
    }
}

/// The time that an unreadable one, or none, stands for.
fn none() -> MomentRow {
    Timestamp::from_millis(0).naive().into()
}

fn from_millis(millis: i64) -> MomentRow {
    Timestamp::from_millis(millis).naive().into()
}

fn parse(text: &str) -> MomentRow {
    let plain = |format| NaiveDateTime::parse_from_str(text, format).ok();
    let zoned = |format| Some(DateTime::parse_from_str(text, format).ok()?.naive_utc());
    plain("%F %T%.f")
        .or_else(|| zoned("%FT%T%.f%:z"))
        .or_else(|| plain("%FT%T%.fZ"))
        .or_else(|| zoned("%F %T%.f%:z"))
        .or_else(|| plain("%FT%T%.f"))
        .map_or_else(|| text.parse().map_or_else(|_| none(), from_millis), MomentRow::from)
}

impl FromSql<Moment, Pg> for MomentRow {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        // `infinity`, and other times that no clock shows, are the last or the first that can be shown.
        let is_negative = value.as_bytes().first().is_some_and(|byte| *byte >= 0x80);
        let at = <NaiveDateTime as FromSql<SqlTimestamp, Pg>>::from_sql(value);
        Ok(at.map_or_else(|_| from_millis(if is_negative { i64::MIN } else { i64::MAX }), Self::from))
    }

    fn from_nullable_sql(value: Option<PgValue<'_>>) -> deserialize::Result<Self> {
        value.map_or_else(|| Ok(none()), <Self as FromSql<Moment, Pg>>::from_sql)
    }
}

impl FromSql<Moment, Sqlite> for MomentRow {
    fn from_sql(mut value: LiteValue<'_>) -> deserialize::Result<Self> {
        Ok(match value.value_type() {
            Some(SqliteType::Long | SqliteType::Double) => from_millis(value.read_long()),
            _ => parse(value.read_text()),
        })
    }

    fn from_nullable_sql(value: Option<LiteValue<'_>>) -> deserialize::Result<Self> {
        value.map_or_else(|| Ok(none()), <Self as FromSql<Moment, Sqlite>>::from_sql)
    }
}

impl ToSql<Moment, Pg> for MomentRow {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <NaiveDateTime as ToSql<SqlTimestamp, Pg>>::to_sql(&self.at, out)
    }
}

impl MomentRow {
    /// The text that SQLite stores. A column of times has a numeric affinity: it stores a text of milliseconds as an
    /// integer, and compares with it as one.
    pub(in crate::db) fn sqlite_text(&self) -> String {
        match self.format {
            // As diesel writes times: milliseconds only where there are any.
            TimeFormat::Plain => self.at.format("%F %T%.f").to_string(),
            TimeFormat::Zulu => self.at.format("%FT%T%.3fZ").to_string(),
            TimeFormat::Offset => self.at.format("%FT%T%.3f+00:00").to_string(),
            TimeFormat::Millis => Timestamp::from(self.at).millis().to_string(),
        }
    }
}

impl ToSql<Moment, Sqlite> for MomentRow {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.sqlite_text());
        Ok(IsNull::No)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_in_any_format_that_prisma_or_sqlite_writes() {
        for (text, format) in [
            ("2026-01-31 09:05:07.042", TimeFormat::Plain),
            ("2026-01-31T09:05:07.042Z", TimeFormat::Zulu),
            ("2026-01-31T09:05:07.042+00:00", TimeFormat::Offset),
            ("2026-01-31T10:05:07.042+01:00", TimeFormat::Offset),
            ("2026-01-31 09:05:07.042+00:00", TimeFormat::Plain),
            ("1769850307042", TimeFormat::Plain),
        ] {
            assert_eq!(Timestamp::from(parse(text)).millis(), 1_769_850_307_042, "{text}");
            assert_eq!(TimeFormat::of("text", text), format, "{text}");
        }
        assert_eq!(parse("2026-01-31 09:05:07").at, parse("2026-01-31T09:05:07.000Z").at);
        assert_eq!(parse("yesterday"), none());
        assert_eq!(TimeFormat::of("integer", "1769850307042"), TimeFormat::Millis);
    }
}
