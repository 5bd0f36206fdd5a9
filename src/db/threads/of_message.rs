//! The thread of a message, read with it in one statement: of a reply its root, of a root the state of its thread.

use diesel::{
    QueryResult,
    backend::Backend,
    expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate},
    pg::Pg,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{Nullable, Text},
    sqlite::Sqlite,
};
use serde::Deserialize;

use crate::{
    chat::{
        id::{MessageId, UserId},
        timestamp::Timestamp,
    },
    db::ids::IdTypes,
    protocol::{LastReplyView, MemberView, ThreadPlaceView, ThreadSummaryView},
};

/// The thread of the message whose id is `$id`, as JSON, or NULL. A message is a reply or a root, never both.
macro_rules! thread_pg {
    ($id:literal) => {
        concat!(
            "coalesce((SELECT CAST(json_build_array(root_id, is_in_room) AS TEXT) FROM chatoxide.thread_reply
                WHERE message_id = CAST(",
            $id,
            r#" AS TEXT)), (SELECT CAST(json_build_array(reply_count, participant_count, last_id, last_sender_id,
                CAST(round(extract(epoch FROM last_at) * 1000) AS BIGINT), (
                    SELECT json_agg(json_build_array(CAST(person."id" AS TEXT), person."name",
                        CASE WHEN octet_length(person."avatar") <= 1024 THEN person."avatar" END) ORDER BY one.place)
                    FROM json_array_elements_text(CAST(participants AS JSON)) WITH ORDINALITY AS one (id, place)
                    JOIN "User" AS person ON person."id" = CAST(one.id AS /*user*/TEXT)
                )) AS TEXT) FROM chatoxide.thread WHERE root_id = CAST("#,
            $id,
            " AS TEXT)))"
        )
    };
}
pub(in crate::db) use thread_pg;

/// The same on SQLite.
macro_rules! thread_lite {
    ($id:literal) => {
        concat!(
            "coalesce((SELECT json_array(root_id, json(iif(is_in_room, 'true', 'false'))) FROM chatoxide_thread_reply
                WHERE message_id = ",
            $id,
            r#"), (SELECT json_array(reply_count, participant_count, last_id, last_sender_id,
                CAST(strftime('%s', last_at) AS INTEGER) * 1000 + CAST(substr(strftime('%f', last_at), 4) AS INTEGER), json((
                    SELECT json_group_array(json_array(id, name, avatar)) FROM (
                        SELECT person."id" AS id, person."name" AS name,
                            iif(length(CAST(person."avatar" AS BLOB)) <= 1024, person."avatar", NULL) AS avatar
                        FROM json_each(participants) AS one JOIN "User" AS person ON person."id" = one.value ORDER BY one.key
                    )
                ))) FROM chatoxide_thread WHERE root_id = "#,
            $id,
            "))"
        )
    };
}
pub(in crate::db) use thread_lite;

/// The thread of each selected message.
#[derive(Clone, Copy, Debug)]
pub struct OfMessage;

impl Expression for OfMessage {
    type SqlType = Nullable<Text>;
}

impl<QS> AppearsOnTable<QS> for OfMessage {}

impl<QS> SelectableExpression<QS> for OfMessage {}

impl<G> ValidGrouping<G> for OfMessage {
    type IsAggregate = is_aggregate::Never;
}

/// Its text depends on the types of ids.
impl QueryId for OfMessage {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

fn push<DB: Backend>(mut pass: AstPass<'_, '_, DB>, sql: &str) -> QueryResult<()> {
    pass.push_sql(sql);
    Ok(())
}

impl QueryFragment<Pg> for OfMessage {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        const THREAD: &str = thread_pg!("\"Message\".\"id\"");
        if IdTypes::current().users {
            push(pass, &THREAD.replace("/*user*/TEXT", "UUID"))
        } else {
            push(pass, THREAD)
        }
    }
}

impl QueryFragment<Sqlite> for OfMessage {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        push(pass, thread_lite!("\"Message\".\"id\""))
    }
}

/// A participant: id, name, avatar.
type Person = (String, Option<String>, Option<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Reply(String, bool),
    Root(i64, i64, String, String, i64, Option<Vec<Person>>),
}

fn parse(text: Option<&str>) -> Option<Stored> {
    // A text of ours: it can be read.
    serde_json::from_str(text?).ok()
}

fn summary(stored: Stored) -> Option<ThreadSummaryView> {
    let Stored::Root(reply_count, participant_count, id, sender_id, at, people) = stored else { return None };
    let member = |(id, name, avatar): Person| MemberView {
        name: name.unwrap_or_else(|| id.clone()).into(),
        id: UserId::from(id),
        avatar: avatar.map(Into::into),
    };
    Some(ThreadSummaryView {
        reply_count,
        last_reply: LastReplyView {
            id: MessageId::from(id),
            sender_id: UserId::from(sender_id),
            created_at: Timestamp::from_millis(at),
        },
        participants: people.unwrap_or_default().into_iter().map(member).collect(),
        participant_count,
    })
}

/// The root of a reply.
pub(in crate::db) fn root_of(text: Option<&str>) -> Option<MessageId> {
    match parse(text)? {
        Stored::Reply(root_id, _) => Some(MessageId::from(root_id)),
        Stored::Root(..) => None,
    }
}

/// The state of a root's thread.
pub(in crate::db) fn summary_of(text: Option<&str>) -> Option<ThreadSummaryView> {
    parse(text).and_then(summary)
}

/// The place of a reply, or the summary of a root.
pub(in crate::db) fn views_of(text: Option<&str>) -> (Option<ThreadPlaceView>, Option<ThreadSummaryView>) {
    match parse(text) {
        Some(Stored::Reply(root_id, also_to_room)) => {
            (Some(ThreadPlaceView { root_id: MessageId::from(root_id), also_to_room }), None)
        }
        Some(root) => (None, summary(root)),
        None => (None, None),
    }
}
