//! Lists the users who have read a message: our tables `read_marker` and `user_setting`, with `_RoomMembers` and `User`.

use chrono::NaiveDateTime;
use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Nullable, Text, Timestamp as SqlTimestamp},
};
use diesel_async::RunQueryDsl;

use super::{
    Db,
    ids::{MessageIdSql, RoomIdSql, UserIdSql},
    messages::MessageRef,
    moment::Moment,
    on,
    prepared::Prepared,
    users::member_view,
};
use crate::{
    chat::{
        Result,
        id::{MessageId, UserId},
    },
    protocol::ReaderView,
};

/// The read marks that a page looks at: so many users may be in a room without having read a message.
const LOOKED_AT: i64 = 1_000;

/// A page of readers, in the order of their ids.
pub struct Readers {
    pub readers: Vec<ReaderView>,
    /// The user after whom the next page begins; none at the end.
    pub last: Option<UserId>,
}

#[derive(QueryableByName)]
struct ReaderRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    avatar: Option<String>,
    #[diesel(sql_type = SqlTimestamp)]
    at: NaiveDateTime,
    #[diesel(sql_type = Bool)]
    has_read: bool,
}

/// The next marks of a room are read by the primary key. A mark covers a message that is not later than it, unless the
/// message was committed after it: then it is among the next entries of the log, whose times never run backwards. Only
/// members are listed, without the author and those whose reads are private. They are looked up by their ids, by the index.
const READERS: &str = r#"
    SELECT mark.user_id AS id, reader."name" AS name, reader."avatar" AS avatar, mark.at AS at,
        mark.is_shown AND reader."id" IS NOT NULL AS has_read
    FROM (
        SELECT marker.user_id, marker.at, NOT marker.is_start AND marker_at >= the_moment AND NOT (
            coalesce((
                SELECT next.at FROM own.room_log AS next WHERE next.room_id = marker.room_id AND next.seq = marker.seq + 1
            ) <= marker.at, false) AND EXISTS (
                SELECT 1 FROM own.room_log AS late
                WHERE late.room_id = marker.room_id AND late.seq > marker.seq AND late.seq <= marker.seq + 300
                    AND late.kind = 'new' AND late.message_id = CAST($3 AS TEXT)
            )
        ) AS is_shown
        FROM own.read_marker AS marker
        WHERE marker.room_id = CAST($1 AS TEXT) AND marker.user_id > CAST($4 AS TEXT)
        ORDER BY marker.user_id LIMIT $5
    ) AS mark
    LEFT JOIN "_RoomMembers" AS member
        ON member."A" = $1 AND member."B" = the_reader AND mark.is_shown
    LEFT JOIN "User" AS reader ON reader."id" = member."B" AND reader."id" <> $6 AND NOT EXISTS (
        SELECT 1 FROM own.user_setting AS setting WHERE setting.user_id = mark.user_id AND setting.has_private_reads
    )
    ORDER BY mark.user_id"#;

/// The user of a mark where ids are UUIDs. A mark that Node left in Redis may name any user.
const READER_UUID: &str = "CASE WHEN mark.user_id ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
            THEN CAST(mark.user_id AS UUID) END";

/// Returns at most `limit` users, whose ids come after `last`, who have read a message. A page may have fewer although
/// there are more.
pub async fn list(
    db: &Db,
    (message_id, message): (&MessageId, &MessageRef),
    last: &str,
    limit: usize,
) -> Result<Readers> {
    let columns = db.facts().columns();
    let text = match db {
        Db::Pg { .. } => {
            let text = READERS.replace("marker_at", "marker.at").replace("the_moment", "$2");
            let reader = if db.facts().id_types().users { READER_UUID } else { "mark.user_id" };
            text.replace("the_reader", reader).replace("own.", "chatoxide.")
        }
        // A cast keeps SQLite from an index.
        Db::Lite { .. } => ["$1", "$3", "$4"]
            .into_iter()
            .fold(READERS.to_owned(), |text, id| text.replace(&format!("CAST({id} AS TEXT)"), id))
            .replace("the_reader", "mark.user_id")
            .replace("marker_at", &columns.time_format.of_own("marker.at"))
            .replace("the_moment", "$2")
            .replace("own.", "chatoxide_")
            // SQLite numbers other parameters in the order in which they first occur.
            .replace('$', "?"),
    };
    let at = columns.moment(message.created_at.naive());
    let rows: Vec<ReaderRow> = on!(db.readers, c => Prepared(diesel::sql_query(&text)
        .bind::<RoomIdSql, _>(message.room_id.as_str())
        .bind::<Moment, _>(at)
        .bind::<MessageIdSql, _>(message_id.as_str())
        .bind::<Text, _>(last)
        .bind::<BigInt, _>(LOOKED_AT)
        .bind::<UserIdSql, _>(message.sender_id.as_str()))
        .load(c)
        .await?)?;
    let is_end = i64::try_from(rows.len()).is_ok_and(|count| count < LOOKED_AT);
    let end = rows.last().filter(|_| !is_end).map(|row| UserId::from(row.id.as_str()));
    let view = |row: ReaderRow| ReaderView {
        at: row.at.into(),
        member: member_view((row.id, row.name, row.avatar)),
    };
    let mut readers: Vec<ReaderView> = rows.into_iter().filter(|row| row.has_read).map(view).collect();
    let has_more = readers.len() > limit;
    readers.truncate(limit);
    let last = if has_more { readers.last().map(|reader| reader.member.id.clone()) } else { end };
    Ok(Readers { readers, last })
}
