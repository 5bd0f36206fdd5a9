//! Rows of `Reaction` in the transaction of a batch, and their limits, for each message and for each user on a message.
//! Reactions above a limit that Node or SQL has added stay.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use diesel::{
    QueryResult,
    prelude::*,
    sqlite::{Sqlite, SqliteConnection},
};
use futures_util::future::join;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Write, ensure_written};
use crate::{
    chat::{
        Result,
        id::{MessageId, UserId},
        limits::{REACTIONS_OF_MESSAGE, REACTIONS_OF_USER},
    },
    db::{
        ids::Id,
        reactions::{ReactionRow, is_whole},
        room_log::session::Session,
        schema::reactions,
    },
    protocol::ReactionView,
};

const FIND: &str = r#"
    WITH input (doc) AS (SELECT CAST($1 AS JSON)), found AS (
        SELECT reaction.* FROM input, json_array_elements_text(input.doc -> 'all_of') AS edited (id)
        JOIN "Reaction" AS reaction ON reaction."messageId" = CAST(edited.id AS /*message*/TEXT)
            AND reaction."id" IS NOT NULL AND reaction."userId" IS NOT NULL AND reaction."emoji" IS NOT NULL
        UNION ALL
        SELECT reaction.* FROM input, json_to_recordset(input.doc -> 'single')
            AS wanted (message_id TEXT, user_id TEXT, emoji TEXT)
        JOIN "Reaction" AS reaction ON reaction."messageId" = CAST(wanted.message_id AS /*message*/TEXT)
            AND reaction."userId" = CAST(wanted.user_id AS /*user*/TEXT) AND reaction."emoji" = wanted.emoji
    )
    SELECT CAST(json_agg(json_build_array("id", "messageId", "userId", "emoji") ORDER BY "id") AS TEXT) FROM found"#;

/// Counts for each message and user in the document, which also has the limits. Counting stops at the limit.
const COUNT: &str = r#"
    WITH input (doc) AS (SELECT CAST($1 AS JSON))
    SELECT CAST(json_agg(json_build_array(wanted.message_id, wanted.user_id, (
        SELECT count(*) FROM (
            SELECT FROM "Reaction" WHERE "messageId" = CAST(wanted.message_id AS /*message*/TEXT)
            LIMIT CAST(input.doc ->> 'of_message' AS BIGINT)
        ) AS on_it
    ), (
        SELECT count(*) FROM (
            SELECT FROM "Reaction" WHERE "messageId" = CAST(wanted.message_id AS /*message*/TEXT)
                AND "userId" = CAST(wanted.user_id AS /*user*/TEXT)
            LIMIT CAST(input.doc ->> 'of_user' AS BIGINT)
        ) AS theirs
    ))) AS TEXT) FROM input, json_to_recordset(input.doc -> 'wanted') AS wanted (message_id TEXT, user_id TEXT)"#;

