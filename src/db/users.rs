//! Table `User`.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Db, on, schema::users};
use crate::{
    chat::{id::UserId, timestamp::Timestamp},
    error::Result,
};

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

/// The name in the database.
pub async fn find_name(db: &Db, id: &UserId) -> Result<Option<String>> {
    on!(db.readers, c => users::table.find(id.as_str()).select(users::name).first(c).await.optional()?)
}

/// Makes the user unless one of that id is there. Somebody else's e-mail address is not taken over: the user then gets the
/// placeholder instead.
pub async fn insert_if_absent(db: &Db, mut user: NewUser) -> Result<()> {
    if insert(db, &user).await? == 0 && find_name(db, &user.id.as_str().into()).await?.is_none() {
        user.email = placeholder_email(&user.id.as_str().into());
        insert(db, &user).await?;
    }
    Ok(())
}

async fn insert(db: &Db, user: &NewUser) -> Result<usize> {
    on!(db.writer, c => diesel::insert_into(users::table).values(user).on_conflict_do_nothing().execute(c).await?)
}

/// How many users there are.
pub async fn count(db: &Db) -> Result<i64> {
    on!(db.readers, c => users::table.count().get_result(c).await?)
}
