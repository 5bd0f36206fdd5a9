//! Reads table `Reaction`. Changes are made in `room_log`.

use diesel::{dsl, prelude::*};
use diesel_async::RunQueryDsl;

use super::{Db, ids::Id, on, schema::reactions};
use crate::{
    chat::{Result, id::MessageId},
    protocol::ReactionView,
};

#[derive(Clone, Debug, Queryable)]
pub struct ReactionRow {
    pub id: String,
    pub message_id: String,
    pub user_id: String,
    pub emoji: String,
}

type IsWhole = dsl::And<
    dsl::And<dsl::IsNotNull<reactions::id>, dsl::IsNotNull<reactions::user_id>>,
    dsl::IsNotNull<reactions::emoji>,
>;

/// The condition that a row is a reaction. A team's columns may take NULL: a reaction of nobody, or of nothing, is not shown.
pub(in crate::db) fn is_whole() -> IsWhole {
    reactions::id.is_not_null().and(reactions::user_id.is_not_null()).and(reactions::emoji.is_not_null())
}

impl From<ReactionRow> for ReactionView {
    fn from(row: ReactionRow) -> Self {
        Self { emoji: row.emoji.into(), user_id: row.user_id.into() }
    }
}

/// Returns a message's reactions in the order in which they were added (for those added here: their ids sort by time).
pub async fn list_of_message(db: &Db, message_id: &MessageId) -> Result<Vec<ReactionView>> {
    let rows: Vec<ReactionRow> = on!(db.readers, c => reactions::table
        .filter(reactions::message_id.eq(Id(message_id.as_str())).and(is_whole()))
        .order(reactions::id)
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(ReactionView::from).collect())
}
