//! The user who makes a request.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
    response::{IntoResponse, Response},
};
use serde_json::Map;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::{
    actions::{Actor, user_sign_in},
    app::App,
    auth::Claims,
    chat::{Error, id::UserId},
    protocol::TokenUserView,
    rate::UnderWay,
};

/// The most requests of one user that are under way at once. One more is refused as `busy`.
pub(super) const MAX_OF_USER: usize = 16;

pub(super) struct Caller {
    claims: Claims,
    user: TokenUserView,
    _under_way: UnderWay<UserId>,
    /// A shutdown waits for the request.
    _tracked: TaskTrackerToken,
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
        let handshake = app.authenticator.keep(&parts.headers, &parts.uri);
        let mut auth = Map::new();
        if let Some(token) = bearer_token(&parts.headers) {
            auth.insert("token".to_owned(), token.into());
        }
        let claims = user_sign_in::run(app, auth, &handshake).await.map_err(IntoResponse::into_response)?;
        let user = claims.token_user();
        let under_way = app.requests.begin(&user.id, MAX_OF_USER).ok_or(Error::Busy);
        let under_way = under_way.map_err(Error::into_response)?;
        app.access.ensure_exists(&claims).await.map_err(Error::into_response)?;
        Ok(Self { claims, user, _under_way: under_way, _tracked: tracked })
    }
}

/// The token of `Authorization: Bearer`, whose scheme is written in any case.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