const DELETE: &str = r#"
    WITH deleted AS (
        DELETE FROM "Reaction"
        WHERE "id" IN (SELECT CAST(json_array_elements_text(CAST($1 AS JSON)) AS /*reaction*/TEXT)) RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM deleted"#;

const DELETE_OF_MESSAGES: &str = r#"
    WITH deleted AS (
        DELETE FROM "Reaction"
        WHERE "messageId" IN (SELECT CAST(json_array_elements_text(CAST($1 AS JSON)) AS /*message*/TEXT)) RETURNING 1
    )
    SELECT CAST(count(*) AS TEXT) FROM deleted"#;

const INSERT: &str = r#"
    WITH asked AS (
        SELECT * FROM json_to_recordset(CAST($1 AS JSON)) AS row (id TEXT, message_id TEXT, user_id TEXT, emoji TEXT)
    ), added AS (
        INSERT INTO "Reaction" ("id", "messageId", "userId", "emoji")
        SELECT CAST(id AS /*reaction*/TEXT), CAST(message_id AS /*message*/TEXT), CAST(user_id AS /*user*/TEXT), emoji
        FROM asked
        ON CONFLICT DO NOTHING RETURNING "messageId", "userId", "emoji"
    )
    SELECT CAST(count(*) AS TEXT) FROM added JOIN asked
        ON message_id = CAST("messageId" AS TEXT) AND user_id = CAST("userId" AS TEXT) AND asked.emoji = added."emoji""#;

/// The reactions that a batch needs: all of some messages, single ones, and the counts of those that it adds to.
#[derive(Default)]
pub(in super::super) struct ReactionNeeds {
    all_of: HashSet<MessageId>,
    single: HashSet<(MessageId, UserId, Arc<str>)>,
    counts: HashSet<(MessageId, UserId)>,
}

impl ReactionNeeds {
    pub(in super::super) fn add_all_of(&mut self, message_id: &MessageId) {
        self.all_of.insert(message_id.clone());
    }

    pub(in super::super) fn add(&mut self, message_id: &MessageId, user_id: &UserId, emoji: &Arc<str>) {
        self.single.insert((message_id.clone(), user_id.clone(), emoji.clone()));
    }

    /// Needs the number of reactions on the message, and of those by the user.
    pub(in super::super) fn add_counts(&mut self, message_id: &MessageId, user_id: &UserId) {
        self.counts.insert((message_id.clone(), user_id.clone()));
    }

    /// The single reactions that are not on a message whose reactions are all read.
    fn single(&self) -> impl Iterator<Item = &(MessageId, UserId, Arc<str>)> {
        self.single.iter().filter(|(message_id, ..)| !self.all_of.contains(message_id))
    }
}

/// Message, user, number of reactions on the message, and of those by the user.
type Count = (String, String, usize, usize);

#[derive(Default)]
pub(in super::super) struct Reactions {
    /// Reactions by message, in the order of their ids.
    rows: HashMap<String, Vec<ReactionRow>>,
    on_message: HashMap<String, usize>,
    of_user: HashMap<(String, String), usize>,
    /// The ids of the reactions that are in the database.
    stored: HashSet<String>,
    removed: Vec<String>,
    /// The messages whose reactions are all deleted.
    cleared: Vec<String>,
}

impl Reactions {
    fn new(rows: Vec<ReactionRow>, counts: Vec<Count>) -> Self {
        let mut all = Self::default();
        for row in rows {
            all.stored.insert(row.id.clone());
            all.rows.entry(row.message_id.clone()).or_default().push(row);
        }
        for (message_id, user_id, on_message, of_user) in counts {
            all.on_message.insert(message_id.clone(), on_message);
            all.of_user.insert((message_id, user_id), of_user);
        }
        all
    }

    /// The reactions on a message, if they were all needed.
    pub(in super::super) fn of_message(&self, message_id: &MessageId) -> &[ReactionRow] {
        self.rows.get(message_id.as_str()).map_or(&[], Vec::as_slice)
    }

    pub(in super::super) fn contains(&self, message_id: &MessageId, reaction: &ReactionView) -> bool {
        self.of_message(message_id).iter().any(|row| is_row_of(row, reaction))
    }

    /// True if the message, or this user on it, has as many reactions as are allowed.
    pub(in super::super) fn is_full(&self, message_id: &MessageId, user_id: &UserId) -> bool {
        let on_message = self.on_message.get(message_id.as_str());
        let of_user = self.of_user.get(&(message_id.to_string(), user_id.to_string()));
        on_message.is_some_and(|count| *count >= REACTIONS_OF_MESSAGE)
            || of_user.is_some_and(|count| *count >= REACTIONS_OF_USER)
    }

    pub(in super::super) fn add(&mut self, id: Uuid, message_id: &MessageId, reaction: &ReactionView) {
        let row = ReactionRow {
            id: id.to_string(),
            message_id: message_id.to_string(),
            user_id: reaction.user_id.to_string(),
            emoji: reaction.emoji.to_string(),
        };
        let rows = self.rows.entry(row.message_id.clone()).or_default();
        let place = rows.partition_point(|there| there.id < row.id);
        rows.insert(place, row);
        for count in self.counts(message_id, &reaction.user_id) {
            *count += 1;
        }
    }

    /// Removes a reaction; false if it is not there.
    pub(in super::super) fn remove(&mut self, message_id: &MessageId, reaction: &ReactionView) -> bool {
        let Some(rows) = self.rows.get_mut(message_id.as_str()) else { return false };
        // A table without the original's unique index may have it twice.
        let removed: Vec<ReactionRow> = rows.extract_if(.., |row| is_row_of(row, reaction)).collect();
        for count in self.counts(message_id, &reaction.user_id) {
            *count = count.saturating_sub(removed.len());
        }
        let is_there = !removed.is_empty();
        let stored = removed.into_iter().map(|row| row.id).filter(|id| self.stored.contains(id));
        self.removed.extend(stored);
        is_there
    }

    /// Deletes all reactions on a message.
    pub(in super::super) fn delete_of_message(&mut self, message_id: &MessageId) {
        self.rows.remove(message_id.as_str());
        self.cleared.push(message_id.to_string());
    }

    fn counts(&mut self, message_id: &MessageId, user_id: &UserId) -> impl Iterator<Item = &mut usize> {
        let on_message = self.on_message.get_mut(message_id.as_str());
        let of_user = self.of_user.get_mut(&(message_id.to_string(), user_id.to_string()));
        on_message.into_iter().chain(of_user)
    }

    fn added(&self) -> impl Iterator<Item = &ReactionRow> {
        self.rows.values().flatten().filter(|row| !self.stored.contains(&row.id))
    }

    pub(super) async fn read_pg(session: &Session<'_>, needs: &ReactionNeeds) -> Result<Self> {
        let (rows, counts) = join(find_pg(session, needs), count_pg(session, needs)).await;
        Ok(Self::new(rows?, counts?))
    }

    pub(super) fn read_sqlite(c: &mut SqliteConnection, needs: &ReactionNeeds) -> QueryResult<Self> {
        let all_of = needs.all_of.iter().map(MessageId::as_str);
        let mut rows: Vec<ReactionRow> = match needs.all_of.is_empty() {
            true => Vec::new(),
            false => {
                let all =
                    reactions::table.filter(reactions::message_id.eq_any(all_of.map(Id)).and(is_whole()));
                all.order(reactions::id).load(c)?
            }
        };
        for (message_id, user_id, emoji) in needs.single() {
            let found = single(message_id.as_str(), user_id.as_str(), emoji).load::<ReactionRow>(c)?;
            rows.extend(found);
        }
        let mut counts = Vec::new();
        for (message_id, user_id) in &needs.counts {
            let on_message = reactions::table.filter(reactions::message_id.eq(Id(message_id.as_str())));
            let on_message: i64 = on_message.count().get_result(c)?;
            let of_user: i64 = of_user(message_id.as_str(), user_id.as_str()).count().get_result(c)?;
            let count = |count: i64| usize::try_from(count).unwrap_or(usize::MAX);
            counts.push((message_id.to_string(), user_id.to_string(), count(on_message), count(of_user)));
        }
        Ok(Self::new(rows, counts))
    }

    pub(super) fn deletions(&self) -> Vec<Write> {
        let removed: Vec<Value> = self.removed.iter().map(|id| json!(id)).collect();
        let cleared: Vec<Value> = self.cleared.iter().map(|id| json!(id)).collect();
        vec![
            Write { sql: DELETE, expected: removed.len(), rows: removed },
            Write { sql: DELETE_OF_MESSAGES, expected: 0, rows: cleared },
        ]
    }

    pub(super) fn write_deletions_sqlite(&self, c: &mut SqliteConnection) -> QueryResult<()> {
        if !self.removed.is_empty() {
            let removed = diesel::delete(
                reactions::table.filter(reactions::id.eq_any(self.removed.iter().map(|id| Id(id)))),
            );
            let removed: Vec<String> = removed.returning(reactions::id).load(c)?;
            ensure_written(removed.len(), self.removed.len())?;
        }
        if !self.cleared.is_empty() {
            let cleared =
                reactions::table.filter(reactions::message_id.eq_any(self.cleared.iter().map(|id| Id(id))));
            diesel::delete(cleared).execute(c)?;
        }
        Ok(())
    }

    pub(super) fn insertions(&self) -> Vec<Write> {
        let row = |row: &ReactionRow| json!({ "id": row.id, "message_id": row.message_id, "user_id": row.user_id, "emoji": row.emoji });
        let rows: Vec<Value> = self.added().map(row).collect();
        vec![Write { sql: INSERT, expected: rows.len(), rows }]
    }

    pub(super) fn write_insertions_sqlite(&self, c: &mut SqliteConnection) -> QueryResult<()> {
        for row in self.added() {
            let values = (
                reactions::id.eq(Id(&row.id)),
                reactions::message_id.eq(Id(&row.message_id)),
                reactions::user_id.eq(Id(&row.user_id)),
                reactions::emoji.eq(&row.emoji),
            );
            diesel::insert_into(reactions::table).values(values).on_conflict_do_nothing().execute(c)?;
            // A trigger may have dropped the row, or changed it.
            let stored: i64 = single(&row.message_id, &row.user_id, &row.emoji).count().get_result(c)?;
            ensure_written(usize::from(stored > 0), 1)?;
        }
        Ok(())
    }
}

type Select<'a> = reactions::BoxedQuery<'a, Sqlite>;

/// The reactions of a user on a message.
fn of_user<'a>(message_id: &'a str, user_id: &'a str) -> Select<'a> {
    reactions::table
        .filter(reactions::message_id.eq(Id(message_id)).and(reactions::user_id.eq(Id(user_id))))
        .into_boxed()
}

fn single<'a>(message_id: &'a str, user_id: &'a str, emoji: &'a str) -> Select<'a> {
    of_user(message_id, user_id).filter(reactions::emoji.eq(emoji))
}

