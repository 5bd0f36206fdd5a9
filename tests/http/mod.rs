//! Mirrors src/http: what answers beside Socket.IO.

use serde_json::json;

use crate::support::{http, on_both};

on_both! {
    async fn the_page_and_the_health_say_what_runs_here(server: TestServer) {
        let page = http::get(server.address(), "/").await;
        assert_eq!((page.status, page.body.contains("chatoxide")), (200, true));
        assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
        for path in ["/healthz", "/readyz"] {
            let health = http::get(server.address(), path).await;
            assert_eq!((health.status, health.json()), (200, json!({"status": "ok"})));
        }
        let missing = http::get(server.address(), "/nothing").await;
        assert_eq!((missing.status, &missing.json()["code"]), (404, &json!("not_found")));
    }
}

on_both! {
    async fn bad_requests_of_engine_io_are_answered_as_by_node(server: TestServer) {
        for (query, code, message) in [
            ("EIO=4&transport=pigeon", 0, "Transport unknown"),
            ("EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA", 1, "Session ID unknown"),
            ("EIO=3&transport=polling", 5, "Unsupported protocol version"),
        ] {
            let answer = http::get(server.address(), &format!("/socket.io/?{query}")).await;
            assert_eq!((answer.status, answer.json()), (400, json!({"code": code, "message": message})));
            assert_eq!(answer.header("content-type"), Some("application/json"));
        }
    }
}

on_both! {
    async fn any_origin_may_call_by_default(server: TestServer) {
        let headers = [("Origin", "https://example.org"), ("Access-Control-Request-Method", "POST")];
        let path = "/socket.io/?EIO=4&transport=polling";
        let answer = http::request(server.address(), "OPTIONS", path, &headers, "").await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, Some("*")));
    }
}
