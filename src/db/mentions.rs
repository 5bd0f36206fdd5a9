//! Our tables `mention` and `mention_marker`: a user's inbox of mentions, and up to when it is read. Rows are written in
//! `room_log`, in the transaction that writes the message.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{BigInt, Bool, Text, Timestamp as SqlTimestamp},
};
use diesel_async::RunQueryDsl;

use super::{
    Db,
    ids::{Id, UserIdSql},
    on,
    schema::{messages, users},
    types::TextOrEmpty,
};
use crate::chat::{
    Result,
    id::{MessageId, RoomId, UserId},
    mention::{self, MentionKind},
    message::Place,
    timestamp::Timestamp,
};

/// A mention in a user's inbox.
pub struct InboxMention {
    pub message_id: MessageId,
    pub room_id: RoomId,
    pub sender_id: UserId,
    pub kind: MentionKind,
    pub at: Timestamp,
    pub is_unread: bool,
}

/// The author of a message by name, and its beginning.
pub struct Excerpt {
    pub sender_name: String,
    pub text: String,
}

#[derive(QueryableByName)]
struct InboxRow {
    #[diesel(sql_type = Text)]
    message_id: String,
    #[diesel(sql_type = Text)]
    room_id: String,
    #[diesel(sql_type = Text)]
    sender_id: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = SqlTimestamp)]
    at: NaiveDateTime,
    #[diesel(sql_type = Bool)]
    is_unread: bool,
}

/// A mention is read by the mark of the inbox, or by that of its room, as its count says (`unread.rs`): from the message on
/// that the user has marked as unread, nothing is; and one that was committed after the mark is not.
const IS_UNREAD: &str = "found.at > coalesce(marker.at, the_beginning) AND coalesce(
            found.at > coalesce(reading.unread_at, reading.at, the_beginning)
            OR found.at = reading.unread_at AND found.message_id >= reading.unread_id
            OR reading.unread_at IS NULL AND found.at <= reading.at AND (
                SELECT next.at FROM own.room_log AS next WHERE next.room_id = found.room_id AND next.seq = reading.seq + 1
            ) <= reading.at AND EXISTS (
                SELECT 1 FROM own.room_log AS entry
                WHERE entry.room_id = found.room_id AND entry.seq > reading.seq AND entry.seq <= reading.seq + 300
                    AND entry.at = found.at AND entry.message_id = found.message_id
            ), false
        ) AS is_unread";

/// The newest mentions of a user before a place: those of the user, and, room by room, those of all members. Both parts
/// read an index in its order, and stop at the limit.
const INBOX_PG: &str = r#"
    SELECT found.message_id, found.room_id, found.sender_id, found.kind, found.at, is_unread_by_marks
    FROM (
        (SELECT * FROM chatoxide.mention WHERE user_id = $1 AND user_id <> '' AND (at, message_id) < ($3, $4)
            ORDER BY at DESC, message_id DESC LIMIT $5)
        UNION ALL
        SELECT of_room.* FROM "_RoomMembers" CROSS JOIN LATERAL (
            SELECT * FROM chatoxide.mention
            WHERE user_id = '' AND room_id = CAST("A" AS TEXT) AND sender_id <> $1 AND (at, message_id) < ($3, $4)
            ORDER BY at DESC, message_id DESC LIMIT $5
        ) AS of_room WHERE "B" = $2
    ) AS found
    LEFT JOIN chatoxide.mention_marker AS marker ON marker.user_id = $1
    LEFT JOIN chatoxide.read_marker AS reading ON reading.room_id = found.room_id AND reading.user_id = $1
    ORDER BY found.at DESC, found.message_id DESC, found.user_id DESC LIMIT $5"#;

const INBOX_LITE: &str = r#"
    SELECT found.message_id, found.room_id, found.sender_id, found.kind, found.at, is_unread_by_marks
    FROM (
        SELECT * FROM (
            SELECT * FROM chatoxide_mention WHERE user_id = ?1 AND user_id <> '' AND (at, message_id) < (?3, ?4)
            ORDER BY at DESC, message_id DESC LIMIT ?5
        )
        UNION ALL
        SELECT * FROM (
            SELECT * FROM chatoxide_mention
            WHERE user_id = '' AND room_id IN (SELECT "A" FROM "_RoomMembers" WHERE "B" = ?2) AND sender_id <> ?1
                AND (at, message_id) < (?3, ?4)
            ORDER BY at DESC, message_id DESC LIMIT ?5
        )
    ) AS found
    LEFT JOIN chatoxide_mention_marker AS marker ON marker.user_id = ?1
    LEFT JOIN chatoxide_read_marker AS reading ON reading.room_id = found.room_id AND reading.user_id = ?1
    ORDER BY found.at DESC, found.message_id DESC, found.user_id DESC LIMIT ?5"#;