fn is_row_of(row: &ReactionRow, reaction: &ReactionView) -> bool {
    row.user_id == reaction.user_id.as_str() && row.emoji == *reaction.emoji
}

async fn find_pg(session: &Session<'_>, needs: &ReactionNeeds) -> Result<Vec<ReactionRow>> {
    if needs.all_of.is_empty() && needs.single.is_empty() {
        return Ok(Vec::new());
    }
    let single = needs.single().map(|(message_id, user_id, emoji)| {
        json!({ "message_id": message_id, "user_id": user_id, "emoji": emoji })
    });
    let document = json!({ "all_of": needs.all_of, "single": Value::from_iter(single) });
    let rows: Vec<(String, String, String, String)> = session.query(FIND, &document).await?;
    let row = |(id, message_id, user_id, emoji)| ReactionRow { id, message_id, user_id, emoji };
    Ok(rows.into_iter().map(row).collect())
}

async fn count_pg(session: &Session<'_>, needs: &ReactionNeeds) -> Result<Vec<Count>> {
    if needs.counts.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = needs
        .counts
        .iter()
        .map(|(message_id, user_id)| json!({ "message_id": message_id, "user_id": user_id }));
    let document = json!({
        "wanted": Value::from_iter(wanted), "of_message": REACTIONS_OF_MESSAGE, "of_user": REACTIONS_OF_USER,
    });
    session.query(COUNT, &document).await
}
