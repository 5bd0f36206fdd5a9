//! Counts unread messages: of some pairs of a room and a user, or of all rooms of one user, by one statement. It reads
//! `Message`, `Room`, `_RoomMembers` and our `read_marker`, `room_head`, `room_log`, `mention` and
//! `thread_reply`.

use diesel::{
    QueryableByName,
    sql_types::{Array, BigInt, Bool, Nullable, Text},
};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::{
    Db,
    ids::{RoomIdSql, UserIdSql},
    moment::{Moment, MomentRow, TimeFormat},
    on_lease,
    prepared::Prepared,
};
use crate::chat::{
    Result,
    id::{RoomId, UserId},
    timestamp::Timestamp,
};

/// The most unread messages that are counted: this number means that many or more.
pub const MAX_COUNTED: i64 = 99;

/// The unread messages of a room, as one user sees them.
#[derive(Clone, Debug)]
pub struct Unread {
    pub room_id: RoomId,
    pub user_id: UserId,
    /// The number of unread messages by others, counted among the next 300, threads apart; [`MAX_COUNTED`] means that many or more.
    pub count: i64,
    /// The number of messages that mention the user and are not read, up to [`MAX_COUNTED`].
    pub mentions: i64,
    /// The last entry of the room's log that the count includes.
    pub seq: i64,
    /// The time of the last message, threads apart.
    pub last_message_at: Option<Timestamp>,
    pub is_member: bool,
    /// The user is a member, or has read the public room. Else nothing in it counts as unread.
    pub is_counted: bool,
}

#[derive(QueryableByName)]
struct UnreadRow {
    #[diesel(sql_type = RoomIdSql)]
    room_id: String,
    #[diesel(sql_type = UserIdSql)]
    user_id: String,
    #[diesel(sql_type = BigInt)]
    unread: i64,
    #[diesel(sql_type = BigInt)]
    mentions: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Nullable<Moment>)]
    last_message_at: Option<MomentRow>,
    #[diesel(sql_type = Bool)]
    is_member: bool,
    #[diesel(sql_type = Bool)]
    is_counted: bool,
}

impl From<UnreadRow> for Unread {
    fn from(row: UnreadRow) -> Self {
        Self {
            room_id: row.room_id.into(),
            user_id: row.user_id.into(),
            count: row.unread.min(MAX_COUNTED),
            mentions: row.mentions,
            seq: row.seq,
            last_message_at: row.last_message_at.map(Timestamp::from),
            is_member: row.is_member,
            is_counted: row.is_counted,
        }
    }
}

/// The pairs that are given: as two arrays on PostgreSQL, as JSON `[[room, user], ..]` on SQLite.
const GIVEN_PG: &str = r#"SELECT given.room_id, given.user_id, EXISTS (
        SELECT 1 FROM "_RoomMembers" WHERE "A" = given.room_id AND "B" = given.user_id
    ) AS is_member FROM unnest($1, $2) AS given (room_id, user_id)"#;
const GIVEN_LITE: &str = r#"SELECT value ->> 0 AS room_id, value ->> 1 AS user_id, EXISTS (
        SELECT 1 FROM "_RoomMembers" WHERE "A" = value ->> 0 AND "B" = value ->> 1
    ) AS is_member FROM json_each($1)"#;

/// The rooms that a user is a member of: those with the latest activity, as in the list of rooms.
const OF_USER: &str = r#"SELECT "A" AS room_id, "B" AS user_id, true AS is_member
    FROM "_RoomMembers" JOIN "Room" ON "Room"."id" = "A"
    LEFT JOIN own.room_head AS newest ON newest.room_id = CAST("A" AS TEXT)
    WHERE "B" = $1 ORDER BY newest.at IS NULL, newest.at DESC, "createdAt" DESC LIMIT $2"#;

