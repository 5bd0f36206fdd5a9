//! The parts of a handshake's HTTP request that signing in needs. They are kept as long as the connection, because a
//! client may sign in to several namespaces by one connection.

use std::fmt::Write;

use hyper::{HeaderMap, Uri, header};
use serde_json::{Map, Value};

use super::refusal::strip_scheme;
use crate::config::{CorsOrigin, SignIn, TokenSource};

/// The most chunks of one cookie. Libraries split what is longer than 4 KiB.
const MAX_CHUNKS: usize = 16;

/// The parts of a handshake that were kept. Their size is bounded by that of a request's headers.
#[derive(Debug, Default)]
pub struct Handshake {
    /// The token of each place that had one, in the order of the places; none for those of `auth`.
    found: Vec<(usize, String)>,
    /// A cookie was there and not taken.
    has_refused_cookie: bool,
    /// The whole request, if an endpoint is asked.
    pub(super) request: Option<Request>,
}

/// A handshake's request, as the endpoint of `AUTH_URL` gets it.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) headers: Map<String, Value>,
    pub(super) query: Map<String, Value>,
    /// There were cookies, or credentials of a browser, that are not among the headers.
    has_left_out: bool,
}

/// Headers that say nothing about the user, or differ each time.
const DROPPED_HEADERS: [&str; 9] = [
    "accept",
    "accept-encoding",
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "pragma",
    "transfer-encoding",
    "upgrade",
];
const DROPPED_HEADER_PREFIX: &str = "sec-websocket-";
const SEC_FETCH_SITE: &str = "sec-fetch-site";
/// Parameters of Engine.IO.
const DROPPED_PARAMETERS: [&str; 4] = ["EIO", "transport", "sid", "t"];

impl Handshake {
    /// Keeps what the settings ask for. `keeps_request`: an endpoint is asked.
    pub(super) fn keep(
        settings: &SignIn,
        cors: &CorsOrigin,
        (headers, uri): (&HeaderMap, &Uri),
        keeps_request: bool,
    ) -> Self {
        let mut kept = Self::default();
        let may_use_cookies = may_use_cookies(cors, headers);
        for (place, source) in settings.sources.iter().enumerate() {
            let token = match source {
                TokenSource::Auth(_) => None,
                TokenSource::Header => bearer(headers),
                TokenSource::Query(name) => query(uri).find(|(key, _)| key == name).map(|(_, value)| value),
                TokenSource::Cookie(name) => match cookie(headers, name) {
                    Some(_) if !may_use_cookies => {
                        kept.has_refused_cookie = true;
                        None
                    }
                    token => token,
                },
            };
            kept.found.extend(token.filter(|token| !token.is_empty()).map(|token| (place, token)));
        }
        kept.request = keeps_request.then(|| Request::read((headers, uri), may_use_cookies));
        kept
    }

    /// The first token, without the scheme `Bearer`; with the name of its cookie, if it came in one.
    pub(super) fn token<'a, 's>(
        &'a self,
        settings: &'s SignIn,
        auth: &'a Map<String, Value>,
    ) -> Option<(&'a str, Option<&'s str>)> {
        settings.sources.iter().enumerate().find_map(|(place, source)| {
            let token = match source {
                TokenSource::Auth(name) => auth.get(name).and_then(Value::as_str),
                _ => self.found.iter().find(|(found, _)| *found == place).map(|(_, token)| token.as_str()),
            };
            let cookie = if let TokenSource::Cookie(name) = source { Some(name.as_str()) } else { None };
            token.filter(|token| !token.is_empty()).map(|token| (strip_scheme(token), cookie))
        })
    }

    /// The reason for which there is no token, for the log.
    pub(super) fn explain_absence(&self, settings: &SignIn) -> String {
        let mut text = "there is no token in ".to_owned();
        for (place, source) in settings.sources.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let (kind, name) = match source {
                TokenSource::Auth(name) => ("auth.", name.as_str()),
                TokenSource::Header => ("header", ""),
                TokenSource::Query(name) => ("query.", name.as_str()),
                TokenSource::Cookie(name) => ("cookie:", name.as_str()),
            };
            let _infallible = write!(text, "{comma}{kind}{name}");
        }
        if self.has_refused_cookie {
            text.push_str("; the cookie was not used, since the page's Origin is not in CORS_ORIGIN");
        }
        text
    }

    /// The end of a line in the log about an endpoint's refusal: whether it was posted less than came.
    pub(super) fn explain_left_out(&self) -> &'static str {
        if self.request.as_ref().is_some_and(|request| request.has_left_out) {
            "; cookies or credentials were left out, since the page's Origin is not in CORS_ORIGIN"
        } else {
            ""
        }
    }
}

impl Request {
    fn read((headers, uri): (&HeaderMap, &Uri), may_use_cookies: bool) -> Self {
        let mut read = Map::new();
        let mut has_left_out = false;
        // A browser adds credentials that it has stored, of schemes such as Basic, to the requests of any page.
        let is_browser = headers.contains_key(header::ORIGIN) || headers.contains_key(SEC_FETCH_SITE);
        let has_stored_credentials = is_browser && bearer(headers).is_none();
        for (name, value) in headers {
            let is_dropped =
                DROPPED_HEADERS.contains(&name.as_str()) || name.as_str().starts_with(DROPPED_HEADER_PREFIX);
            let is_of_browser =
                name == header::COOKIE || (name == header::AUTHORIZATION && has_stored_credentials);
            let is_left_out = is_of_browser && !may_use_cookies;
            has_left_out |= is_left_out;
            let Ok(value) = value.to_str() else { continue };
            if is_dropped || is_left_out {
                continue;
            }
            // Node joins headers that come more than once, cookies with a semicolon.
            let separator = if name == header::COOKIE { "; " } else { ", " };
            match read.get_mut(name.as_str()) {
                Some(Value::String(there)) => *there = format!("{there}{separator}{value}"),
                _ => drop(read.insert(name.as_str().to_owned(), value.into())),
            }
        }
        let parameters = query(uri).filter(|(key, _)| !DROPPED_PARAMETERS.contains(&key.as_str()));
        Self {
            headers: read,
            query: parameters.map(|(key, value)| (key, value.into())).collect(),
            has_left_out,
        }
    }
}

/// True if a page that this server's CORS rules allow has sent the request. A browser sends cookies with requests of any
/// page. It names the page's origin, except in some requests to the page's own server, which it marks in another way.
fn may_use_cookies(cors: &CorsOrigin, headers: &HeaderMap) -> bool {
    let text = |value: &header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    match headers.get(header::ORIGIN).map(text) {
        // Many kinds of page share the origin null.
        Some(origin) => origin != "null" && cors.lists(&origin),
        None => headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "same-origin"),
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let token = strip_scheme(value);
    // Another scheme, such as Basic, is for a proxy.
    (token != value).then(|| token.to_owned())
}

fn query(uri: &Uri) -> impl Iterator<Item = (String, String)> {
    let text = uri.query().unwrap_or_default();
    url::form_urlencoded::parse(text.as_bytes()).map(|(key, value)| (key.into_owned(), value.into_owned()))
}

/// The value of a cookie, put together from its chunks if it has some.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let find = |name: &str| {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(there, _)| *there == name).map(|(_, value)| value.trim_matches('"').to_owned())
    };
    find(name).or_else(|| {
        let chunks = (0..MAX_CHUNKS).map_while(|number| find(&format!("{name}.{number}")));
        Some(chunks.collect::<String>()).filter(|value| !value.is_empty())
    })
}
