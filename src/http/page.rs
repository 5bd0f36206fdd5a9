//! The web page of clients/web, embedded in the binary: `GET /` and its files. A binary that was built without it
//! serves a plain page that says what runs here.

use std::{borrow::Cow, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderName, Method, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use rust_embed::RustEmbed;
use serde::Serialize;

use super::encoding;
use crate::{app::App, chat::Error, config::Config};

/// The output of `make page`, if it was built.
#[derive(RustEmbed)]
#[folder = "clients/web/dist"]
#[allow_missing = true]
struct PageFiles;

/// The Content-Security-Policy of the page. Images may come from anywhere, because messages contain them.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data: blob:; \
    font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";
const PLAIN_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

/// For files whose names change with their content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For files that must be revalidated each time; the answer is 304 if nothing has changed.
pub(super) const REVALIDATE: &str = "no-cache";

pub(super) async fn show(State(app): State<Arc<App>>, request: HeaderMap) -> Response {
    match send("index.html", REVALIDATE, None, &request) {
        Some(page) => (security_headers(POLICY), page).into_response(),
        None => plain_page(&app.config),
    }
}

fn plain_page(config: &Config) -> Response {
    plain_response(plain(config.demo, &ClientSettings::of(config)))
}

fn plain_response(page: impl Into<Body>) -> Response {
    (security_headers(PLAIN_POLICY), NO_SNIFFING, Html(page.into())).into_response()
}

/// The settings with which a client of this server connects.
#[derive(Serialize)]
pub(super) struct ClientSettings {
    path: String,
    namespace: String,
}

impl ClientSettings {
    fn of(config: &Config) -> Self {
        let namespaces = &config.sockets.namespaces;
        let namespace = namespaces.first().map_or("/", String::as_str).to_owned();
        Self { path: config.sockets.path.clone(), namespace }
    }
}

/// `GET /client.json`: tells the page where Socket.IO is.
pub(super) async fn client_settings(State(app): State<Arc<App>>) -> Response {
    ([(header::CACHE_CONTROL, REVALIDATE)], Json(ClientSettings::of(&app.config))).into_response()
}

pub(super) fn security_headers(policy: &'static str) -> [(HeaderName, &'static str); 2] {
    [(header::CONTENT_SECURITY_POLICY, policy), (header::REFERRER_POLICY, "no-referrer")]
}

/// A file of the page.
pub(super) async fn asset(Path(name): Path<String>, request: HeaderMap) -> Response {
    file(&format!("assets/{name}"), IMMUTABLE, &request)
}

pub(super) async fn icon(request: HeaderMap) -> Response {
    file("favicon.svg", REVALIDATE, &request)
}

pub(super) async fn manifest(request: HeaderMap) -> Response {
    file("manifest.webmanifest", REVALIDATE, &request)
}

/// The page's service worker. It is at the root because a worker sees only requests below its own path.
pub(super) async fn worker(request: HeaderMap) -> Response {
    file("sw.js", REVALIDATE, &request)
}

/// The bundles of `socket.io-client`, at Node's URLs. This is middleware around the sockets, whose path is a prefix of
/// these URLs.
pub(super) async fn bundles(State(path): State<Arc<str>>, request: Request, next: Next) -> Response {
    let name = request.uri().path().strip_prefix(&*path).and_then(|rest| rest.strip_prefix('/'));
    let name = name.filter(|name| !name.is_empty());
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let bundle = name.filter(|_| is_read).and_then(|name| {
        let media_type = if name.ends_with(".map") { "application/json" } else { "application/javascript" };
        send(&format!("socket.io/{name}"), "public, max-age=0", Some(media_type), request.headers())
    });
    match bundle {
        Some(bundle) => bundle,
        None => next.run(request).await,
    }
}

/// True if the page was built with this file.
pub(super) fn has(path: &str) -> bool {
    PageFiles::get(path).is_some()
}

