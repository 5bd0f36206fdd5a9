//! `GET /`, its files, the client's bundles, and paths that there are not. Whether the page is in the binary depends on how
//! that was built; what is on it is looked at with a browser, in tests/client/browser.

use serde_json::json;

use crate::support::{http, on_both};

/// The page's script, if the page is in the binary.
fn script(page: &str) -> Option<String> {
    let path = page.split("src=\"").nth(1)?.split('"').next()?;
    Some(path.to_owned())
}

on_both! {
    async fn the_page_is_html_under_a_strict_policy(server: TestServer) {
        let page = http::get(server.address(), "/").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"), "{policy}");
        match script(&page.body) {
            Some(_) => assert!(!policy.contains("unsafe"), "{policy}"),
            None => assert!(page.body.contains("built without the web client"), "{}", page.body),
        }
    }
}

on_both! {
    async fn files_whose_names_tell_their_content_are_kept_and_others_asked_for_again(server: TestServer) {
        let page = http::get(server.address(), "/").await;
        let Some(script) = script(&page.body) else { return };
        let tag = page.header("etag").unwrap();
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        for (tags, status) in [(tag, 304), (&format!("\"old\", W/{tag}"), 304), ("\"old\"", 200)] {
            let again = http::request(server.address(), "GET", "/", &[("If-None-Match", tags)], "").await;
            assert_eq!((again.status, again.body.is_empty()), (status, status == 304), "{tags}");
        }

        let script = http::get(server.address(), &script).await;
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
        let is_built_in = script(&http::get(server.address(), "/").await.body).is_some();
        for (name, media_type) in [
            ("socket.io.js", "application/javascript; charset=utf-8"),
            ("socket.io.min.js", "application/javascript; charset=utf-8"),
            ("socket.io.esm.min.js", "application/javascript; charset=utf-8"),
            ("socket.io.min.js.map", "application/json"),
        ] {
            let bundle = http::get(server.address(), &format!("/socket.io/{name}")).await;
            if is_built_in {
                assert_eq!((bundle.status, bundle.header("content-type")), (200, Some(media_type)), "{name}");
                assert!(bundle.body.len() > 10_000, "{name}");
            } else {
                assert_eq!(bundle.status, 400, "{name}");
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
