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
    /// Others are shown the user as offline.
    pub hides_presence: bool,
}

/// The choices of a user. An absent one stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserSettingsChange {
    pub has_private_reads: Option<bool>,
    pub hides_presence: Option<bool>,
}

impl From<UserSettings> for UserSettingsView {
    fn from(settings: UserSettings) -> Self {
        Self { private_reads: settings.has_private_reads, hide_presence: settings.hides_presence }
    }
}

pub async fn find(db: &Db, user_id: &UserId) -> Result<UserSettings> {
    let found: Option<(bool, bool)> = on!(db.readers, c => own::user_setting::table
        .find(user_id.as_str())
        .select((own::user_setting::has_private_reads, own::user_setting::hides_presence))
        .first(c)
        .await
        .optional()?)?;
    let (has_private_reads, hides_presence) = found.unwrap_or_default();
    Ok(UserSettings { has_private_reads, hides_presence })
}

/// Stores what a user chooses; returns their settings as they are then.
pub async fn change(db: &Db, user_id: &UserId, change: UserSettingsChange) -> Result<UserSettings> {
    let UserSettingsChange { has_private_reads, hides_presence } = change;
    if change == UserSettingsChange::default() {
        return find(db, user_id).await;
    }
    on!(db.writer, c => diesel::insert_into(own::user_setting::table)
        .values((
            own::user_setting::user_id.eq(user_id.as_str()),
            own::user_setting::has_private_reads.eq(has_private_reads.unwrap_or_default()),
            own::user_setting::hides_presence.eq(hides_presence.unwrap_or_default()),
        ))
        .on_conflict(own::user_setting::user_id)
        .do_update()
        .set((
            has_private_reads.map(|value| own::user_setting::has_private_reads.eq(value)),
            hides_presence.map(|value| own::user_setting::hides_presence.eq(value)),
        ))
        .execute(c)
        .await
        .map(drop)?)?;
    find(db, user_id).await
}

/// True if the reads of any user are private.
pub async fn has_private_readers(db: &Db) -> Result<bool> {
    on!(db.readers, c => select(exists(own::user_setting::table.filter(own::user_setting::has_private_reads.eq(true))))
        .get_result(c)
        .await?)
}
