//! `GET /`, and paths that there are not.

use serde_json::json;

use crate::support::{http, on_both};

on_both! {
    async fn the_page_says_what_runs_here_and_brings_no_script(server: TestServer) {
        let page = http::get(server.address(), "/").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        let version = format!("chatoxide {}", env!("CARGO_PKG_VERSION"));
        for told in [version.as_str(), "/socket.io/", "/healthz", "/readyz"] {
            assert!(page.body.contains(told), "{told}: {}", page.body);
        }
        // Nothing is left to fill in, and this is no demo: a secret was configured.
        for untold in ["{version}", "{mode}", "demo", "<script"] {
            assert!(!page.body.contains(untold), "{untold}: {}", page.body);
        }
    }
}

on_both! {
    async fn a_path_that_there_is_not_is_answered_at_once(server: TestServer) {
        for path in ["/nothing", "/healthz/deeper", "/..%2f..%2fetc/passwd", "//", "/socket.iox"] {
            let missing = http::get(server.address(), path).await;
            assert_eq!((missing.status, missing.json()), (404, json!({"error": "Not found", "code": "not_found"})));
        }
    }
}
