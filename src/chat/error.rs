//! The error of a request: a stable code, and a sentence for the client. Internal causes are logged once and never
//! shown to a client.

use std::borrow::Cow;

/// The errors that a client's request can end in.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The payload is missing, of the wrong type, too long or not representable.
    #[error("{0}")]
    BadInput(String),
    /// The caller may not do this in this room.
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("Room not found")]
    RoomNotFound,
    #[error("User not found")]
    UserNotFound,
    #[error("Message not found")]
    MessageNotFound,
    /// There is no resource at this path.
    #[error("Not found")]
    NotFound,
    /// The original's answer to deleting a message that is not there or not the caller's.
    #[error("Failed to delete")]
    DeleteRefused,
    /// The request contradicts what is already stored.
    #[error("{0}")]
    Conflict(&'static str),
    /// Another user has the e-mail address of a user who signs in for the first time.
    #[error("Another user has this e-mail address")]
    EmailTaken,
    /// A rule of the database's own, such as a constraint or a trigger, refuses the change. The cause is for the log.
    #[error("{sentence}")]
    Refused { sentence: Cow<'static, str>, cause: String },
    /// A bounded queue is full; nothing was stored.
    #[error("The server is busy, try again")]
    Busy,
    /// This server has no search: it is turned off, or the database has no index.
    #[error("Messages cannot be searched on this server")]
    NoSearch,
    /// The server is shutting down; nothing was stored.
    #[error("The server is restarting, try again")]
    ShuttingDown,
    /// The database does not answer.
    #[error("The database is not available, try again")]
    Unavailable(String),
    /// The team's endpoint, which handles this event, does not answer as it must.
    #[error("The endpoint of this event is not available, try again")]
    EndpointUnavailable(String),
    /// A fault of this server. The text is for the log.
    #[error("Internal error")]
    Internal(String),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Stable, for programs: snake case.
    pub fn code(&self) -> &'static str {
        match self {
            Error::BadInput(_) => "bad_input",
            Error::Forbidden(_) => "forbidden",
            Error::RoomNotFound => "room_not_found",
            Error::UserNotFound => "user_not_found",
            Error::MessageNotFound => "message_not_found",
            Error::NotFound => "not_found",
            Error::DeleteRefused => "delete_refused",
            Error::Conflict(_) | Error::EmailTaken | Error::Refused { .. } => "conflict",
            Error::Busy => "busy",
            Error::NoSearch => "no_search",
            Error::ShuttingDown => "shutting_down",
            Error::Unavailable(_) | Error::EndpointUnavailable(_) => "unavailable",
            Error::Internal(_) => "internal",
        }
    }

    /// True for a refusal by room access, which the caller's socket is also sent as `room:error`.
    pub fn is_access_refusal(&self) -> bool {
        matches!(self, Error::Forbidden(_) | Error::RoomNotFound)
    }

    /// The cause, for the operator; clients are told less.
    pub fn cause(&self) -> String {
        match self {
            Error::Internal(cause)
            | Error::Unavailable(cause)
            | Error::EndpointUnavailable(cause)
            | Error::Refused { cause, .. } => cause.clone(),
            other => other.to_string(),
        }
    }

    /// Logs the cause of an error that is not the client's fault. Callers log each answered error once.
    pub fn log(&self) {
        match self {
            Error::Internal(cause) => tracing::error!(%cause, "internal error"),
            Error::Unavailable(cause) => tracing::warn!(%cause, "database not available"),
            Error::EndpointUnavailable(cause) => tracing::warn!(%cause, "EVENT_WEBHOOK not available"),
            Error::Refused { cause, .. } => tracing::warn!(%cause, "the database refused a change"),
            _ => {}
        }
    }
}

/// The error and its causes in one line: a driver's own text is often only "error connecting to server".
pub fn chained(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some errors show their cause themselves.
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
