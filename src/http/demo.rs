//! Demo mode's sign-in: anybody on this machine can sign in as anybody. It does not exist in any other mode.

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
    http::{HeaderMap, HeaderName, Version, header},
};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    app::App,
    chat::{Error, Result},
    clock, db,
};

const TOKEN_TTL: Duration = Duration::from_secs(3_600);
/// The most users that are suggested.
const MAX_SUGGESTED: i64 = 8;
/// The longest name, in bytes.
const LONGEST_NAME: usize = 100;

#[derive(Serialize)]
pub(super) struct User {
    id: String,
    name: String,
}

#[derive(Serialize)]
pub(super) struct Users {
    users: Vec<User>,
}

/// `GET /demo`: suggests some known users.
pub(super) async fn users(
    State(app): State<Arc<App>>,
    version: Version,
    request: HeaderMap,
) -> Result<Json<Users>> {
    ensure_demo(&app, version, &request)?;
    let users = db::users::list_like(&app.db, "", MAX_SUGGESTED).await?;
    let users = users.iter().map(|user| User { id: user.id.to_string(), name: user.name.to_string() });
    Ok(Json(Users { users: users.collect() }))
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    name: String,
}

#[derive(Serialize)]
pub(super) struct SignedIn {
    /// Valid for an hour.
    token: String,
    user: User,
}

/// `POST /demo/token`: signs in by name.
pub(super) async fn token(
    State(app): State<Arc<App>>,
    version: Version,
    request: HeaderMap,
    body: Result<Json<SignIn>, JsonRejection>,
) -> Result<Json<SignedIn>> {
    ensure_demo(&app, version, &request)?;
    let Json(SignIn { name }) = body.map_err(|rejection| Error::BadInput(rejection.body_text()))?;
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.len() > LONGEST_NAME {
        return Err(Error::BadInput("This name is too long. Please use a shorter one.".to_owned()));
    }
    let id = name.to_lowercase().replace(' ', "-");
    app.config.limits.ensure_id("the name", &id)?;
    let token =
        app.authenticator.keys().sign(&id, Some(&name), clock::now(), TOKEN_TTL).map_err(Error::Internal)?;
    Ok(Json(SignedIn { token, user: User { id, name } }))
}

/// Demo mode answers only this machine and its own pages. It refuses cross-origin requests, and requests to a host name
/// that was made to resolve to this machine (DNS rebinding). It also refuses proxies, because a proxy on this machine
/// would let in its own clients.
fn ensure_demo(app: &App, version: Version, request: &HeaderMap) -> Result<()> {
    if !app.config.demo {
        return Err(Error::NotFound);
    }
    if came_through_proxy(version, request) {
        return Err(Error::Forbidden("Demo mode answers this machine only, and no proxy"));
    }
    let text = |name: HeaderName| request.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).and_then(|host| Url::parse(&format!("http://{host}")).ok());
    let origin = text(header::ORIGIN).map(Url::parse);
    let is_ours = host.is_some_and(|host| is_loopback(&host))
        && origin.is_none_or(|origin| origin.is_ok_and(|origin| is_loopback(&origin)));
    if is_ours { Ok(()) } else { Err(Error::Forbidden("Demo mode answers pages of this machine only")) }
}

/// The headers by which proxies and tunnels name the client that they ask for.
const PROXY_HEADERS: [&str; 11] = [
    "cdn-loop",
    "cf-connecting-ip",
    "cf-ray",
    "client-ip",
    "fly-client-ip",
    "forwarded",
    "true-client-ip",
    "via",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-real-ip",
];

/// Prefixes of more such headers: `X-Forwarded-For`, `X-Original-Host`, `X-Envoy-External-Address`.
const PROXY_HEADER_PREFIXES: [&str; 4] = ["x-forwarded", "x-original-", "x-envoy-", "x-proxyuser-"];

/// True if the request came through a proxy. Browsers do not send HTTP/1.0; nginx does, and adds no header, when it is
/// configured with nothing but `proxy_pass`.
fn came_through_proxy(version: Version, request: &HeaderMap) -> bool {
    version < Version::HTTP_11
        || request.keys().map(HeaderName::as_str).any(|name| {
            PROXY_HEADERS.contains(&name)
                || PROXY_HEADER_PREFIXES.iter().any(|beginning| name.starts_with(beginning))
        })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
