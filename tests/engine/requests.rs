//! Tests the requests that Engine.IO refuses, in the words of the original's library.

use serde_json::json;

use crate::support::{
    Backend, TestDatabase, TestServer,
    http::{self, KeepAlive, Polling},
    on_both,
};

on_both! {
    async fn bad_requests_are_answered_as_node_does(server: TestServer) {
        let mut wrong = Vec::new();
        // Node looks at the transport first, then at the session, then at the method, then at the version.
        for (method, query, code, message) in [
            ("GET", "", 0, "Transport unknown"),
            ("GET", "EIO=4", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=carrier-pigeon", 0, "Transport unknown"),
            ("POST", "EIO=4&transport=carrier-pigeon", 0, "Transport unknown"),
            ("GET", "EIO=3&transport=carrier-pigeon", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown"),
            ("GET", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA", 1, "Session ID unknown"),
            ("GET", "EIO=3&transport=polling&sid=nobody", 1, "Session ID unknown"),
            ("POST", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA", 1, "Session ID unknown"),
            ("POST", "EIO=4&transport=polling", 2, "Bad handshake method"),
            ("POST", "EIO=3&transport=polling", 2, "Bad handshake method"),
            ("GET", "EIO=4&transport=websocket", 3, "Bad request"),
            ("POST", "EIO=4&transport=polling&sid=", 2, "Bad handshake method"),
            ("GET", "EIO=3&transport=polling", 5, "Unsupported protocol version"),
            ("GET", "transport=polling", 5, "Unsupported protocol version"),
        ] {
            let path = format!("/socket.io/?{query}");
            let answer = http::request(server.address(), method, &path, &[], "").await;
            let expected = json!({"code": code, "message": message}).to_string();
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{query}");
            let told = (answer.status, answer.header("content-type"), answer.body.as_str());
            if told != (400, Some("application/json"), &expected) {
                wrong.push(format!("{method} ?{query}: {told:?} instead of {expected}"));
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_several_values_of_a_parameter_counts() {
    let server = TestServer::start(Backend::Sqlite).await;
    for (query, code) in [
        ("EIO=4&EIO=3&transport=polling", Some(5)),
        ("EIO=4&EIO=&transport=polling", Some(5)),
        ("EIO=3&EIO=4&transport=polling", None),
        ("EIO=4&transport=polling&transport=carrier-pigeon", Some(0)),
        ("EIO=4&transport=carrier-pigeon&transport=polling", None),
        ("EIO=4&transport=polling&sid=&sid=nobody", Some(1)),
        ("EIO=4&transport=polling&sid=nobody&sid=", None),
    ] {
        let answer = http::get(server.address(), &format!("/socket.io/?{query}")).await;
        match code {
            Some(code) => assert_eq!((answer.status, &answer.json()["code"]), (400, &json!(code)), "{query}"),
            None => {
                assert!(answer.status == 200 && answer.body.starts_with("0{"), "{query}: {}", answer.body)
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_is_not_read_to_its_end_closes_its_connection_and_says_so() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--max-payload", "20000", "--body-timeout", "100"]).await;
    let carol = Polling::connect(server.address(), &server.token("carol")).await;
    for (announced, body, status) in [(20_001, "4".repeat(20_001), 413), (100, "42[".to_owned(), 408)] {
        let mut connection = KeepAlive::open(server.address()).await;
        let head = format!("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n", carol.path);
        connection.write(&format!("{head}{body}")).await;
        let answer = connection.answer().await;
        assert_eq!((answer.status, answer.header("connection")), (status, Some("close")));
        connection.is_closed().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_limit_in_one_post_is_too_large_and_the_limit_is_not() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--max-payload", "20000"]).await;
    let (mut alice, mut bob) = server.meet().await;
    let packet =
        |content: &str| format!(r#"42["message:send",{{"roomId":"general","content":"{content}"}}]"#);
    for (length, status) in [(20_000, 200), (20_001, 413)] {
        let carol = Polling::connect(server.address(), &server.token("carol")).await;
        let content = "x".repeat(length - packet("").len());
        let answer = carol.post(&packet(&content)).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        if status == 200 {
            assert_eq!(bob.hear("message:new").await["content"], content);
        }
    }
    // Nobody else is harmed, and what was too large is nowhere.
    alice.say("general", "still here").await;
    assert_eq!(bob.hear("message:new").await["content"], "still here");
    assert_eq!(bob.heard().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_complete_request_changes_over_to_websocket() {
    let server = TestServer::start(Backend::Sqlite).await;
    let address = server.address();
    let complete = [
        ("Connection", "keep-alive, Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let ask = async |line: &str, headers: &[(&str, &str)]| {
        let mut text = format!("{line}\r\nHost: {address}\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        http::first_line(address, &format!("{text}\r\n")).await
    };
    let get = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1";
    assert_eq!(ask(get, &complete).await, "HTTP/1.1 101 Switching Protocols");
    for left_out in 0..complete.len() {
        let mut headers = complete.to_vec();
        headers.remove(left_out);
        assert_eq!(ask(get, &headers).await, "HTTP/1.1 400 Bad Request", "{headers:?}");
    }
    for (position, value) in
        [(0, "close"), (1, "h2c"), (2, "12"), (3, "short"), (3, "dGhlIHNhbXBsZSBub25jZQ")]
    {
        let mut headers = complete;
        headers[position].1 = value;
        assert_eq!(ask(get, &headers).await, "HTTP/1.1 400 Bad Request", "{headers:?}");
    }
    let old = ask("GET /socket.io/?EIO=4&transport=websocket HTTP/1.0", &complete).await;
    assert_eq!(old, "HTTP/1.0 400 Bad Request");
    let post = ask("POST /socket.io/?EIO=4&transport=websocket HTTP/1.1", &complete).await;
    assert_eq!(post, "HTTP/1.1 400 Bad Request");

    // A session that polls changes over under the same conditions.
    let polling = Polling::open(address).await;
    let path = polling.path.replace("transport=polling", "transport=websocket");
    for (method, status) in
        [("POST", "400 Bad Request"), ("PUT", "400 Bad Request"), ("GET", "101 Switching Protocols")]
    {
        let line = ask(&format!("{method} {path} HTTP/1.1"), &complete).await;
        assert_eq!(line, format!("HTTP/1.1 {status}"), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_sid_is_none_and_many_headers_are_taken_up_to_a_size() {
    let server = TestServer::start(Backend::Sqlite).await;
    let path = "/socket.io/?EIO=4&transport=polling&sid=";
    let opened = http::get(server.address(), path).await;
    assert!(opened.status == 200 && opened.body.starts_with("0{"), "{}", opened.body);

    let names: Vec<String> = (0..120).map(|number| format!("X-Some-Header-{number}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "of an ordinary size")).collect();
    assert_eq!(http::request(server.address(), "GET", path, &many, "").await.status, 200);
    let large = "x".repeat(17_000);
    let answer = http::request(server.address(), "GET", path, &[("X-Large", &large)], "").await;
    assert_eq!(answer.status, 431);
}
