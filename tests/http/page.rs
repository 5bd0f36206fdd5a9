//! `GET /`, its files, the client's bundles, and paths that there are not. What is on the page is looked at with a browser, in
//! tests/client/browser.
//!
//! The page must be in the binary, as `make test` builds it. Where it was left out on purpose, as where there is no npm,
//! `TEST_WITHOUT_PAGE=1` says so; then it must not be there.

use serde_json::json;

use crate::support::{http, on_both};

/// Where the client's bundles come from.
const BUNDLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/node_modules/socket.io-client/dist");

fn is_left_out() -> bool {
    std::env::var("TEST_WITHOUT_PAGE").is_ok_and(|value| value == "1")
}

/// The page's script; the page that is there instead has none.
fn script(page: &str) -> Option<&str> {
    page.split("src=\"").nth(1)?.split('"').next()
}

fn script_of_built_page(page: &str) -> &str {
    script(page).expect("the page is not in the binary: `make page`, then build anew; or TEST_WITHOUT_PAGE=1")
}

on_both! {
    async fn the_page_is_html_under_a_strict_policy(server: TestServer) {
        let page = http::get(server.address(), "/").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"), "{policy}");
        if is_left_out() {
            assert_eq!(script(&page.body), None);
            assert!(page.body.contains("built without the web client"), "{}", page.body);
        } else {
            script_of_built_page(&page.body);
            assert!(!policy.contains("unsafe"), "{policy}");
        }
    }
}

on_both! {
    async fn files_whose_names_tell_their_content_are_kept_and_others_asked_for_again(server: TestServer) {
        if is_left_out() {
            for path in ["/favicon.svg", "/manifest.webmanifest"] {
                assert_eq!(http::get(server.address(), path).await.status, 404, "{path}");
            }
            return;
        }
        let page = http::get(server.address(), "/").await;
        let tag = page.header("etag").unwrap();
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        for (tags, status) in [(tag, 304), (&format!("\"old\", W/{tag}"), 304), ("\"old\"", 200)] {
            let again = http::request(server.address(), "GET", "/", &[("If-None-Match", tags)], "").await;
            assert_eq!((again.status, again.body.is_empty()), (status, status == 304), "{tags}");
        }

        let script = http::get(server.address(), script_of_built_page(&page.body)).await;
        assert_eq!(script.status, 200);
        assert!(script.header("content-type").unwrap().contains("javascript"), "{:?}", script.header("content-type"));
        assert!(script.header("cache-control").unwrap().contains("immutable"));
        let icon = http::get(server.address(), "/favicon.svg").await;
        assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/svg+xml")));
        let manifest = http::get(server.address(), "/manifest.webmanifest").await;
        assert_eq!(manifest.status, 200);
    }
}

on_both! {
    async fn the_clients_bundles_are_where_node_has_them(server: TestServer) {
        for name in ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js"] {
            for (name, media_type) in [
                (name.to_owned(), "application/javascript; charset=utf-8"),
                (format!("{name}.map"), "application/json"),
            ] {
                let bundle = http::get(server.address(), &format!("/socket.io/{name}")).await;
                if is_left_out() {
                    // A request of the protocol, and a wrong one.
                    assert_eq!(bundle.status, 400, "{name}");
                    continue;
                }
                assert_eq!((bundle.status, bundle.header("content-type")), (200, Some(media_type)), "{name}");
                let packaged = std::fs::read_to_string(format!("{BUNDLES}/{name}")).unwrap();
                assert!(bundle.body == packaged, "{name} is not as it is in the package");
            }
        }
        // As in Node, all else there is a request of the protocol, and a wrong one.
        for path in ["/socket.io/package.json", "/socket.io/..%2findex.html", "/socket.io/../index.html"] {
            let wrong = http::get(server.address(), path).await;
            assert_eq!((wrong.status, wrong.json()["message"].clone()), (400, json!("Transport unknown")), "{path}");
        }
        // The protocol is where it was.
        let engine = http::get(server.address(), "/socket.io/?EIO=4&transport=polling").await;
        assert!(engine.body.starts_with("0{"), "{}", engine.body);
    }
}

on_both! {
    async fn a_path_that_there_is_not_is_answered_at_once(server: TestServer) {
        for path in [
            "/nothing",
            "/healthz/deeper",
            "/..%2f..%2fetc/passwd",
            "//",
            "/socket.iox",
            "/assets/..%2findex.html",
            "/assets/nothing.js",
            "/demo",
        ] {
            let missing = http::get(server.address(), path).await;
            assert_eq!((missing.status, missing.json()), (404, json!({"error": "Not found", "code": "not_found"})));
        }
    }
}
