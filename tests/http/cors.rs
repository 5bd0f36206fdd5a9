//! Calls from other origins: who may make them, and what they are told before they do. The right values are those of Node's
//! Socket.IO 4.8 with `cors: { origin, credentials: true }`.

use crate::support::{
    Backend, TestDatabase, TestServer,
    http::{self, Response},
    on_both,
};

const HANDSHAKE: &str = "/socket.io/?EIO=4&transport=polling";
const WEBSOCKET: &str = "/socket.io/?EIO=4&transport=websocket";
const METHODS: &str = "GET,HEAD,PUT,PATCH,POST,DELETE";
const LISTED: [&str; 5] = [
    "https://chat.example.org",
    "http://localhost:5173",
    "capacitor://localhost",
    "chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb",
    "null",
];

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

/// The names in `Vary`, in lower case, from one header line or several.
fn varies_with(answer: &Response) -> Vec<String> {
    let names = answer.header_lines("vary").flat_map(|line| line.split(','));
    names.map(|name| name.trim().to_ascii_lowercase()).collect()
}

on_both! {
    async fn any_origin_may_call_and_read_refusals_by_default(server: TestServer) {
        for (path, status) in [(HANDSHAKE, 200), ("/readyz", 200), ("/nothing", 404), ("/socket.io/", 400)] {
            let answer = get(&server, path, "https://anywhere.example.org").await;
            assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some("*")));
            // With a star, browsers refuse credentials: to claim otherwise would be of no use.
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            assert!(!varies_with(&answer).contains(&"origin".to_owned()));
        }
    }
}

on_both! {
    async fn a_preflight_allows_the_headers_that_it_asks_for(server: TestServer) {
        let answer = preflight(&server, "https://anywhere.example.org").await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-methods"), Some(METHODS));
        // A star would not stand for `Authorization`, and for nothing where credentials are sent.
        assert_eq!(answer.header("access-control-allow-headers"), Some("content-type,x-custom"));
        assert_eq!(varies_with(&answer), ["access-control-request-headers"]);

        let bare = http::request(server.address(), "OPTIONS", HANDSHAKE, &[], "").await;
        assert_eq!((bare.status, bare.header("access-control-allow-headers")), (204, None));
        assert_eq!(bare.header("access-control-allow-methods"), Some(METHODS));
    }
}

async fn server_with(origins: &str) -> TestServer {
    let database = TestDatabase::create(Backend::Sqlite).await;
    TestServer::start_with(database, &["--cors-origin", origins]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_listed_origin_may_call_with_credentials() {
    let server = server_with(&LISTED.join(", ")).await;
    for origin in LISTED {
        for path in [HANDSHAKE, "/socket.io/", "/socket.io/socket.io.js", "/"] {
            let answer = get(&server, path, origin).await;
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
            assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
            assert!(
                varies_with(&answer).contains(&"origin".to_owned()),
                "{path}: {:?}",
                varies_with(&answer)
            );
        }
        let answer = preflight(&server, origin).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        assert_eq!(answer.header("access-control-allow-methods"), Some(METHODS));
        assert_eq!(answer.header("access-control-allow-headers"), Some("content-type,x-custom"));
        assert_eq!(varies_with(&answer), ["origin", "access-control-request-headers"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn subdomains_may_call_where_a_star_stands_for_them() {
    let server = server_with("https://*.example.com").await;
    for (origin, is_allowed) in [
        ("https://app.example.com", true),
        ("https://pr-7.preview.example.com", true),
        ("https://example.com", false),
        ("https://evil-example.com", false),
        ("https://example.com.evil.org", false),
        ("http://app.example.com", false),
        ("https://*.example.com", false),
    ] {
        for answer in [get(&server, HANDSHAKE, origin).await, preflight(&server, origin).await] {
            let told = answer.header("access-control-allow-origin");
            assert_eq!(told, is_allowed.then_some(origin), "{origin}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlisted_origin_is_served_without_cors_headers() {
    let server = server_with(&LISTED[..4].join(", ")).await;
    let evil = format!("{}.evil.example", LISTED[0]);
    for origin in
        ["https://evil.example.org", &evil, "http://chat.example.org", "https://chat.example.org:444", "null"]
    {
        let (call, asked) = (get(&server, HANDSHAKE, origin).await, preflight(&server, origin).await);
        assert_eq!((call.status, asked.status), (200, 204), "{origin}");
        for answer in [call, asked] {
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
            // A cache must not hand this answer to who is on the list.
            assert!(varies_with(&answer).contains(&"origin".to_owned()), "{origin}");
        }
    }
    // Nor is an answer for who names no origin, such as a proxy that asks for all.
    for origins in [&LISTED[..4], &LISTED[..1]] {
        let server = server_with(&origins.join(", ")).await;
        for (method, status) in [("GET", 200), ("OPTIONS", 204)] {
            let answer = http::request(server.address(), method, HANDSHAKE, &[], "").await;
            assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, None));
            assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
            assert!(varies_with(&answer).contains(&"origin".to_owned()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_opens_whatever_its_origin_as_in_node() {
    let server = server_with(LISTED[0]).await;
    let upgrade = [
        ("Origin", "https://evil.example.org"),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let head = http::head_of(server.address(), WEBSOCKET, &upgrade).await;
    assert_eq!((head.status, head.header("access-control-allow-origin")), (101, None));
}
