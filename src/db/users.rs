//! Table `User`.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDateTime;
use diesel::{
    prelude::*,
    sql_types::{Array, BigInt, Nullable, Text, Timestamp as SqlTimestamp},
    sqlite::SqliteConnection,
};
use diesel_async::RunQueryDsl;

use super::{
    Db,
    error::refused_by_rule,
    ids::{Id, UserIdSql, is_uuid},
    moment::Moment,
    on, on_lease,
    schema::users,
};
use crate::{
    chat::{Error, Result, id::UserId, timestamp::Timestamp},
    protocol::MemberView,
};

#[derive(Clone)]
pub struct NewUser {
    pub id: String,
    pub name: String,
    pub email: String,
    /// The address that the user gets if theirs belongs to somebody else.
    pub fallback_email: String,
    pub avatar: Option<String>,
    pub created_at: NaiveDateTime,
}

impl NewUser {
    /// A user without an e-mail claim gets an address that can never be somebody's.
    pub fn new(
        id: &UserId,
        name: Option<&str>,
        email: Option<&str>,
        avatar: Option<&str>,
        at: Timestamp,
    ) -> Self {
        Self {
            id: id.to_string(),
            name: name.unwrap_or(id.as_str()).to_owned(),
            email: email.map_or_else(|| placeholder_email(id.as_str()), str::to_owned),
            fallback_email: placeholder_email(id.as_str()),
            avatar: avatar.map(str::to_owned),
            created_at: at.naive(),
        }
    }

    /// The user is not to be inserted if their address belongs to somebody else.
    pub fn without_fallback(self) -> Self {
        Self { fallback_email: self.email.clone(), ..self }
    }

    /// The user's own address; none for a placeholder.
    pub fn own_email(&self) -> Option<&str> {
        Some(self.email.as_str()).filter(|email| *email != placeholder_email(&self.id))
    }
}

/// An address that can never be somebody's.
pub(in crate::db) fn placeholder_email(id: &str) -> String {
    format!("{id}@users.invalid")
}

/// A user, as our raw SQL selects them.
#[derive(QueryableByName)]
pub(super) struct MemberRow {
    #[diesel(sql_type = UserIdSql)]
    id: String,
    #[diesel(sql_type = Nullable<Text>)]
    name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    avatar: Option<String>,
}

impl From<MemberRow> for MemberView {
    fn from(row: MemberRow) -> Self {
        member_view((row.id, row.name, row.avatar))
    }
}

/// Builds a user from the columns id, name and avatar. A user without a name is shown by their id.
pub(super) fn member_view((id, name, avatar): (String, Option<String>, Option<String>)) -> MemberView {
    let name = name.unwrap_or_else(|| id.clone());
    MemberView { id: id.into(), name: name.into(), avatar: avatar.map(Into::into) }
}

/// Returns the names of those of the users who exist.
pub async fn list_names(db: &Db, ids: Vec<UserId>) -> Result<HashMap<UserId, Arc<str>>> {
    // Users are looked up together: an id that cannot be in the database must not fail the others.
    let has_uuids = db.facts().id_types().users;
    let can_be_there = |id: &&UserId| !has_uuids || is_uuid(id.as_str());
    let ids: Vec<String> = ids.iter().filter(can_be_there).map(ToString::to_string).collect();
    let rows: Vec<(String, Option<String>)> = on!(db.readers, c => users::table
        .filter(users::id.eq_any(ids.iter().map(|id| Id(id))))
        .select((users::id, users::name))
        .load(c)
        .await?)?;
    let named = |(id, name): (String, Option<String>)| {
        let name = name.unwrap_or_else(|| id.clone());
        (id.into(), name.into())
    };
    Ok(rows.into_iter().map(named).collect())
}

diesel::define_sql_function! {
    /// Lower case: on SQLite, only of ASCII letters.
    fn lower(text: diesel::sql_types::Nullable<Text>) -> diesel::sql_types::Nullable<Text>;
}

