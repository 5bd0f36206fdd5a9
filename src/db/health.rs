//! The health check of the database, and its version.

use diesel::{dsl::sql, sql_types::Text};
use diesel_async::RunQueryDsl;

use super::{Db, on};
use crate::chat::Result;

/// Returns the version that the server reports.
pub async fn version(db: &Db) -> Result<String> {
    let version = match db {
        Db::Pg { .. } => "current_setting('server_version')",
        Db::Lite { .. } => "sqlite_version()",
    };
    on!(db.readers, c => diesel::select(sql::<Text>(version)).get_result(c).await?)
}
