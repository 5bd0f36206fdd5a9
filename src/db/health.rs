//! Whether the database answers, and what it is.

use diesel::{dsl::sql, sql_types::Text};
use diesel_async::RunQueryDsl;

use super::{Db, on};
use crate::chat::Result;

/// The server's version, as it says it.
pub async fn version(db: &Db) -> Result<String> {
    let version = match db {
        Db::Pg { .. } => "current_setting('server_version')",
        Db::Lite { .. } => "sqlite_version()",
    };
    on!(db.readers, c => diesel::select(sql::<Text>(version)).get_result(c).await?)
}
