//! Checks the values of a row that is to be imported, so that the line at fault is known before the database refuses it.

use crate::{
    chat::{Error, Result, json::Json, limits::Limits},
    db::{facts::Facts, ids::is_uuid},
};

/// The times of the years 1 to 9999, which both databases store as text, in milliseconds since 1970.
pub(super) const TIMES: std::ops::RangeInclusive<i64> = -62_135_596_800_000..=253_402_300_799_999;

/// The greatest number of an entry. JavaScript counts exactly to twice of it.
pub(super) const MAX_SEQ: i64 = 1 << 52;

/// The most levels of metadata: as many as the server reads back.
const METADATA_DEPTH: usize = 120;

pub(super) struct Checks<'a> {
    facts: &'a Facts,
    limits: Limits,
}

/// A column, and whether it takes UUIDs only.
pub(super) struct IdColumn {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) is_uuid: bool,
}

impl<'a> Checks<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        let limits = Limits { metadata_depth: METADATA_DEPTH, ..Limits::default() };
        Self { facts, limits }
    }

    pub(super) fn facts(&self) -> &Facts {
        self.facts
    }

    /// An id of a row, which is to be stored in this column.
    pub(super) fn id(&self, name: &str, id: &str, column: &IdColumn) -> Result<()> {
        self.limits.ensure_id(name, id)?;
        if column.is_uuid && !is_uuid(id) {
            return Err(Error::BadInput(format!("{name} is no UUID, as the ids of the database are")));
        }
        self.facts.ensure_fits(column.table, column.column, id)
    }

    /// A text of any length, which is to be stored in this column.
    pub(super) fn text(&self, name: &str, text: &str, (table, column): (&str, &str)) -> Result<()> {
        self.own_text(name, text)?;
        self.facts.ensure_fits(table, column, text)
    }

    /// A text for one of our own tables.
    pub(super) fn own_text(&self, name: &str, text: &str) -> Result<()> {
        match text.contains('\0') {
            true => Err(Error::BadInput(format!(
                "{name} contains the character U+0000, which no database stores"
            ))),
            false => Ok(()),
        }
    }

    /// An id in one of our own tables.
    pub(super) fn own_id(&self, name: &str, id: &str) -> Result<()> {
        self.limits.ensure_id(name, id)
    }

    /// A status of a user. How long an emoji may be is a setting, so that is not compared.
    pub(super) fn status(&self, text: Option<&str>, emoji: Option<&str>) -> Result<()> {
        self.limits.ensure_status(text, None)?;
        emoji.map_or(Ok(()), |emoji| self.own_id("statusEmoji", emoji))
    }

    pub(super) fn time(&self, name: &str, millis: i64) -> Result<()> {
        match TIMES.contains(&millis) {
            true => Ok(()),
            false => Err(Error::BadInput(format!("{name} is not within the years 1 to 9999"))),
        }
    }

    pub(super) fn seq(&self, name: &str, seq: i64, least: i64) -> Result<()> {
        match (least..=MAX_SEQ).contains(&seq) {
            true => Ok(()),
            false => Err(Error::BadInput(format!("{name} is not a number from {least} to {MAX_SEQ}"))),
        }
    }

    pub(super) fn metadata(&self, json: &str) -> Result<()> {
        let Json(metadata) = serde_json::from_str(json)
            .map_err(|error| Error::BadInput(format!("metadata cannot be read back: {error}")))?;
        self.limits.ensure_metadata(&metadata)
    }
}
