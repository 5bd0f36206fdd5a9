//! Rows of PostgreSQL's catalog.

use diesel::{
    QueryableByName,
    sql_types::{Bool, Integer, Nullable, Text},
};

#[derive(QueryableByName)]
pub(super) struct Relation {
    #[diesel(sql_type = Text)]
    pub(super) name: String,
    /// A bit set of the commands that the relation supports, including by triggers.
    #[diesel(sql_type = Integer)]
    pub(super) takes: i32,
    #[diesel(sql_type = Bool)]
    pub(super) may_delete: bool,
    #[diesel(sql_type = Bool)]
    pub(super) has_row_security: bool,
    #[diesel(sql_type = Bool)]
    pub(super) is_table: bool,
}

#[derive(QueryableByName)]
pub(super) struct ColumnRow {
    #[diesel(sql_type = Text)]
    pub(super) relation: String,
    #[diesel(sql_type = Text)]
    pub(super) name: String,
    #[diesel(sql_type = Text)]
    pub(super) type_name: String,
    /// For a domain, that of its base type.
    #[diesel(sql_type = Text)]
    pub(super) base_type: String,
    #[diesel(sql_type = Bool)]
    pub(super) is_nullable: bool,
    #[diesel(sql_type = Bool)]
    pub(super) has_default: bool,
    #[diesel(sql_type = Bool)]
    pub(super) is_generated: bool,
    #[diesel(sql_type = Bool)]
    pub(super) may_select: bool,
    #[diesel(sql_type = Bool)]
    pub(super) may_insert: bool,
    #[diesel(sql_type = Bool)]
    pub(super) may_update: bool,
    /// The most characters that the column takes; none if unlimited.
    #[diesel(sql_type = Nullable<Integer>)]
    pub(super) most: Option<i32>,
}

#[derive(QueryableByName)]
pub(super) struct Name {
    #[diesel(sql_type = Text)]
    pub(super) name: String,
}
