//! Our table `user_setting`: the settings that users have chosen for themselves.

use diesel::{dsl::exists, prelude::*, select};
use diesel_async::RunQueryDsl;

use super::{Db, on};
use crate::{
    chat::{Result, id::UserId},
    protocol::UserSettingsView,
};

/// The settings of a user. The default is that of a user who has chosen nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserSettings {
    /// Others are not shown what the user has read.
    pub has_private_reads: bool,
}

impl From<UserSettings> for UserSettingsView {
    fn from(settings: UserSettings) -> Self {
        Self { private_reads: settings.has_private_reads }
    }
}

pub async fn find(db: &Db, user_id: &UserId) -> Result<UserSettings> {
    let found: Option<bool> = on!(db.readers, c => own::user_setting::table
        .find(user_id.as_str())
        .select(own::user_setting::has_private_reads)
        .first(c)
        .await
        .optional()?)?;
    Ok(UserSettings { has_private_reads: found.unwrap_or_default() })
}

pub async fn upsert(db: &Db, user_id: &UserId, settings: UserSettings) -> Result<()> {
    let UserSettings { has_private_reads } = settings;
    on!(db.writer, c => diesel::insert_into(own::user_setting::table)
        .values((
            own::user_setting::user_id.eq(user_id.as_str()),
            own::user_setting::has_private_reads.eq(has_private_reads),
        ))
        .on_conflict(own::user_setting::user_id)
        .do_update()
        .set(own::user_setting::has_private_reads.eq(has_private_reads))
        .execute(c)
        .await
        .map(drop)?)
}

/// True if the reads of any user are private.
pub async fn has_private_readers(db: &Db) -> Result<bool> {
    on!(db.readers, c => select(exists(own::user_setting::table.filter(own::user_setting::has_private_reads.eq(true))))
        .get_result(c)
        .await?)
}
