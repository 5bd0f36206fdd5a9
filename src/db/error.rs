//! Maps database errors to the errors that clients are sent: bad input, a rule of the database's own, an unavailable
//! database, or a fault. Diesel does not pass on PostgreSQL's SQLSTATE, so many errors are recognised only by their
//! text.

use deadpool::managed::TimeoutType;
use diesel::{
    QueryResult,
    result::{DatabaseErrorInformation, DatabaseErrorKind, Error as DieselError},
};
use diesel_async::pooled_connection::deadpool::PoolError;
use tokio_postgres::error::{DbError, Severity};

use super::{Db, facts, ids::NotUuid};
use crate::chat::{Error, Result, chained};

/// Texts of errors after which the same request may succeed later.
const TRANSIENT: [&str; 10] = [
    "terminating connection",
    "canceling statement",
    "could not obtain lock",
    "the database system is",
    "deadlock detected",
    "could not serialize",
    "too many clients",
    "connection closed",
    "database is locked",
    "could not extend file",
];

/// Beginnings of errors about values that the client sent.
const VALUE_ERRORS: [&str; 5] = [
    "index row size",
    "index row requires",
    "invalid byte sequence for encoding",
    "unsupported Unicode escape sequence",
    "string or blob too big",
];

/// Beginnings of errors that mean that a database is set up wrongly, or is broken. No trigger raises them.
const OPERATION_ERRORS: [&str; 19] = [
    "permission denied for",
    "must be owner of",
    "cache lookup failed",
    "cached plan must not",
    "could not open",
    "could not read",
    "could not write",
    "could not access",
    "out of memory",
    "out of shared memory",
    "current transaction is aborted",
    "prepared statement",
    "no such table",
    "no such column",
    "disk I/O error",
    "database disk image",
    "database or disk is full",
    "unable to open database",
    "attempt to write a readonly database",
];

/// The beginning of the error of a database that is not in UTF-8, such as LATIN1, about a character that it lacks.
const NO_SUCH_CHARACTER: &str = "character with byte sequence";
const TOO_LONG: &str = "value too long for type ";

/// The error text of PostgreSQL's row-level security.
const POLICY: &str = "new row violates row-level security policy";

const BY_RULE: &str = "The database refuses this by a rule of its own";
const BY_REFERENCE: &str =
    "The database refuses this: a row that it refers to is missing, or another row refers to it";
const BY_UNIQUENESS: &str = "The database refuses this: it has such a row already";
const BY_CHECK: &str = "The database refuses this: a value breaks a rule of its table";
const BY_MISSING_VALUE: &str =
    "The database refuses this: its table requires a value that chatoxide does not write";

/// Rolls back a transaction of ours: a trigger or a rule of the team's own kept a row from being written, or wrote a
/// different one.
pub(super) const KEPT_OUT: DieselError = DieselError::RollbackTransaction;
const NOT_STORED: &str =
    "a row was not stored as it was written: a trigger or a rule of the table's keeps it out or changes it";

/// The cause of [`refers_to_nothing`].
#[derive(Debug, thiserror::Error)]
#[error("a row refers to one that is not there")]
struct RefersToNothing;

/// Rolls back a transaction of ours: a row of our own tables, which have no foreign keys, refers to one that is not there.
pub(super) fn refers_to_nothing() -> DieselError {
    DieselError::SerializationError(Box::new(RefersToNothing))
}

/// The error when another table refers to a row that is to be deleted.
pub(super) fn referred_to() -> Error {
    Error::Refused { sentence: BY_REFERENCE.into(), cause: "FOREIGN KEY constraint failed".to_owned() }
}

impl From<DieselError> for Error {
    fn from(error: DieselError) -> Self {
        use DatabaseErrorKind as Kind;
        let refused =
            |sentence: &'static str| Error::Refused { sentence: sentence.into(), cause: error.to_string() };
        match &error {
            DieselError::RollbackTransaction => refused_by_rule(NOT_STORED.to_owned()),
            DieselError::BrokenTransactionManager => Error::Unavailable(error.to_string()),
            DieselError::DatabaseError(kind, info) => match kind {
                Kind::ClosedConnection
                | Kind::UnableToSendCommand
                | Kind::SerializationFailure
                | Kind::ReadOnlyTransaction => Error::Unavailable(error.to_string()),
                _ if is_on_own_table(&**info) => Error::Internal(error.to_string()),
                Kind::ForeignKeyViolation => missing_row(&**info).unwrap_or_else(|| refused(BY_REFERENCE)),
                Kind::RestrictViolation => refused(BY_REFERENCE),
                Kind::UniqueViolation | Kind::ExclusionViolation => refused(BY_UNIQUENESS),
                Kind::CheckViolation => refused(BY_CHECK),
                Kind::NotNullViolation => refused(BY_MISSING_VALUE),
                _ => classify_by_text(info.message()).unwrap_or_else(|| Error::Internal(error.to_string())),
            },
            DieselError::SerializationError(cause) if cause.is::<RefersToNothing>() => Error::MessageNotFound,
            DieselError::SerializationError(cause) => match cause.downcast_ref::<NotUuid>() {
                Some(not_uuid) => (*not_uuid).into(),
                None => Error::Internal(error.to_string()),
            },
            _ => Error::Internal(error.to_string()),
        }
    }
}

/// The names of our own tables, without the schema or the prefix.
const OWN_TABLES: [&str; 15] = [
    "room_head",
    "room_log",
    "room_detail",
    "room_digest",
    "read_marker",
    "delivery_marker",
    "mention",
    "mention_marker",
    "thread",
    "thread_follower",
    "thread_reply",
    "user_setting",
    "user_presence",
    "search_room",
    "search_message",
];

