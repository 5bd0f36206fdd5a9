//! Finds the thread of a message, and reads pages of its replies.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{BigInt, Nullable, Text, Timestamp as SqlTimestamp},
};
use diesel_async::RunQueryDsl;

use crate::{
    chat::{
        Result,
        id::{MessageId, RoomId, UserId},
        message::Place,
        timestamp::Timestamp,
    },
    db::{
        Db,
        ids::{Id, MessageIdSql, RoomIdSql, UserIdSql, is_uuid},
        mentions, messages,
        moment::{Moment, MomentRow},
        on,
    },
    protocol::{MessageView, QuoteView},
};

/// The thread of a message.
#[derive(Clone, Debug)]
pub struct FoundThread {
    pub root_id: MessageId,
    pub room_id: RoomId,
    /// The author of the root, and its time; none if it is gone.
    pub root: Option<(UserId, Timestamp)>,
}

#[derive(QueryableByName)]
struct FoundRow {
    #[diesel(sql_type = Text)]
    root_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    thread_room_id: Option<String>,
    #[diesel(sql_type = Nullable<RoomIdSql>)]
    room_id: Option<String>,
    #[diesel(sql_type = Nullable<UserIdSql>)]
    sender_id: Option<String>,
    #[diesel(sql_type = Nullable<Moment>)]
    created_at: Option<MomentRow>,
}

/// The root of a reply, or the message itself. A deleted root is known by its replies.
const FIND: &str = r#"
    SELECT named.root_id AS root_id, named.thread_room_id AS thread_room_id, root."roomId" AS room_id, root."senderId" AS sender_id,
        root."createdAt" AS created_at
    FROM (
        SELECT coalesce(reply.root_id, one.id) AS root_id, coalesce(reply.room_id, thread.room_id) AS thread_room_id
        FROM (SELECT CAST($1 AS TEXT) AS id) AS one
        LEFT JOIN own.thread_reply AS reply ON reply.message_id = one.id
        LEFT JOIN own.thread AS thread ON thread.root_id = one.id
    ) AS named LEFT JOIN "Message" AS root ON root."id" = CAST(named.root_id AS /*message*/TEXT)"#;

/// Finds the thread that a message belongs to: that of a reply, or the one that hangs on the message, if only its first reply
/// makes it. None if there is no such message.
pub async fn find(db: &Db, message_id: &MessageId) -> Result<Option<FoundThread>> {
    // As an id in a column of UUIDs, another text names nothing.
    if db.facts().id_types().messages && !is_uuid(message_id.as_str()) {
        return Ok(None);
    }
    let text = own(db, FIND);
    let row: Option<FoundRow> = on!(db.readers, c => diesel::sql_query(&text)
        .bind::<Text, _>(message_id.as_str())
        .get_result(c)
        .await
        .optional()?)?;
    let Some(row) = row else { return Ok(None) };
    let root = match (&row.room_id, row.sender_id, row.created_at) {
        (Some(_), Some(sender_id), Some(at)) => Some((UserId::from(sender_id), Timestamp::from(at))),
        _ => None,
    };
    let room_id = row.room_id.filter(|_| root.is_some()).or(row.thread_room_id);
    Ok(room_id.map(|room_id| FoundThread { root_id: row.root_id.into(), room_id: room_id.into(), root }))
}

/// A statement for this database.
pub(super) fn own(db: &Db, text: &str) -> String {
    let columns = db.facts().columns();
    match db {
        Db::Pg { .. } => columns.adapt("Message", &text.replace("own.", "chatoxide.")).into_owned(),
        // There `$2` is a name: the first one in the text is the first value.
        Db::Lite { .. } => text.replace("own.", "chatoxide_").replace('$', "?"),
    }
}

/// The side of a place on which replies are read.
#[derive(Clone, Debug)]
pub enum Side {
    Older(Place),
    Newer(Place),
}

/// Replies of a thread, newest first.
pub struct RepliesPage {
    pub messages: Vec<MessageView>,
    /// The places of the newest and of the oldest reply that was looked at.
    pub ends: Option<(Place, Place)>,
    /// There are more on the side that was read.
    pub has_more: bool,
}

