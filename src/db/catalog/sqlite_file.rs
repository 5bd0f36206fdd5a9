//! Opens a file of SQLite for reading only, so that looking at it does not apply changes of the start, such as that of the
//! journal mode.

use std::path::Path;

use diesel::{Connection, connection::SimpleConnection, sqlite::SqliteConnection};

use crate::chat::{Error, Result};

/// The longest wait for another program's write.
const BUSY_TIMEOUT: &str = "PRAGMA busy_timeout = 3000";

/// Opens a file that is there, for reading only.
pub(in crate::db) fn open_read_only(path: &Path) -> Result<SqliteConnection> {
    let unusable = |error: &dyn std::fmt::Display| Error::Unavailable(format!("{}: {error}", path.display()));
    let url = url::Url::from_file_path(std::path::absolute(path).map_err(|error| unusable(&error))?)
        .map_err(|()| unusable(&"is no path of a file"))?;
    let mut connection =
        SqliteConnection::establish(&format!("{url}?mode=ro")).map_err(|error| unusable(&error))?;
    connection.batch_execute(BUSY_TIMEOUT)?;
    Ok(connection)
}
