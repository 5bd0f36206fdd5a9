//! Errors as HTTP answers: a status, and the sentence and the code as JSON.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::chat::Error;

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        let body = serde_json::json!({ "error": self.to_string(), "code": self.code() });
        (status(&self), Json(body)).into_response()
    }
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::BadInput(_) => StatusCode::BAD_REQUEST,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::RoomNotFound
        | Error::UserNotFound
        | Error::MessageNotFound
        | Error::NotFound
        | Error::DeleteRefused => StatusCode::NOT_FOUND,
        Error::Conflict(_) | Error::EmailTaken | Error::Refused { .. } => StatusCode::CONFLICT,
        Error::Busy | Error::ShuttingDown | Error::Unavailable(_) | Error::EndpointUnavailable(_) => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
