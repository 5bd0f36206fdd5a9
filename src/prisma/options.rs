//! The choices of the person who asks for a mapping.

use std::collections::BTreeMap;

use super::roles::Uses;

/// The schema that the views are made in, if nobody names another.
pub const DEFAULT_SCHEMA: &str = "chatoxide_map";

/// The choices of the person who asks for a mapping.
#[derive(Debug)]
pub struct Options {
    /// The schema to make the views in.
    pub into: String,
    /// The schema that the team's tables are in, where the models name none.
    pub tables_in: String,
    /// Models and fields by their role.
    pub uses: Uses,
    /// SQL expressions by `Model.field`, for required columns.
    pub fills: BTreeMap<String, String>,
    /// Indexes on the team's tables are made, too.
    pub makes_indexes: bool,
    /// The name of the schema's file, for people.
    pub source: String,
}