#[derive(QueryableByName)]
struct PlaceRow {
    #[diesel(sql_type = MessageIdSql)]
    message_id: String,
    #[diesel(sql_type = SqlTimestamp)]
    at: NaiveDateTime,
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// The places and the sizes of replies. The size of a message is that of its content and its metadata.
const PLACES: &str = r#"
    SELECT message."id" AS message_id, reply.at AS at, CAST(the_size AS BIGINT) AS bytes
    FROM own.thread_reply AS reply
    JOIN "Message" AS message ON message."id" = CAST(reply.message_id AS /*message*/TEXT)
    WHERE reply.root_id = $1 AND (reply.at, reply.message_id) the_side ($2, $3)
    ORDER BY reply.at the_order, reply.message_id the_order LIMIT $4"#;
const SIZE_PG: &str = r#"coalesce(octet_length(message."content"), 0)
    + coalesce(octet_length(CAST(message."metadata" AS TEXT)), 0)"#;
const SIZE_LITE: &str = r#"coalesce(length(CAST(message."content" AS BLOB)), 0)
    + coalesce(length(CAST(message."metadata" AS BLOB)), 0)"#;

/// Returns at most `limit` replies of a thread on one side of a place, next to it: fewer if they are larger than `bytes`
/// together, but never none where there are some.
pub async fn list_replies(
    db: &Db,
    root_id: &MessageId,
    side: &Side,
    (limit, bytes): (usize, usize),
) -> Result<RepliesPage> {
    let (place, comparison, order) = match side {
        Side::Older(place) => (place, "<", "DESC"),
        Side::Newer(place) => (place, ">", "ASC"),
    };
    let size = if matches!(db, Db::Pg { .. }) { SIZE_PG } else { SIZE_LITE };
    let text = PLACES.replace("the_size", size).replace("the_side", comparison).replace("the_order", order);
    let text = own(db, &text);
    let most = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
    let mut rows: Vec<PlaceRow> = on!(db.readers, c => diesel::sql_query(&text)
        .bind::<Text, _>(root_id.as_str())
        .bind::<SqlTimestamp, _>(place.at.naive())
        .bind::<Text, _>(place.id.as_str())
        .bind::<BigInt, _>(most)
        .load(c)
        .await?)?;
    let mut sum = 0_usize;
    let is_within = |row: &&PlaceRow| {
        sum = sum.saturating_add(usize::try_from(row.bytes).unwrap_or(0));
        sum <= bytes
    };
    let count = rows.iter().take(limit).take_while(is_within).count().max(1).min(rows.len());
    let has_more = rows.len() > count;
    rows.truncate(count);
    let places: Vec<Place> =
        rows.into_iter().map(|row| Place { at: row.at.into(), id: row.message_id.into() }).collect();
    let ids: Vec<MessageId> = places.iter().map(|place| place.id.clone()).collect();
    let mut messages = if ids.is_empty() { Vec::new() } else { messages::list(db, &ids).await? };
    messages.reverse();
    let ends = match (places.as_slice(), side) {
        ([], _) => None,
        ([only], _) => Some((only.clone(), only.clone())),
        ([newest, .., oldest], Side::Older(_)) | ([oldest, .., newest], Side::Newer(_)) => {
            Some((newest.clone(), oldest.clone()))
        }
    };
    Ok(RepliesPage { messages, ends, has_more })
}

/// Returns these messages as others quote them, in the order of the ids, with their rooms; one that is gone says so.
pub async fn list_quotes(db: &Db, ids: &[MessageId]) -> Result<Vec<(QuoteView, Option<RoomId>)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let has_uuids = db.facts().id_types().messages;
    let there: Vec<MessageId> = ids.iter().filter(|id| !has_uuids || is_uuid(id.as_str())).cloned().collect();
    let authors = list_authors(db, &there).await?;
    let excerpts = mentions::list_excerpts(db, &there).await?;
    let quote = |id: &MessageId| match (excerpts.get(id), authors.get(id)) {
        (Some(excerpt), Some((room_id, sender_id))) => {
            let quote = QuoteView {
                id: id.clone(),
                sender_id: Some(sender_id.clone()),
                sender_name: Some(excerpt.sender_name.clone()),
                excerpt: excerpt.text.clone(),
                is_deleted: false,
            };
            (quote, Some(room_id.clone()))
        }
        _ => (QuoteView::gone(id.clone()), None),
    };
    Ok(ids.iter().map(quote).collect())
}

async fn list_authors(db: &Db, ids: &[MessageId]) -> Result<HashMap<MessageId, (RoomId, UserId)>> {
    use crate::db::schema::messages;
    type Row = (String, Option<String>, Option<String>);
    let ids: Vec<Id<'_>> = ids.iter().map(|id| Id(id.as_str())).collect();
    let rows: Vec<Row> = on!(db.readers, c => messages::table
        .filter(messages::id.eq_any(&ids))
        .select((messages::id, messages::room_id.nullable(), messages::sender_id.nullable()))
        .load(c)
        .await?)?;
    let author = |(id, room_id, sender_id): Row| Some((id.into(), (room_id?.into(), sender_id?.into())));
    Ok(rows.into_iter().filter_map(author).collect())
}