/// The most users that are returned by their names: many may share one.
const MAX_NAMED: i64 = 100;

/// Returns the users who have one of these ids or, in lower or upper case, one of these names.
pub async fn list_by_id_or_name(db: &Db, texts: &[&String]) -> Result<Vec<MemberView>> {
    let has_uuids = db.facts().id_types().users;
    let ids: Vec<&str> =
        texts.iter().map(|text| text.as_str()).filter(|text| !has_uuids || is_uuid(text)).collect();
    let lowered = |text: &&String| [text.to_lowercase(), text.to_ascii_lowercase()];
    let names: Vec<String> = texts.iter().flat_map(lowered).collect();
    let rows: Vec<(String, Option<String>, Option<String>)> = on!(db.readers, c => users::table
        .filter(users::id.eq_any(ids.iter().map(|id| Id(id))).or(lower(users::name).eq_any(&names).assume_not_null()))
        .select((users::id, users::name, users::avatar))
        .order(users::id)
        .limit(MAX_NAMED)
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(member_view).collect())
}

/// Returns those of these users who exist, in the order of their ids.
pub async fn list(db: &Db, ids: &[UserId]) -> Result<Vec<MemberView>> {
    let has_uuids = db.facts().id_types().users;
    let ids: Vec<&str> = ids.iter().map(UserId::as_str).filter(|id| !has_uuids || is_uuid(id)).collect();
    let rows: Vec<(String, Option<String>, Option<String>)> = on!(db.readers, c => users::table
        .filter(users::id.eq_any(ids.iter().map(|id| Id(id))))
        .order(users::id)
        .select((users::id, users::name, users::avatar))
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(member_view).collect())
}

/// Returns the ids of the users who have one of these e-mail addresses, by the address. Case matters.
pub async fn list_ids_by_email(db: &Db, emails: Vec<String>) -> Result<HashMap<String, UserId>> {
    let rows: Vec<(Option<String>, String)> = on!(db.readers, c => users::table
        .filter(users::email.eq_any(&emails))
        .select((users::email.nullable(), users::id))
        .load(c)
        .await?)?;
    Ok(rows.into_iter().filter_map(|(email, id)| Some((email?, id.into()))).collect())
}

/// Matches without case. Locale-aware lower case is most of the cost of a scan of all users in PostgreSQL; ASCII needs
/// none.
const LIKE_PG: &str = r#"
    SELECT "id", "name", "avatar" FROM "User"
    WHERE CASE
        WHEN octet_length("name") = char_length("name") AND octet_length(CAST("id" AS TEXT)) = char_length(CAST("id" AS TEXT))
        THEN lower(("name" || E'\x01' || CAST("id" AS TEXT)) COLLATE "C") LIKE $1
        ELSE lower(coalesce("name", CAST("id" AS TEXT)) || E'\x01' || CAST("id" AS TEXT)) LIKE $1
    END
    ORDER BY coalesce("name", CAST("id" AS TEXT)), "id" LIMIT $2"#;

/// SQLite's lower case handles ASCII only.
const LIKE_LITE: &str = r#"
    SELECT "id", "name", "avatar" FROM "User"
    WHERE lower(coalesce("name", "id") || char(1) || "id") LIKE ?1 ESCAPE '\'
    ORDER BY coalesce("name", "id"), "id" LIMIT ?2"#;

/// Returns the users whose name or id contains a text, sorted by name. Case is ignored; on SQLite, only that of ASCII
/// letters.
pub async fn list_like(db: &Db, text: &str, limit: i64) -> Result<Vec<MemberView>> {
    let (query, text) = match db {
        Db::Pg { .. } => (LIKE_PG, text.to_lowercase()),
        Db::Lite { .. } => (LIKE_LITE, text.to_ascii_lowercase()),
    };
    let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    let rows: Vec<MemberRow> = on!(db.readers, c => diesel::sql_query(query)
        .bind::<Text, _>(format!("%{escaped}%"))
        .bind::<BigInt, _>(limit)
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(MemberView::from).collect())
}