/// The first message that counts is later than `counted_from`: the read mark, or the message from which on the user has
/// marked the room as unread, which counts, too. `$m` is the message.
macro_rules! is_counted {
    ($m:literal) => {
        concat!(
            "(",
            $m,
            ".\"createdAt\" > counted_from OR marker.at IS NULL OR marker.unread_at IS NOT NULL AND CAST(",
            $m,
            ".\"id\" AS TEXT) >= marker.unread_id)"
        )
    };
}

/// False for a reply that is shown only in its thread. As a value, it does not become a join, which PostgreSQL could begin
/// with all replies.
macro_rules! is_in_room {
    ($m:literal) => {
        concat!(
            "coalesce((SELECT is_in_room FROM own.thread_reply WHERE message_id = CAST(",
            $m,
            ".\"id\" AS TEXT)), true)"
        )
    };
}

/// Both look-ups use the index on room and time, whatever a room holds, and stop at the 99th message of others. What the
/// innermost query leaves out is decided outside of it, and its limit is a query, so that PostgreSQL takes it for long and
/// reads it in order.
const COUNT: &str = concat!(
    r#"(SELECT count(*) FROM (SELECT 1 FROM (SELECT * FROM (
            SELECT m."id", m."senderId", m."createdAt" FROM "Message" AS m
            WHERE m."roomId" = pair.room_id AND m."createdAt" >= counted_from ORDER BY m."createdAt" LIMIT (SELECT 3000)
        ) AS later WHERE "#,
    is_in_room!("later"),
    r#" LIMIT 300) AS next WHERE next."senderId" <> pair.user_id AND "#,
    is_counted!("next"),
    " LIMIT 99) AS of_others)"
);
/// The newest message that is shown in the room. As above, threads take no longer than the newest 3,000 messages: behind so
/// many replies, the last message is as old as the oldest of them, or older.
const LAST: &str = concat!(
    r#"coalesce((SELECT last."createdAt" FROM (
            SELECT m."id", m."createdAt" FROM "Message" AS m
            WHERE m."roomId" = pair.room_id AND m."createdAt" IS NOT NULL ORDER BY m."createdAt" DESC LIMIT (SELECT 3000)
        ) AS last WHERE "#,
    is_in_room!("last"),
    r#" LIMIT 1), (
            SELECT "createdAt" FROM "Message" WHERE "roomId" = pair.room_id AND "createdAt" IS NOT NULL
            ORDER BY "createdAt" DESC LIMIT 1 OFFSET 2999
        ))"#
);

/// The variant without an index on a room's newest messages: it scans the table once for all pairs, not once for each.
const SCANNED: &str = concat!(
    r#"LEFT JOIN (
        SELECT pair.room_id, pair.user_id, max(m."createdAt") FILTER (WHERE "#,
    is_in_room!("m"),
    r#") AS last_message_at,
            count(*) FILTER (WHERE m."senderId" <> pair.user_id AND m."createdAt" >= counted_from AND "#,
    is_counted!("m"),
    " AND ",
    is_in_room!("m"),
    r#") AS unread
        FROM (the_pairs) AS pair JOIN "Message" AS m ON m."roomId" = pair.room_id
        LEFT JOIN own.read_marker AS marker
            ON marker.room_id = CAST(pair.room_id AS TEXT) AND marker.user_id = CAST(pair.user_id AS TEXT)
        GROUP BY pair.room_id, pair.user_id
    ) AS scanned ON scanned.room_id = pair.room_id AND scanned.user_id = pair.user_id"#
);

/// The mentions that are not read, by name and as a member. A message may have both. As with messages, some may have a
/// time before the read mark and be committed after it: a mention has the time of its entry.
const MENTIONS: &str = r#"(SELECT count(DISTINCT message_id) FROM (
            SELECT mention.message_id FROM own.mention AS mention
            WHERE mention.user_id IN (CAST(pair.user_id AS TEXT), '') AND mention.room_id = CAST(pair.room_id AS TEXT)
                AND mention.at >= mentioned_from AND (mention.at > mentioned_from OR marker.unread_at IS NOT NULL
                    AND mention.message_id >= marker.unread_id)
                AND mention.sender_id <> CAST(pair.user_id AS TEXT)
                AND mention.at > coalesce((
                    SELECT inbox.at FROM own.mention_marker AS inbox WHERE inbox.user_id = CAST(pair.user_id AS TEXT)
                ), the_beginning)
            UNION ALL
            SELECT mention.message_id FROM own.room_log AS entry
            JOIN own.mention AS mention ON mention.message_id = entry.message_id AND mention.at = entry.at
            WHERE marker.unread_at IS NULL AND is_any_late
                AND entry.room_id = CAST(pair.room_id AS TEXT) AND entry.seq > marker.seq
                AND entry.seq <= marker.seq + 300 AND entry.kind IN ('new', 'edit') AND entry.at <= marker.at
                AND mention.user_id IN (CAST(pair.user_id AS TEXT), '')
                AND mention.sender_id <> CAST(pair.user_id AS TEXT)
                AND mention.at > coalesce((
                    SELECT inbox.at FROM own.mention_marker AS inbox WHERE inbox.user_id = CAST(pair.user_id AS TEXT)
                ), the_beginning)
            LIMIT 198
        ) AS unread_mention)"#;