/// True for a constraint of our own tables: only a fault of ours can violate it.
fn is_on_own_table(info: &dyn DatabaseErrorInformation) -> bool {
    match info.table_name() {
        Some(table) => OWN_TABLES.contains(&table),
        None => info.message().contains("chatoxide_"),
    }
}

/// The error for a foreign key of the original's that finds no row. The details name the columns, whatever the
/// constraint is called.
fn missing_row(info: &dyn DatabaseErrorInformation) -> Option<Error> {
    let Some(table) = info.table_name() else {
        // SQLite names neither table nor constraint.
        return info.constraint_name().is_none().then_some(Error::RoomNotFound);
    };
    let details = info.details().unwrap_or_default();
    let is_of = |column: &str, constraint: &str| match details {
        "" => info.constraint_name() == Some(constraint),
        details => details.contains(&format!("({column})=")),
    };
    match table {
        "Message" if is_of("roomId", "Message_roomId_fkey") => Some(Error::RoomNotFound),
        "Message" if is_of("senderId", "Message_senderId_fkey") => Some(Error::UserNotFound),
        "Reaction" if is_of("messageId", "Reaction_messageId_fkey") => Some(Error::MessageNotFound),
        "Reaction" if is_of("userId", "Reaction_userId_fkey") => Some(Error::UserNotFound),
        "_RoomMembers" if is_of("A", "_RoomMembers_A_fkey") => Some(Error::RoomNotFound),
        "_RoomMembers" if is_of("B", "_RoomMembers_B_fkey") => Some(Error::UserNotFound),
        _ => None,
    }
}

fn classify_by_text(message: &str) -> Option<Error> {
    if TRANSIENT.iter().any(|text| message.contains(text)) {
        return Some(Error::Unavailable(message.to_owned()));
    }
    if let Some(column) = message.strip_prefix(TOO_LONG) {
        return Some(Error::BadInput(format!("a text is too long for the database, which takes {column}")));
    }
    if message.starts_with("invalid input syntax for type uuid") {
        return Some(Error::BadInput("an id is not a UUID, as the ids in the database are".to_owned()));
    }
    if message.starts_with(NO_SUCH_CHARACTER) && message.contains("has no equivalent in encoding") {
        let sentence =
            "the database's encoding does not have all of these characters: only one in UTF8 has".to_owned();
        return Some(Error::BadInput(sentence));
    }
    if message.starts_with("invalid input value for enum") {
        return Some(Error::Refused {
            sentence: "the database has no such type".into(),
            cause: message.to_owned(),
        });
    }
    if VALUE_ERRORS.iter().any(|text| message.starts_with(text)) {
        return Some(Error::BadInput("the database does not take this value".to_owned()));
    }
    message.starts_with(POLICY).then(|| refused_by_rule(message.to_owned()))
}

/// True if a trigger may have raised the error: the text is unknown, and no position in our statement is at fault.
fn may_be_trigger_error(error: &DieselError) -> bool {
    let DieselError::DatabaseError(DatabaseErrorKind::Unknown, info) = error else { return false };
    let message = info.message();
    info.statement_position().is_none()
        && classify_by_text(message).is_none()
        && !message.ends_with("does not exist")
        && !OPERATION_ERRORS.iter().any(|text| message.starts_with(text))
}

/// The error when a trigger, a policy or the like of the team's own refuses a change.
pub fn refused_by_rule(cause: String) -> Error {
    Error::Refused { sentence: BY_RULE.into(), cause }
}

impl Db {
    /// Explains a query's error from the facts last seen about triggers. If the errors are not in English, a trigger's
    /// error cannot be told from any other.
    pub(super) fn explained_as_seen(&self, error: DieselError) -> Error {
        let facts = self.facts();
        if facts.has_triggers() && !facts.speaks_other_language() && may_be_trigger_error(&error) {
            return refused_by_rule(error.to_string());
        }
        error.into()
    }

    /// Explains the error of a query. An unknown error counts as a trigger's refusal if there are triggers.
    pub(super) async fn explained<T>(&self, result: QueryResult<T>) -> Result<T> {
        match result {
            Ok(value) => Ok(value),
            Err(error) if may_be_trigger_error(&error) => {
                if !self.facts().has_triggers() {
                    // This error is returned, even if reading the facts fails.
                    let _looked = Box::pin(facts::refresh(self)).await;
                }
                Err(self.explained_as_seen(error))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The error when a pool has no connection to the database at `address`. The pool's own texts are about its slots and
/// objects.
pub(super) fn no_connection(address: &str, error: PoolError) -> Error {
    Error::Unavailable(match error {
        PoolError::Backend(cause) => format!("no connection to {address}: {}", chained(&cause)),
        PoolError::Timeout(TimeoutType::Wait) => {
            format!("no connection to {address}: all that DATABASE_POOL allows were busy for too long")
        }
        PoolError::Timeout(_) => format!("no connection to {address}: it does not answer"),
        error => format!("no connection to {address}: {}", chained(&error)),
    })
}

/// The error when the writer's own connection is at fault, or a statement on it did not end.
pub(super) fn broken_connection(db: &Db, error: &tokio_postgres::Error) -> Error {
    Error::Unavailable(format!("{}: {}", db.address(), chained(error)))
}

/// True if PostgreSQL has refused the statement and rolled it back.
pub(super) fn is_refusal(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().and_then(DbError::parsed_severity) == Some(Severity::Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_kept_out_is_named_as_such() {
        let error = Error::from(KEPT_OUT);
        assert_eq!((error.code(), error.cause()), ("conflict", NOT_STORED.to_owned()));
    }
}