/// One statement for any number of users. The second insert is for users that the first could not insert: their e-mail
/// address belongs to somebody else, or their id exists.
const INSERT_ABSENT_PG: &str = r#"
    WITH newcomer (id, name, email, avatar, at, placeholder) AS (
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
    ), made AS (
        INSERT INTO "User" ("id", "name", "email", "avatar", "createdAt"/*, "updatedAt"*/)
        SELECT id, name, email, avatar, at/*, at*/ FROM newcomer ORDER BY CAST(id AS TEXT) COLLATE "C"
        ON CONFLICT DO NOTHING RETURNING "id"
    )
    INSERT INTO "User" ("id", "name", "email", "avatar", "createdAt"/*, "updatedAt"*/)
    SELECT id, name, placeholder, avatar, at/*, at*/ FROM newcomer WHERE id NOT IN (SELECT "id" FROM made)
    ORDER BY CAST(id AS TEXT) COLLATE "C" ON CONFLICT DO NOTHING"#;

const INSERT_ONE: &str = r#"INSERT INTO "User" ("id", "name", "email", "avatar", "createdAt"/*, "updatedAt"*/)
    VALUES ($1, $2, $3, $4, $5/*, $5*/)"#;

/// The statement that inserts a user on either database. `then` is its end.
macro_rules! insert_one {
    ($columns:ident, $user:expr, $email:expr, $then:literal) => {
        diesel::sql_query(format!("{}{}", $columns.adapt("User", INSERT_ONE), $then))
            .bind::<UserIdSql, _>(&$user.id)
            .bind::<Text, _>(&$user.name)
            .bind::<Text, _>($email)
            .bind::<Nullable<Text>, _>(&$user.avatar)
            .bind::<Moment, _>($columns.moment($user.created_at))
    };
}

/// After this many single refusals without a success, all others are refused, too.
const MAX_SINGLE_REFUSALS: usize = 8;

/// Inserts each user unless the id exists. An e-mail address of somebody else is not taken over: the user then gets the
/// fallback instead. A user that the database refuses does not fail the others: the refused ones are returned, with
/// the reason.
pub async fn insert_absent(db: &Db, mut users: Vec<NewUser>) -> Result<Vec<(UserId, Error)>> {
    let mut refused = Vec::new();
    users.retain(|user| match ensure_fits(db, user, &user.email) {
        Ok(()) => true,
        Err(error) => {
            refused.push((user.id.as_str().into(), error));
            false
        }
    });
    // Sorted, so that two nodes cannot deadlock.
    users.sort_by(|one, other| one.id.cmp(&other.id));
    let mut has_inserted_one = users.is_empty();
    let mut parts: Vec<Arc<[NewUser]>> = if users.is_empty() { Vec::new() } else { vec![users.into()] };
    while let Some(part) = parts.pop() {
        let made = match db {
            Db::Pg { .. } => insert_absent_pg(db, &part).await,
            Db::Lite { .. } => insert_absent_lite(db, Arc::clone(&part)).await,
        };
        match (made, &*part) {
            (Ok(()), _) => has_inserted_one = true,
            (Err(error @ (Error::Unavailable(_) | Error::Internal(_))), _) => return Err(error),
            // The database refuses everybody: do not try each user.
            (Err(error), _) if !has_inserted_one && refused.len() >= MAX_SINGLE_REFUSALS => {
                refused.extend(part.iter().map(|user| (user.id.as_str().into(), error.clone())));
            }
            (Err(error), [user]) => {
                let id = UserId::from(user.id.as_str());
                // The placeholder may be what is too long.
                let error = ensure_fits(db, user, &user.fallback_email).err().unwrap_or(error);
                refused.push((id, error));
            }
            (Err(_), _) => {
                let (first, second) = part.split_at(part.len() / 2);
                parts.extend([second.into(), first.into()]);
            }
        }
    }
    Ok(refused)
}

