//! `GET /docs`: shows the description of the REST API in a browser, by RapiDoc. Its script is embedded in the binary with
//! the page (`clients/web`); a binary that was built without the page says so. Nothing is requested from another host.

use axum::{
    extract::Path,
    http::{HeaderMap, header},
    response::{Html, IntoResponse, Response},
};

use super::page::{self, NO_SNIFFING, REVALIDATE};

/// The Content-Security-Policy of the viewer. RapiDoc sets styles in attributes.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SCRIPT: &str = "docs/rapidoc-min.js";
const VIEWER: &str = include_str!("docs.html");
const LEFT_OUT: &str = include_str!("docs_left_out.html");

pub(super) async fn show() -> Response {
    let html = if page::has(SCRIPT) { VIEWER } else { LEFT_OUT };
    let cache = [(header::CACHE_CONTROL, REVALIDATE)];
    (page::security_headers(POLICY), NO_SNIFFING, cache, Html(html)).into_response()
}

/// The viewer's files: its script, its style, and its licences.
pub(super) async fn file(Path(name): Path<String>, request: HeaderMap) -> Response {
    page::file(&format!("docs/{name}"), REVALIDATE, &request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_names_the_description_and_no_other_host() {
        for html in [VIEWER, LEFT_OUT] {
            assert!(html.contains("/api/v1/openapi.json"), "{html}");
            assert!(!html.contains("://"), "{html}");
        }
        assert!(VIEWER.contains("load-fonts=\"false\"") && VIEWER.contains(SCRIPT), "{VIEWER}");
        assert!(LEFT_OUT.contains("without the web client"), "{LEFT_OUT}");
    }
}
