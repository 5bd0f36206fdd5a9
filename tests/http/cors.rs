//! Calls from other origins: who may make them, and what they are told before they do.

use crate::support::{
    Backend, TestDatabase, TestServer,
    http::{self, Response},
    on_both,
};

const HANDSHAKE: &str = "/socket.io/?EIO=4&transport=polling";
const LISTED: [&str; 2] = ["https://chat.example.org", "http://localhost:5173"];

async fn get(server: &TestServer, path: &str, origin: &str) -> Response {
    http::request(server.address(), "GET", path, &[("Origin", origin)], "").await
}

async fn preflight(server: &TestServer, origin: &str) -> Response {
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "content-type,x-custom"),
    ];
    http::request(server.address(), "OPTIONS", HANDSHAKE, &headers, "").await
}

on_both! {
    async fn by_default_any_origin_may_call_and_read_refusals_too(server: TestServer) {
        for (path, status) in [(HANDSHAKE, 200), ("/readyz", 200), ("/nothing", 404), ("/socket.io/", 400)] {
            let answer = get(&server, path, "https://anywhere.example.org").await;
            assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some("*")));
            // With a star, browsers refuse credentials: to claim otherwise would be of no use.
            assert_eq!(answer.header("access-control-allow-credentials"), None);
        }
        let answer = preflight(&server, "https://anywhere.example.org").await;
        assert!(matches!(answer.status, 200 | 204));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-methods"), Some("*"));
        assert_eq!(answer.header("access-control-allow-headers"), Some("*"));
    }
}

async fn server_with_a_list() -> TestServer {
    let database = TestDatabase::create(Backend::Sqlite).await;
    TestServer::start_with(database, &["--cors-origin", &LISTED.join(", ")]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_list_each_origin_may_call_with_credentials() {
    let server = server_with_a_list().await;
    for origin in LISTED {
        for answer in [get(&server, HANDSHAKE, origin).await, get(&server, "/socket.io/", origin).await] {
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
            assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
            assert!(answer.header("vary").unwrap().to_ascii_lowercase().contains("origin"));
        }
        let answer = preflight(&server, origin).await;
        assert!(matches!(answer.status, 200 | 204));
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
        assert!(answer.header("access-control-allow-headers").unwrap().contains("content-type"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_on_the_list_may_not_and_who_names_no_origin_is_served() {
    let server = server_with_a_list().await;
    let evil = format!("{}.evil.example", LISTED[0]);
    for origin in
        ["https://evil.example.org", &evil, "http://chat.example.org", "https://chat.example.org:444", "null"]
    {
        for answer in [get(&server, HANDSHAKE, origin).await, preflight(&server, origin).await] {
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        }
    }
    let answer = http::get(server.address(), HANDSHAKE).await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
}
