//! Our table `user_presence`: when users were last online, and their statuses; and from `user_setting` who hides it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::NaiveDateTime;
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamp as SqlTimestamp};
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::{
    Db,
    ids::{Id, is_uuid},
    on, on_lease,
    schema::users,
};
use crate::chat::{Result, id::UserId, status::Status, timestamp::Timestamp};

/// The presence of a user, as it is stored.
#[derive(Clone, Debug, Default)]
pub struct StoredPresence {
    /// Others are shown the user as offline.
    pub is_hidden: bool,
    pub last_seen: Option<Timestamp>,
    /// It may have ended.
    pub status: Option<Arc<Status>>,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    user_id: String,
    #[diesel(sql_type = Bool)]
    is_hidden: bool,
    #[diesel(sql_type = Nullable<SqlTimestamp>)]
    last_seen: Option<NaiveDateTime>,
    #[diesel(sql_type = Nullable<Text>)]
    status_text: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    status_emoji: Option<String>,
    #[diesel(sql_type = Nullable<SqlTimestamp>)]
    clear_at: Option<NaiveDateTime>,
}

impl From<Row> for StoredPresence {
    fn from(row: Row) -> Self {
        let status = Status {
            text: row.status_text.map(Arc::from),
            emoji: row.status_emoji.map(Arc::from),
            clear_at: row.clear_at.map(Timestamp::from),
        };
        let has_status = status.text.is_some() || status.emoji.is_some();
        Self {
            is_hidden: row.is_hidden,
            last_seen: row.last_seen.map(Timestamp::from),
            status: has_status.then(|| Arc::new(status)),
        }
    }
}

/// The ids are passed as a JSON array.
const LIST_PG: &str = "SELECT asked.id AS user_id, coalesce(setting.hides_presence, false) AS is_hidden, \
        presence.last_seen, presence.status_text, presence.status_emoji, presence.clear_at \
    FROM json_array_elements_text(CAST($1 AS JSON)) AS asked (id) \
    LEFT JOIN chatoxide.user_presence AS presence ON presence.user_id = asked.id \
    LEFT JOIN chatoxide.user_setting AS setting ON setting.user_id = asked.id";
const LIST_LITE: &str = "SELECT asked.value AS user_id, coalesce(setting.hides_presence, false) AS is_hidden, \
        presence.last_seen, presence.status_text, presence.status_emoji, presence.clear_at \
    FROM json_each($1) AS asked \
    LEFT JOIN chatoxide_user_presence AS presence ON presence.user_id = asked.value \
    LEFT JOIN chatoxide_user_setting AS setting ON setting.user_id = asked.value";

/// Returns what is stored of these users; of each there is something.
pub async fn list(db: &Db, user_ids: &[UserId]) -> Result<HashMap<UserId, StoredPresence>> {
    if user_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let text = if matches!(db, Db::Pg { .. }) { LIST_PG } else { LIST_LITE };
    let ids = json!(user_ids).to_string();
    let rows: Vec<Row> = on!(db.readers, c => diesel::sql_query(text).bind::<Text, _>(&ids).load(c).await?)?;
    Ok(rows.into_iter().map(|row| (row.user_id.as_str().into(), row.into())).collect())
}

/// The text is constant for any number of users, so that the statement stays prepared.
const NOTE_SEEN_PG: &str = "INSERT INTO chatoxide.user_presence (user_id, last_seen) \
    SELECT * FROM unnest($1, $2) ON CONFLICT (user_id) DO UPDATE SET last_seen = excluded.last_seen \
    WHERE user_presence.last_seen IS NULL OR user_presence.last_seen < excluded.last_seen";

/// The users are passed as JSON: `[[user, time], ..]`.
const NOTE_SEEN_LITE: &str = "INSERT INTO chatoxide_user_presence (user_id, last_seen) \
    SELECT value ->> 0, value ->> 1 FROM json_each($1) WHERE true \
    ON CONFLICT (user_id) DO UPDATE SET last_seen = excluded.last_seen \
    WHERE chatoxide_user_presence.last_seen IS NULL OR chatoxide_user_presence.last_seen < excluded.last_seen";

/// Those of these users who exist: others may have been deleted while they were connected.
async fn list_existing(db: &Db, seen: &[(UserId, Timestamp)]) -> Result<HashSet<UserId>> {
    use diesel::{ExpressionMethods, QueryDsl};
    let has_uuids = db.facts().id_types().users;
    let ids = seen.iter().map(|(user_id, _)| user_id.as_str()).filter(|id| !has_uuids || is_uuid(id));
    let ids: Vec<Id<'_>> = ids.map(Id).collect();
    let found: Vec<String> =
        on!(db.readers, c => users::table.filter(users::id.eq_any(&ids)).select(users::id).load(c).await?)?;
    Ok(found.into_iter().map(UserId::from).collect())
}

/// Stores when users were last online; a later time that is stored stays. Each user occurs once. Nothing is stored of users
/// who do not exist.
pub async fn note_seen(db: &Db, mut seen: Vec<(UserId, Timestamp)>) -> Result<()> {
    let existing = list_existing(db, &seen).await?;
    seen.retain(|(user_id, _)| existing.contains(user_id));
    // Sorted, so that two concurrent upserts cannot deadlock.
    seen.sort();
    let work = Box::pin(async {
        match db {
            Db::Pg { pool, .. } => {
                let users: Vec<&str> = seen.iter().map(|(user_id, _)| user_id.as_str()).collect();
                let times: Vec<NaiveDateTime> = seen.iter().map(|(_, at)| at.naive()).collect();
                on_lease!(twice writer db pool, connection => diesel::sql_query(NOTE_SEEN_PG)
                    .bind::<Array<Text>, _>(&users)
                    .bind::<Array<SqlTimestamp>, _>(&times)
                    .execute(&mut *connection)
                    .await
                    .map(drop)?)
            }
            Db::Lite { writer, .. } => {
                // The format in which diesel writes times on SQLite.
                let at = |at: &Timestamp| at.naive().format("%F %T%.f").to_string();
                let rows = Value::from_iter(seen.iter().map(|(user_id, time)| json!([user_id, at(time)])));
                on_lease!(once writer db writer, connection => diesel::sql_query(NOTE_SEEN_LITE)
                    .bind::<Text, _>(rows.to_string())
                    .execute(&mut *connection)
                    .await
                    .map(drop)?)
            }
        }
    });
    db.within_timeout(work).await
}

/// Replaces the status of a user.
pub async fn set_status(db: &Db, user_id: &UserId, status: Option<&Status>) -> Result<()> {
    let text = status.and_then(|status| status.text.as_deref());
    let emoji = status.and_then(|status| status.emoji.as_deref());
    let clear_at = status.and_then(|status| status.clear_at).map(Timestamp::naive);
    on!(db.writer, c => {
        use diesel::ExpressionMethods;
        use own::user_presence::{clear_at as until, dsl, status_emoji, status_text, table};
        let values = (status_text.eq(text), status_emoji.eq(emoji), until.eq(clear_at));
        diesel::insert_into(table)
            .values((dsl::user_id.eq(user_id.as_str()), values))
            .on_conflict(dsl::user_id)
            .do_update()
            .set(values)
            .execute(c)
            .await
            .map(drop)?
    })
}