/// A look at the entry after the read mark: mostly it says that none is late.
const IS_ANY_LATE: &str = "(
            SELECT next.at FROM own.room_log AS next
            WHERE next.room_id = CAST(pair.room_id AS TEXT) AND next.seq = marker.seq + 1
        ) <= marker.at";

/// A message may have a time before the read mark and be committed after it. Such ones are the next entries of the log,
/// whose times never run backwards.
const STATEMENT: &str = concat!(
    r#"
    SELECT pair.room_id AS room_id, pair.user_id AS user_id, pair.is_member AS is_member,
        coalesce(head.seq, 0) AS seq, pair.is_counted AS is_counted, the_last AS last_message_at,
        CASE WHEN pair.is_counted THEN the_count + CASE WHEN marker.unread_at IS NULL AND is_any_late THEN (
            SELECT count(*) FROM own.room_log AS entry
            JOIN "Message" AS late ON late."id" = CAST(entry.message_id AS /*message*/TEXT)
            WHERE entry.room_id = CAST(pair.room_id AS TEXT) AND entry.seq > marker.seq
                AND entry.seq <= marker.seq + 300 AND entry.kind = 'new' AND entry.at <= marker.at
                AND late."senderId" <> pair.user_id AND late."createdAt" <= marker_at
                AND "#,
    is_in_room!("late"),
    r#"
        ) ELSE 0 END ELSE 0 END AS unread,
        CASE WHEN pair.is_counted THEN least(the_mentions, 99) ELSE 0 END AS mentions
    FROM (
        SELECT pair.room_id, pair.user_id, pair.is_member, pair.is_member OR (
            marker.unread_at IS NOT NULL OR marker.at IS NOT NULL AND NOT marker.is_start
        ) AND EXISTS (SELECT 1 FROM "Room" WHERE "Room"."id" = pair.room_id AND is_public) AS is_counted
        FROM (the_pairs) AS pair
        LEFT JOIN own.read_marker AS marker
            ON marker.room_id = CAST(pair.room_id AS TEXT) AND marker.user_id = CAST(pair.user_id AS TEXT)
    ) AS pair
    LEFT JOIN own.room_head AS head ON head.room_id = CAST(pair.room_id AS TEXT)
    LEFT JOIN own.read_marker AS marker
        ON marker.room_id = CAST(pair.room_id AS TEXT) AND marker.user_id = CAST(pair.user_id AS TEXT)
    scanned_once
    ORDER BY head.at IS NULL, head.at DESC"#
);

