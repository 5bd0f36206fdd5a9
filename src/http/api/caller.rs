//! The user who makes a request.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{FromRequestParts, Request},
    http::{HeaderMap, HeaderName, header::AUTHORIZATION, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use hyper::body::{Frame, SizeHint};
use serde_json::Map;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::{
    actions::{Actor, user_sign_in},
    app::App,
    auth::{Claims, Refused},
    chat::{Error, id::UserId},
    http::problem::refusal,
    protocol::TokenUserView,
    rate::UnderWay,
    sync::lock,
};

/// The most requests of one user that are under way at once. One more is refused as `busy`.
pub(super) const MAX_OF_USER: usize = 16;

/// A request that is under way, until its answer has been sent: it counts for its user, and a shutdown waits for it.
type Held = Arc<Mutex<Option<(UnderWay<UserId>, TaskTrackerToken)>>>;

pub(super) struct Caller {
    claims: Claims,
    user: TokenUserView,
}

impl Caller {
    pub(super) fn actor(&self) -> Actor<'_> {
        Actor { claims: &self.claims, user: &self.user, socket: None }
    }

    pub(super) fn id(&self) -> &UserId {
        &self.user.id
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        app.ensure_open().map_err(Error::into_response)?;
        let tracked = app.in_flight.token();
        ensure_single(&parts.headers, &AUTHORIZATION).map_err(Error::into_response)?;
        let handshake = app.authenticator.keep(&parts.headers, &parts.uri);
        let mut auth = Map::new();
        if let Some(token) = bearer_token(&parts.headers) {
            auth.insert("token".to_owned(), token.into());
        }
        let claims = user_sign_in::run(app, auth, &handshake).await.map_err(|refused| {
            app.refusals.write(|left_out| match &refused {
                Refused::Denied(why) => tracing::info!(left_out, why, "a request was refused"),
                Refused::Unavailable(why) => tracing::warn!(left_out, why, "nobody can be signed in"),
            });
            refusal(&refused)
        })?;
        let user = claims.token_user();
        let under_way = app.requests.begin(&user.id, MAX_OF_USER).ok_or(Error::Busy);
        let under_way = under_way.map_err(Error::into_response)?;
        if let Some(held) = parts.extensions.get::<Held>() {
            *lock(held) = Some((under_way, tracked));
        }
        app.access.ensure_exists(&claims).await.map_err(Error::into_response)?;
        Ok(Self { claims, user })
    }
}

/// Keeps a request under way until the client has taken its answer, which is in memory until then.
pub(super) async fn hold(mut request: Request, next: Next) -> Response {
    let held = Held::default();
    request.extensions_mut().insert(Arc::clone(&held));
    next.run(request).await.map(|body| Body::new(HeldBody { body, _held: held }))
}

struct HeldBody {
    body: Body,
    _held: Held,
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Refuses a header that stands twice: a program before this one may have taken the other one.
pub(super) fn ensure_single(headers: &HeaderMap, name: &HeaderName) -> Result<(), Error> {
    match headers.get_all(name).iter().count() {
        0 | 1 => Ok(()),
        _ => Err(Error::BadInput(format!("the header {name} is taken once only"))),
    }
}

/// The token of `Authorization: Bearer`, whose scheme is written in any case.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