pub(super) fn file(path: &str, cache_control: &'static str, request: &HeaderMap) -> Response {
    send(path, cache_control, None, request).unwrap_or_else(|| Error::NotFound.into_response())
}

pub(super) const NO_SNIFFING: [(HeaderName, &str); 1] = [(header::X_CONTENT_TYPE_OPTIONS, "nosniff")];

/// The file in the encoding that the client prefers, or 304 if the client has that already; none if there is no such
/// file.
fn send(
    path: &str,
    cache_control: &'static str,
    media_type: Option<&str>,
    request: &HeaderMap,
) -> Option<Response> {
    let plain = PageFiles::get(path).filter(|_| !encoding::is_stored_name(path))?;
    let media_type = media_type.unwrap_or_else(|| plain.metadata.mimetype()).to_owned();
    let stored = encoding::preferred(request)
        .into_iter()
        .find_map(|(name, end)| Some((PageFiles::get(&format!("{path}{end}"))?, Some(name))));
    let (file, encoding) = stored.unwrap_or((plain, None));
    // The ETag is the hash of the bytes that are sent, so each encoding has its own.
    let hash = file.metadata.sha256_hash();
    let tag = hash.iter().take(16).fold(String::new(), |tag, byte| format!("{tag}{byte:02x}"));
    let tag = format!("\"{tag}\"");
    let has_it = request.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    let headers = [
        (header::CACHE_CONTROL, cache_control.to_owned()),
        (header::ETAG, tag.clone()),
        (header::VARY, "Accept-Encoding".to_owned()),
    ];
    if has_it.is_some_and(|tags| tags.split(',').any(|there| there.trim().trim_start_matches("W/") == tag)) {
        return Some((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let is_text = media_type.starts_with("text/") || media_type == "application/javascript";
    let charset = if is_text { "; charset=utf-8" } else { "" };
    let content_type = [(header::CONTENT_TYPE, format!("{media_type}{charset}"))];
    let content_encoding = encoding.map(|encoding| [(header::CONTENT_ENCODING, encoding)]);
    let body = match file.data {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    Some((headers, content_type, NO_SNIFFING, content_encoding, body).into_response())
}

fn plain(is_demo: bool, client: &ClientSettings) -> String {
    let mode = if is_demo {
        "<p>It is in <strong>demo mode</strong>: it answers on this machine only and signs its own tokens. \
         <code>chatoxide token --sub alice --name Alice</code> prints one.</p>"
    } else {
        ""
    };
    include_str!("plain.html")
        .replace("{version}", env!("CARGO_PKG_VERSION"))
        .replace("{mode}", mode)
        .replace("{path}", &client.path)
        .replace("{namespace}", &client.namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_page_says_what_runs_here_and_brings_no_script() {
        let client = || ClientSettings { path: "/api/socketio".to_owned(), namespace: "/chat".to_owned() };
        let page = plain(false, &client());
        let version = format!("chatoxide {}", env!("CARGO_PKG_VERSION"));
        for told in [
            version.as_str(),
            "/api/socketio/",
            "<code>/chat</code>",
            "/healthz",
            "/readyz",
            "npm",
            "make run",
        ] {
            assert!(page.contains(told), "{told}: {page}");
        }
        for untold in ["{version}", "{mode}", "{path}", "{namespace}", "demo", "<script"] {
            assert!(!page.contains(untold), "{untold}: {page}");
        }
        assert!(plain(true, &client()).contains("demo mode"));
    }

    #[tokio::test]
    async fn a_binary_without_the_client_answers_the_plain_page_under_a_policy_of_its_own() {
        let response = plain_response("<p>");
        assert_eq!(response.status(), StatusCode::OK);
        let header = |name| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header(header::CONTENT_TYPE), "text/html; charset=utf-8");
        assert_eq!(header(header::CONTENT_SECURITY_POLICY), PLAIN_POLICY);
        assert_eq!(header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        assert_eq!(body, "<p>");
    }
}