/// The statement about these pairs. `lists`: it also finds the time of each room's last message.
fn statement(db: &Db, pairs: &str, lists: bool) -> String {
    let columns = db.facts().columns();
    let is_public = columns.room_type.condition("\"Room\".\"type\"", "public");
    let is_scan = matches!(db, Db::Pg { .. }) && db.facts().lacks_index();
    let (count, last, scanned) = match is_scan {
        true => ("coalesce(scanned.unread, 0)", "scanned.last_message_at", SCANNED),
        false => (COUNT, LAST, ""),
    };
    let last = if lists { last } else { "NULL" };
    let text = STATEMENT
        .replace("the_mentions", MENTIONS)
        .replace("is_any_late", IS_ANY_LATE)
        .replace("the_count", count)
        .replace("the_last", last)
        .replace("scanned_once", scanned)
        .replace("the_pairs", pairs)
        .replace("is_public", &is_public);
    match db {
        Db::Pg { .. } => {
            let from = "coalesce(marker.unread_at, marker.at, '-infinity')";
            let text = text.replace("mentioned_from", from).replace("the_beginning", "'-infinity'");
            let text = text.replace("counted_from", from).replace("marker_at", "marker.at");
            columns.adapt("", &text.replace("own.", "chatoxide.")).into_owned()
        }
        Db::Lite { .. } => {
            let format = columns.time_format;
            let never = if format == TimeFormat::Millis { "-1e18" } else { "''" };
            let from = format!(
                "coalesce({}, {}, {never})",
                format.of_own("marker.unread_at"),
                format.of_own("marker.at")
            );
            // A cast keeps SQLite from an index.
            let ids = [
                "pair.room_id",
                "pair.user_id",
                "\"A\"",
                "next.\"id\"",
                "later.\"id\"",
                "late.\"id\"",
                "last.\"id\"",
            ];
            ids.into_iter()
                .fold(text, |text, id| text.replace(&format!("CAST({id} AS TEXT)"), id))
                .replace("CAST(entry.message_id AS /*message*/TEXT)", "entry.message_id")
                .replace("mentioned_from", "coalesce(marker.unread_at, marker.at, '')")
                .replace("the_beginning", "''")
                .replace("least(", "min(")
                .replace("counted_from", &from)
                .replace("marker_at", &format.of_own("marker.at"))
                .replace("own.", "chatoxide_")
        }
    }
}

/// The unread messages of each of these pairs, of the last active room first. `lists`: with the time of each room's last message.
pub async fn list(db: &Db, pairs: &[(RoomId, UserId)], lists: bool) -> Result<Vec<Unread>> {
    let rows: Vec<UnreadRow> = match db {
        Db::Pg { pool, .. } => {
            let (rooms, users): (Vec<&str>, Vec<&str>) =
                pairs.iter().map(|(room_id, user_id)| (room_id.as_str(), user_id.as_str())).unzip();
            let text = statement(db, GIVEN_PG, lists);
            db.within_timeout(Box::pin(async {
                on_lease!(twice readers db pool, connection => Prepared(diesel::sql_query(&text)
                    .bind::<Array<RoomIdSql>, _>(&rooms)
                    .bind::<Array<UserIdSql>, _>(&users))
                    .load(&mut *connection)
                    .await?)
            }))
            .await?
        }
        Db::Lite { readers, .. } => {
            let pairs = Value::from_iter(pairs.iter().map(|pair| json!(pair))).to_string();
            let text = statement(db, GIVEN_LITE, lists);
            db.within_timeout(Box::pin(async {
                on_lease!(once readers db readers, connection => diesel::sql_query(&text)
                    .bind::<Text, _>(pairs)
                    .load(&mut *connection)
                    .await?)
            }))
            .await?
        }
    };
    Ok(rows.into_iter().map(Unread::from).collect())
}

/// The unread messages of the rooms that a user is a member of; if there are more than `limit`, of the most recently
/// active ones. The last active one is first.
pub async fn list_of_user(db: &Db, user_id: &UserId, limit: i64) -> Result<Vec<Unread>> {
    let text = statement(db, OF_USER, false);
    let rows: Vec<UnreadRow> = super::on!(db.readers, c => Prepared(diesel::sql_query(&text)
        .bind::<UserIdSql, _>(user_id.as_str())
        .bind::<BigInt, _>(limit))
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(Unread::from).collect())
}
