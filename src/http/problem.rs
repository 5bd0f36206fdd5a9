//! Errors as HTTP answers: problem details (RFC 9457), with the stable code of the error beside the sentence.

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{auth::Refused, chat::Error};

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// The wait before a client tries again, in seconds.
const TRY_AGAIN: HeaderValue = HeaderValue::from_static("1");

/// An error, as RFC 9457 describes it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemView {
    /// The status in words.
    title: &'static str,
    status: u16,
    /// One sentence for people.
    detail: String,
    /// Stable, for programs: the codes of the acks of Socket.IO, `signed_out`, `method_not_allowed` and `timed_out`.
    code: &'static str,
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        let response = problem(status(&self), self.to_string(), self.code());
        if response.status() == StatusCode::SERVICE_UNAVAILABLE { try_again(response) } else { response }
    }
}

fn try_again(mut response: Response) -> Response {
    response.headers_mut().insert(RETRY_AFTER, TRY_AGAIN);
    response
}

/// The answer to a request without good credentials. The reason is for the log only.
pub(super) fn refusal(refused: &Refused) -> Response {
    match refused {
        Refused::Denied(_) => {
            let sentence = "Authentication failed".to_owned();
            let mut response = problem(StatusCode::UNAUTHORIZED, sentence, "signed_out");
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        Refused::Unavailable(_) => {
            let sentence = "The sign-in is not available, try again".to_owned();
            try_again(problem(StatusCode::SERVICE_UNAVAILABLE, sentence, "unavailable"))
        }
    }
}

/// The answer to a method that the resource does not have. The router adds which it has, as `Allow`.
pub(super) fn method_not_allowed() -> Response {
    let sentence = "The resource does not have this method".to_owned();
    problem(StatusCode::METHOD_NOT_ALLOWED, sentence, "method_not_allowed")
}

/// The answer to a request whose body does not come in time.
pub(super) fn timed_out() -> Response {
    problem(StatusCode::REQUEST_TIMEOUT, "The body did not come in time".to_owned(), "timed_out")
}

fn problem(status: StatusCode, detail: String, code: &'static str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let body = ProblemView { title, status: status.as_u16(), detail, code };
    let body = serde_json::to_string(&body).unwrap_or_default();
    (status, [(CONTENT_TYPE, PROBLEM_JSON)], body).into_response()
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
        Error::NoSearch => StatusCode::NOT_IMPLEMENTED,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