/// Refuses a user if a column is too short for one of their values.
fn ensure_fits(db: &Db, user: &NewUser, email: &str) -> Result<()> {
    let facts = db.facts();
    if facts.id_types().users && !is_uuid(&user.id) {
        let sentence = "the user's id is not a UUID, as the ids of users in the database are";
        return Err(Error::Refused { sentence: sentence.into(), cause: format!("{sentence}: {}", user.id) });
    }
    facts.ensure_fits("User", "id", &user.id)?;
    facts.ensure_fits("User", "name", &user.name)?;
    facts.ensure_fits("User", "email", email)?;
    facts.ensure_fits("User", "avatar", user.avatar.as_deref().unwrap_or_default())
}

/// Returns why [`insert_absent`] has neither inserted nor refused some users: a trigger keeps them out, or another row
/// has one of their unique values. If there are many, only a few are tried.
pub async fn list_refused(db: &Db, users: &[NewUser]) -> Result<Vec<(UserId, Error)>> {
    let mut refused = Vec::new();
    let mut last = refused_by_rule("the database stored no row of the user".to_owned());
    for (place, user) in users.iter().enumerate() {
        let id = UserId::from(user.id.as_str());
        if place < MAX_SINGLE_REFUSALS {
            let email = &user.fallback_email;
            let columns = db.facts().columns();
            let made = on!(db.writer, c => insert_one!(columns, user, email, "").execute(c).await?);
            match made {
                Ok(0) => {}
                // The conflict has gone: the insert succeeded.
                Ok(_) => continue,
                Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => return Err(error),
                Err(error) => last = error,
            }
        }
        refused.push((id, last.clone()));
    }
    Ok(refused)
}

async fn insert_absent_pg(db: &Db, users: &[NewUser]) -> Result<()> {
    let Db::Pg { pool, .. } = db else { return Ok(()) };
    let text = |column: fn(&NewUser) -> &str| users.iter().map(column).collect::<Vec<_>>();
    db.within_timeout(Box::pin(async {
        on_lease!(twice writer db pool, connection => diesel::sql_query(db.facts().columns().adapt("User", INSERT_ABSENT_PG))
            .bind::<Array<UserIdSql>, _>(text(|user| &user.id))
            .bind::<Array<Text>, _>(text(|user| &user.name))
            .bind::<Array<Text>, _>(text(|user| &user.email))
            .bind::<Array<Nullable<Text>>, _>(
                users.iter().map(|user| user.avatar.as_deref()).collect::<Vec<_>>(),
            )
            .bind::<Array<SqlTimestamp>, _>(users.iter().map(|user| user.created_at).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(text(|user| &user.fallback_email))
            .execute(&mut *connection)
            .await
            .map(drop)?)
    }))
    .await
}

async fn insert_absent_lite(db: &Db, users: Arc<[NewUser]>) -> Result<()> {
    use diesel::RunQueryDsl as Blocking;
    let Db::Lite { writer, .. } = db else { return Ok(()) };
    let columns = db.facts().columns();
    let insert = move |c: &mut SqliteConnection, user: &NewUser, email: &str| {
        Blocking::execute(insert_one!(columns, user, email, " ON CONFLICT DO NOTHING"), c)
    };
    let insert_all = move |c: &mut SqliteConnection| {
        for user in users.iter() {
            let made = insert(c, user, &user.email)?;
            let same_id = users::table.filter(users::id.eq(Id(&user.id))).count();
            if made == 0 && Blocking::get_result::<i64>(same_id, c)? == 0 {
                insert(c, user, &user.fallback_email)?;
            }
        }
        Ok(())
    };
    db.within_timeout(Box::pin(async {
        on_lease!(once writer db writer, connection => connection
            .spawn_blocking(move |c| c.immediate_transaction(insert_all))
            .await?)
    }))
    .await
}

/// Counts the users.
pub async fn count(db: &Db) -> Result<i64> {
    on!(db.readers, c => users::table.count().get_result(c).await?)
}
