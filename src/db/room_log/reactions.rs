//! Reactions in the log's transaction: the statements that read and remove them, and their limits, for each message and
//! for each user on a message. Reactions above the limit that Node or SQL has added stay.

use std::collections::{HashMap, HashSet};

use diesel::{QueryResult, prelude::*, sqlite::SqliteConnection};
use serde_json::{Value, json};

use super::{Append, Change};
use crate::{
    chat::limits::{REACTIONS_OF_MESSAGE, REACTIONS_OF_USER},
    db::{reactions::ReactionRow, schema::reactions},
};

pub(super) const REACTIONS: &str = r#"
    WITH input (doc) AS (SELECT CAST($1 AS JSON)), found AS (
        SELECT reaction.* FROM input, json_array_elements_text(input.doc -> 'all_on') AS edited (id)
        JOIN "Reaction" AS reaction ON reaction."messageId" = edited.id
        UNION ALL
        SELECT reaction.* FROM input, json_to_recordset(input.doc -> 'single')
            AS wanted (message_id TEXT, user_id TEXT, emoji TEXT)
        JOIN "Reaction" AS reaction ON reaction."messageId" = wanted.message_id
            AND reaction."userId" = wanted.user_id AND reaction."emoji" = wanted.emoji
    )
    SELECT CAST(json_agg(json_build_array("id", "messageId", "userId", "emoji") ORDER BY "id") AS TEXT) FROM found"#;

pub(super) const DELETE_REACTIONS: &str = r#"
    WITH deleted AS (
        DELETE FROM "Reaction" WHERE "id" IN (SELECT json_array_elements_text(CAST($1 AS JSON))) RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM deleted"#;

pub(super) const DELETE_REACTIONS_ON: &str = r#"
    WITH deleted AS (
        DELETE FROM "Reaction" WHERE "messageId" IN (SELECT json_array_elements_text(CAST($1 AS JSON))) RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM deleted"#;

/// Message, user, number of reactions on the message, and of those by the user. Counting stops at the limit.
pub(super) type Count = (String, String, usize, usize);

/// Counts for each message and user in the document, which also has the limits.
pub(super) const REACTION_COUNTS: &str = r#"
    WITH input (doc) AS (SELECT CAST($1 AS JSON))
    SELECT CAST(json_agg(json_build_array(wanted.message_id, wanted.user_id, (
        SELECT count(*) FROM (
            SELECT FROM "Reaction" WHERE "messageId" = wanted.message_id LIMIT CAST(input.doc ->> 'of_message' AS BIGINT)
        ) AS on_it
    ), (
        SELECT count(*) FROM (
            SELECT FROM "Reaction" WHERE "messageId" = wanted.message_id AND "userId" = wanted.user_id
            LIMIT CAST(input.doc ->> 'of_user' AS BIGINT)
        ) AS theirs
    ))) AS TEXT) FROM input, json_to_recordset(input.doc -> 'wanted') AS wanted (message_id TEXT, user_id TEXT)"#;

/// The document of [`REACTION_COUNTS`]; none if the batch adds no reaction.
pub(super) fn counted_in(batch: &[Append]) -> Option<Value> {
    let target = |append: &Append| match &append.change {
        Change::React { message_id, .. } => Some((message_id.to_string(), append.actor_id.to_string())),
        _ => None,
    };
    let wanted: HashSet<(String, String)> = batch.iter().filter_map(target).collect();
    let wanted =
        wanted.iter().map(|(message_id, user_id)| json!({"message_id": message_id, "user_id": user_id}));
    let wanted: Vec<Value> = wanted.collect();
    let bounds =
        |wanted| json!({"wanted": wanted, "of_message": REACTIONS_OF_MESSAGE, "of_user": REACTIONS_OF_USER});
    (!wanted.is_empty()).then(|| bounds(wanted))
}

/// The numbers of reactions on the messages that a batch adds some to.
#[derive(Default)]
pub(super) struct ReactionCounts {
    on_message: HashMap<String, usize>,
    of_user: HashMap<(String, String), usize>,
}

impl ReactionCounts {
    pub(super) fn new(counts: Vec<Count>) -> Self {
        let mut all = Self::default();
        for (message_id, user_id, on_message, of_user) in counts {
            all.on_message.insert(message_id.clone(), on_message);
            all.of_user.insert((message_id, user_id), of_user);
        }
        all
    }

    /// True if this user may add another reaction to the message.
    pub(super) fn has_room(&self, append: &Append, message_id: &str) -> bool {
        let on_message = self.on_message.get(message_id).copied().unwrap_or(0);
        let of_user = self.of_user.get(&(message_id.to_owned(), append.actor_id.to_string()));
        on_message < REACTIONS_OF_MESSAGE && of_user.copied().unwrap_or(0) < REACTIONS_OF_USER
    }

    /// Counts a reaction that has been added or removed.
    pub(super) fn note(&mut self, append: &Append, message_id: &str, is_added: bool) {
        let of_user = self.of_user.get_mut(&(message_id.to_owned(), append.actor_id.to_string()));
        for count in self.on_message.get_mut(message_id).into_iter().chain(of_user) {
            *count = if is_added { *count + 1 } else { count.saturating_sub(1) };
        }
    }
}

/// True if the message, or this user on it, has as many reactions as are allowed. For SQLite.
pub(super) fn is_full(c: &mut SqliteConnection, row: &ReactionRow) -> QueryResult<bool> {
    let on_it = reactions::message_id.eq(&row.message_id);
    let on_message: i64 = reactions::table.filter(on_it).count().get_result(c)?;
    let theirs = reactions::table.filter(on_it.and(reactions::user_id.eq(&row.user_id)));
    let of_user: i64 = theirs.count().get_result(c)?;
    let reaches = |count: i64, bound: usize| usize::try_from(count).is_ok_and(|count| count >= bound);
    Ok(reaches(on_message, REACTIONS_OF_MESSAGE) || reaches(of_user, REACTIONS_OF_USER))
}
