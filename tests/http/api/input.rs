//! Bad input is answered in words, and what a stranger sends is bounded.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use super::Program;
use crate::support::{Backend, TestDatabase, TestServer, http, on_both, until};

on_both! {
    async fn bad_input_is_refused_in_words_and_nothing_is_stored(server: TestServer) {
        server.make_room("general", RoomType::Public, &[]).await;
        let program = Program::of(&server, "alice");
        let long = "x".repeat(1_000);
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        for (method, path, body) in [
            ("POST", "/rooms/general/messages", String::new()),
            ("POST", "/rooms/general/messages", "[]".to_owned()),
            ("POST", "/rooms/general/messages", r#" ["a", "text", {}, null]"#.to_owned()),
            ("POST", "/rooms/general/messages", r#"{"content": 7}"#.to_owned()),
            ("POST", "/rooms/general/messages", r#"{"content": "a"} {}"#.to_owned()),
            ("POST", "/rooms/general/messages", r#"{"content": "a\u0000"}"#.to_owned()),
            ("POST", "/rooms/general/messages", r#"{"content": "a", "type": "system"}"#.to_owned()),
            ("POST", "/rooms/general/messages", r#"{"content": "a", "replyTo": ""}"#.to_owned()),
            ("POST", "/rooms/general/messages", format!(r#"{{"content": "a", "metadata": {deep}}}"#)),
            ("POST", "/rooms", r#"{"name": " "}"#.to_owned()),
            ("POST", "/rooms", r#"{"name": "a", "type": "direct"}"#.to_owned()),
            ("POST", "/rooms", json!({"name": "a", "members": vec!["m"; 101]}).to_string()),
            ("POST", &format!("/rooms/{long}/messages"), r#"{"content": "a"}"#.to_owned()),
            ("PATCH", &format!("/messages/{long}"), r#"{"content": "a"}"#.to_owned()),
            ("PUT", &format!("/messages/m/reactions/{long}"), String::new()),
            ("PUT", &format!("/rooms/general/members/{long}"), String::new()),
            ("GET", "/rooms/general%00", String::new()),
            ("GET", "/rooms/%FF", String::new()),
            ("GET", &format!("/users?query={long}"), String::new()),
        ] {
            let answer = program.send_with((method, path), &[], &body).await;
            assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("bad_input")), "{method} {path} {body}");
        }
        assert_eq!(program.refusal("GET", "/nothing", &Value::Null).await, (404, "not_found".to_owned()));
        let page = program.done("GET", "/rooms/general/messages", &Value::Null, 200).await;
        assert_eq!((&page["messages"], &page["after"]), (&json!([]), &Value::Null));
        // A null is as good as nothing, and no number is too large for a limit.
        let body = json!({"content": "x", "type": null, "metadata": null, "replyTo": null});
        program.done("POST", "/rooms/general/messages", &body, 201).await;
        for list in ["messages", "members"] {
            let path = format!("/rooms/general/{list}?limit=99999999999999999999999");
            program.done("GET", &path, &Value::Null, 200).await;
        }
        let named = program.send("POST", "/rooms/general/messages", &json!({"content": [1]})).await.json();
        assert!(named["detail"].as_str().unwrap().starts_with("content: "), "{named}");
    }
}

on_both! {
    async fn a_method_that_a_resource_lacks_is_405_and_those_that_it_has_are_named(server: TestServer) {
        let program = Program::of(&server, "alice");
        for (method, path, allowed) in [
            ("PUT", "/rooms", "GET,HEAD,POST"),
            ("POST", "/messages/m", "DELETE,GET,HEAD,PATCH"),
            ("DELETE", "/openapi.json", "GET,HEAD"),
        ] {
            let refused = program.refusal(method, path, &Value::Null).await;
            assert_eq!(refused, (405, "method_not_allowed".to_owned()), "{method} {path}");
            let answer = program.send(method, path, &Value::Null).await;
            let mut found: Vec<&str> = answer.header("allow").unwrap().split(',').map(str::trim).collect();
            found.sort_unstable();
            assert_eq!(found.join(","), allowed, "{method} {path}");
        }
    }
}

on_both! {
    async fn a_header_that_decides_and_stands_twice_is_refused(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice"]).await;
        let [alice, bob] = ["alice", "bob"].map(|user| format!("Bearer {}", server.token(user)));
        let path = "/api/v1/rooms/general/messages";
        for headers in [
            [("Authorization", &*alice), ("authorization", &*bob), ("Idempotency-Key", "a")],
            [("Authorization", &*alice), ("Authorization", &*alice), ("Idempotency-Key", "a")],
            [("Authorization", &*alice), ("Idempotency-Key", "a"), ("idempotency-key", "b")],
        ] {
            let answer = http::request(server.address(), "POST", path, &headers, r#"{"content": "x"}"#).await;
            assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("bad_input")), "{headers:?}");
        }
        assert_eq!(server.database.select(r#"SELECT count(*) FROM "Message""#).await, ["0"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_answered_408_in_words() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--body-timeout", "200"]).await;
    let request = format!(
        "POST /api/v1/rooms HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 9\r\n\r\n{{",
        server.token("alice")
    );
    let mut connection = http::KeepAlive::open(server.address()).await;
    connection.write(&request).await;
    let answer = connection.answer().await;
    assert_eq!((answer.status, answer.header("content-type")), (408, Some("application/problem+json")));
    assert_eq!(answer.json()["code"], "timed_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_above_the_limit_is_refused() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server =
        TestServer::start_with(database, &["--max-payload", "10000", "--max-long-message-size", "0"]).await;
    server.make_room("general", RoomType::Public, &[]).await;
    let program = Program::of(&server, "alice");
    let long = "x".repeat(20_000);
    for (method, path, body) in [
        ("POST", "/rooms/general/messages", json!({ "content": long })),
        ("PATCH", "/messages/m", json!({ "content": long })),
        ("POST", "/rooms", json!({ "name": long })),
    ] {
        let sent = program.send(method, path, &body).await;
        assert_eq!((sent.status, &sent.json()["code"]), (400, &json!("bad_input")), "{path}");
        assert_eq!(sent.json()["detail"], "the body is larger than MAX_PAYLOAD", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_more_of_a_user_than_the_most_is_refused_and_those_of_others_are_not() {
    let server = TestServer::start(Backend::Postgres).await;
    server.make_room("general", RoomType::Public, &[]).await;
    let (alice, bob) = (Program::of(&server, "alice"), Program::of(&server, "bob"));
    for program in [&alice, &bob] {
        program.done("GET", "/me", &Value::Null, 200).await;
    }
    // Pages wait for the table.
    let lock = server.database.hold(r#"LOCK TABLE "Message""#).await;
    let pages = futures_util::future::join_all((0..16).map(|_| alice.get("/rooms/general/messages")));
    let refused = async {
        until("the last is refused", async || {
            let one_more = alice.get("/me").await;
            (one_more.status == 503).then(|| one_more.json())
        })
        .await
    };
    let others = async {
        let problem = refused.await;
        assert_eq!(problem["code"], "busy");
        bob.done("GET", "/me", &Value::Null, 200).await;
        lock.release().await;
    };
    let (pages, ()) = futures_util::future::join(pages, others).await;
    assert!(
        pages.iter().all(|page| page.status == 200),
        "{:?}",
        pages.iter().map(|page| page.status).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_under_way_until_its_answer_is_taken() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--max-payload", "2000000"]).await;
    server.make_room("general", RoomType::Public, &[]).await;
    let alice = Program::of(&server, "alice");
    for _ in 0..16 {
        let body = json!({"content": "", "metadata": "x".repeat(1_000_000)});
        alice.done("POST", "/rooms/general/messages", &body, 201).await;
    }
    let request = format!(
        "GET /api/v1/rooms/general/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        server.token("alice")
    );
    let mut pages = Vec::new();
    for _ in 0..16 {
        let mut page = http::KeepAlive::open(server.address()).await;
        page.write(&request).await;
        pages.push(page);
    }
    // Nobody reads the pages.
    let is = async |status| {
        until("the status", async || (alice.get("/me").await.status == status).then_some(())).await;
    };
    is(503).await;
    drop(pages);
    is(200).await;
}

on_both! {
    async fn metadata_is_shown_as_it_was_sent_whatever_its_keys(server: TestServer) {
        server.make_room("general", RoomType::Public, &[]).await;
        let program = Program::of(&server, "alice");
        // The decoder's library gives a meaning to this key where it comes first, as it does once JSONB has sorted the keys.
        // It does so in this test, too, which therefore looks at the text.
        let key = r#""$serde_json::private::RawValue":"[1]""#;
        let metadata = [format!(r#"{{"a key that is longer than the other one":1,{key}}}"#), format!("{{{key}}}")];
        let mut alice = server.connect_in("alice", "general").await;
        for metadata in &metadata {
            let body = format!(r#"{{"content":"","metadata":{metadata}}}"#);
            let sent = program.send_with(("POST", "/rooms/general/messages"), &[], &body).await;
            assert!(sent.status == 201 && sent.body.contains(metadata), "{}", sent.body);
            let body = format!(r#"{{"roomId":"general","content":"","metadata":{metadata}}}"#);
            assert_eq!(alice.ask_text("message:send", &body).await["success"], true);
        }
        drop(alice);
        let database = server.stop().await;
        if database.backend == Backend::Postgres {
            // A number that no double holds, as another program may store it.
            let large = r#"UPDATE "Message" SET "metadata" = '{"a": 1e400}' WHERE "id" = (SELECT min("id") FROM "Message")"#;
            database.execute(large).await;
        }
        let large = usize::from(database.backend == Backend::Postgres);
        let server = TestServer::start_with(database, &[]).await;
        let page = Program::of(&server, "bob").get("/rooms/general/messages").await;
        let shown = page.body.replace(": ", ":").matches(key).count();
        assert_eq!((page.status, shown), (200, 4 - large), "{}", page.body);
    }
}
