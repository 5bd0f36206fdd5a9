//! Table `User`.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDateTime;
use diesel::{prelude::*, sql_types::Text};
use diesel_async::RunQueryDsl;

use super::{Db, in_transaction, on, schema::users};
use crate::{
    chat::{id::UserId, timestamp::Timestamp},
    error::Result,
    protocol::MemberView,
};

#[diesel::declare_sql_function]
extern "SQL" {
    fn lower(text: Text) -> Text;
}

#[derive(Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub struct NewUser {
    pub id: String,
    pub name: String,
    pub email: String,
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
            email: email.map_or_else(|| placeholder_email(id), str::to_owned),
            avatar: avatar.map(str::to_owned),
            created_at: at.naive(),
        }
    }
}

fn placeholder_email(id: &UserId) -> String {
    format!("{id}@users.invalid")
}

/// A user of these columns: id, name, avatar.
pub(super) fn member_view((id, name, avatar): (String, String, Option<String>)) -> MemberView {
    MemberView { id: id.into(), name: name.into(), avatar: avatar.map(Into::into) }
}

/// The names of those who are in the database.
pub async fn list_names(db: &Db, ids: Vec<UserId>) -> Result<HashMap<UserId, Arc<str>>> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let rows: Vec<(String, String)> = on!(db.readers, c => users::table
        .filter(users::id.eq_any(&ids))
        .select((users::id, users::name))
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(|(id, name)| (id.into(), name.into())).collect())
}

/// Those whose name or id contains a text, by name. Upper and lower case are the same; on SQLite, of ASCII's letters.
pub async fn list_like(db: &Db, text: &str, limit: i64) -> Result<Vec<MemberView>> {
    let escaped = text.to_lowercase().replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    let pattern = format!("%{escaped}%");
    // Lower case is most of the cost: both columns take it together.
    let name_and_id = lower(users::name.concat("\u{1}").concat(users::id));
    let rows: Vec<(String, String, Option<String>)> = on!(db.readers, c => users::table
        .filter(name_and_id.like(&pattern).escape('\\'))
        .order((users::name, users::id))
        .select((users::id, users::name, users::avatar))
        .limit(limit)
        .load(c)
        .await?)?;
    Ok(rows.into_iter().map(member_view).collect())
}

/// Makes each user unless one of that id is there. Somebody else's e-mail address is not taken over: the user then gets the
/// placeholder instead.
pub async fn insert_absent(db: &Db, mut users: Vec<NewUser>) -> Result<()> {
    // In one order, so that two nodes never wait for each other in a circle.
    users.sort_by(|one, other| one.id.cmp(&other.id));
    in_transaction!($ db write, c => {
        for user in &mut users {
            let made = run!(c.execute(diesel::insert_into(users::table).values(&*user).on_conflict_do_nothing()));
            let there: i64 = match made {
                0 => run!(c.get_result(users::table.filter(users::id.eq(&user.id)).count())),
                _ => 1,
            };
            if there == 0 {
                user.email = placeholder_email(&user.id.as_str().into());
                run!(c.execute(diesel::insert_into(users::table).values(&*user).on_conflict_do_nothing()));
            }
        }
        Ok(())
    })
}

/// How many users there are.
pub async fn count(db: &Db) -> Result<i64> {
    on!(db.readers, c => users::table.count().get_result(c).await?)
}