/// Returns the user's newest mentions before a place, newest first. A message that mentions the user twice, by name and as
/// a member, is there twice.
pub async fn list(db: &Db, user_id: &UserId, before: &Place, limit: usize) -> Result<Vec<InboxMention>> {
    let (text, own, beginning) = match db {
        Db::Pg { .. } => (INBOX_PG, "chatoxide.", "'-infinity'"),
        Db::Lite { .. } => (INBOX_LITE, "chatoxide_", "''"),
    };
    let is_unread = IS_UNREAD.replace("own.", own).replace("the_beginning", beginning);
    let text = text.replace("is_unread_by_marks", &is_unread);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows: Vec<InboxRow> = on!(db.readers, c => diesel::sql_query(&text)
        .bind::<Text, _>(user_id.as_str())
        .bind::<UserIdSql, _>(user_id.as_str())
        .bind::<SqlTimestamp, _>(before.at.naive())
        .bind::<Text, _>(before.id.as_str())
        .bind::<BigInt, _>(limit)
        .load(c)
        .await?)?;
    Ok(rows
        .into_iter()
        .map(|row| InboxMention {
            message_id: row.message_id.into(),
            room_id: row.room_id.into(),
            sender_id: row.sender_id.into(),
            kind: MentionKind::from_label(&row.kind),
            at: row.at.into(),
            is_unread: row.is_unread,
        })
        .collect())
}

/// Returns the beginnings of these messages; those that are not there are left out.
pub async fn list_excerpts(db: &Db, ids: &[MessageId]) -> Result<HashMap<MessageId, Excerpt>> {
    type Row = (String, String, Option<String>, TextOrEmpty);
    let ids: Vec<Id<'_>> = ids.iter().map(|id| Id(id.as_str())).collect();
    let rows: Vec<Row> = on!(db.readers, c => messages::table
        .inner_join(users::table)
        .filter(messages::id.eq_any(&ids))
        .select((messages::id, messages::sender_id, users::name, messages::content))
        .load(c)
        .await?)?;
    let excerpt = |(id, sender_id, name, content): Row| {
        let text = mention::excerpt(&String::from(content));
        (id.into(), Excerpt { sender_name: name.unwrap_or(sender_id), text })
    };
    Ok(rows.into_iter().map(excerpt).collect())
}

/// Returns the users that a message mentions, and how; the empty id stands for all members of its room.
pub async fn list_mentioned(db: &Db, message_id: &MessageId) -> Result<HashMap<UserId, MentionKind>> {
    let found: Vec<(String, String)> = on!(db.readers, c => own::mention::table
        .filter(own::mention::message_id.eq(message_id.as_str()))
        .select((own::mention::user_id, own::mention::kind))
        .load(c)
        .await?)?;
    Ok(found.into_iter().map(|(user_id, kind)| (user_id.into(), MentionKind::from_label(&kind))).collect())
}

/// Notes that the user has read all mentions up to then. The mark never goes back.
pub async fn mark_read(db: &Db, user_id: &UserId, at: Timestamp) -> Result<()> {
    let text = match db {
        Db::Pg { .. } => {
            "INSERT INTO chatoxide.mention_marker AS marker (user_id, at) VALUES ($1, $2) ON CONFLICT (user_id) \
             DO UPDATE SET at = excluded.at WHERE marker.at < excluded.at"
        }
        Db::Lite { .. } => {
            "INSERT INTO chatoxide_mention_marker AS marker (user_id, at) VALUES (?1, ?2) ON CONFLICT (user_id) \
             DO UPDATE SET at = excluded.at WHERE marker.at < excluded.at"
        }
    };
    on!(db.writer, c => diesel::sql_query(text)
        .bind::<Text, _>(user_id.as_str())
        .bind::<SqlTimestamp, _>(at.naive())
        .execute(c)
        .await
        .map(drop)?)
}
