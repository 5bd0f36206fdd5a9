//! Long contents by REST: in one request, bounded before they are read.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use super::Program;
use crate::support::{Backend, TestDatabase, TestServer, http, on_both, until};

const MOST: usize = 1 << 20;

/// A body of JSON in ASCII, as many programs write it, with a content of two bytes a letter.
fn escaped(letters: usize) -> String {
    format!("{{\"content\":\"{}\"}}", "\\u00e4".repeat(letters))
}

/// The head of a request, and its body as far as it is sent.
fn begun(server: &TestServer, (user, method, path): (&str, &str, &str), length: u64, sent: usize) -> String {
    let body = format!("{{\"content\":\"{}", "x".repeat(sent));
    format!(
        "{method} /api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {length}\r\n\r\n{body}",
        server.token(user)
    )
}

on_both! {
    async fn a_long_content_is_sent_and_edited_in_one_request(server: TestServer) {
        let (_alice, mut bob) = server.meet().await;
        let program = Program::of(&server, "alice");
        let key = [("Idempotency-Key", "long")];
        let body = escaped(MOST / 2);
        assert!(body.len() > 3_000_000);
        let send = async |body: &str| program.send_with(("POST", "/rooms/general/messages"), &key, body).await;
        let sent = send(&body).await;
        assert_eq!(sent.status, 201, "{}", &sent.body[..200]);
        let message = sent.json()["message"].take();
        assert_eq!(message["content"], "ä".repeat(MOST / 2));
        assert_eq!(bob.hear("message:new").await, message);
        // It is the same message when it is sent again, and another content is a conflict.
        assert_eq!(send(&body).await.json()["message"]["id"], message["id"]);
        let other = send(&escaped(MOST / 2 - 1)).await;
        assert_eq!((other.status, &other.json()["code"]), (409, &json!("conflict")));

        let path = format!("/messages/{}", message["id"].as_str().unwrap());
        let edited = program.done("PATCH", &path, &json!({"content": "y".repeat(MOST)}), 200).await;
        assert_eq!(edited["message"]["content"], "y".repeat(MOST));
        assert_eq!(bob.hear("message:updated").await["content"], "y".repeat(MOST));
        for (method, path) in [("POST", "/rooms/general/messages"), ("PATCH", path.as_str())] {
            let refused = program.send(method, path, &json!({"content": "z".repeat(MOST + 1)})).await;
            assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("bad_input")), "{path}");
            assert_eq!(refused.json()["detail"], "content is too long (at most 1048576 bytes)", "{path}");
        }
        // The metadata beside the content is bounded as in a packet.
        let beside = json!({"content": "", "metadata": "m".repeat(1_000_001)});
        let refused = program.send("POST", "/rooms/general/messages", &beside).await;
        assert_eq!(refused.json()["detail"], "metadata is too large (at most 1000000 bytes)");
        assert_eq!(server.database.select(r#"SELECT count(*) FROM "Message""#).await, ["1"]);
    }
}

on_both! {
    async fn a_long_content_for_a_message_that_one_may_not_send_or_edit_is_not_read(server: TestServer) {
        server.make_room("secret", RoomType::Private, &["alice"]).await;
        let mut alice = server.connect_in("alice", "secret").await;
        let path = format!("/messages/{}", alice.say("secret", "mine").await["id"].as_str().unwrap());
        Program::of(&server, "mallory").done("GET", "/me", &Value::Null, 200).await;
        for (method, path, status) in
            [("POST", "/rooms/secret/messages", 403), ("POST", "/rooms/none/messages", 404), ("PATCH", &path, 404)]
        {
            // The rest never comes: it is answered without it.
            let mut connection = http::KeepAlive::open(server.address()).await;
            connection.write(&begun(&server, ("mallory", method, path), 2_000_000, 1_100_000)).await;
            let answer = connection.answer().await;
            assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        }
        // Without a good token not even the beginning is, nor what is announced to be longer than it may be.
        for (user, length, status) in [("", 2_000_000, 401), ("alice", 10_000_000_000, 400)] {
            let request = begun(&server, ("alice", "POST", "/rooms/secret/messages"), length, 0);
            let token = server.token("alice");
            let request = if user.is_empty() { request.replace(&token, "none") } else { request };
            let mut connection = http::KeepAlive::open(server.address()).await;
            connection.write(&request).await;
            assert_eq!(connection.answer().await.status, status);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_long_bodies_of_a_user_are_bounded_together() {
    let server = TestServer::start_with(TestDatabase::create(Backend::Sqlite).await, &[]).await;
    server.make_room("general", RoomType::Public, &[]).await;
    for user in ["alice", "bob"] {
        Program::of(&server, user).done("GET", "/me", &Value::Null, 200).await;
    }
    let path = "/rooms/general/messages";
    let mut waiting = Vec::new();
    for _ in 0..2 {
        let mut connection = http::KeepAlive::open(server.address()).await;
        connection.write(&begun(&server, ("alice", "POST", path), 3_000_000, 2_900_000)).await;
        waiting.push(connection);
    }
    let alice = Program::of(&server, "alice");
    let long = json!({"content": "x".repeat(MOST)});
    let status = async |expected: u16| {
        until("the answer", async || {
            (alice.send("POST", path, &long).await.status == expected).then_some(())
        })
        .await;
    };
    // The two have been read as far as they came.
    let large = escaped(MOST / 2);
    until("one more is refused", async || {
        let answer = alice.send_with(("POST", path), &[], &large).await;
        (answer.status == 503 && answer.json()["code"] == "busy").then_some(())
    })
    .await;
    // A short one, and those of others, are taken.
    alice.done("POST", path, &json!({"content": "short"}), 201).await;
    Program::of(&server, "bob").done("POST", path, &long, 201).await;
    drop(waiting);
    status(201).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_a_length_is_refused_once_it_is_too_long() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server =
        TestServer::start_with(database, &["--max-payload", "10000", "--max-long-message-size", "10000"])
            .await;
    server.make_room("general", RoomType::Public, &[]).await;
    Program::of(&server, "alice").done("GET", "/me", &Value::Null, 200).await;
    let head = format!(
        "POST /api/v1/rooms/general/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        server.token("alice")
    );
    let mut connection = http::KeepAlive::open(server.address()).await;
    // 10,000 bytes, three times as many, and one more; the end never comes.
    let body = format!("9c41\r\n{}\r\n", "x".repeat(40_001));
    connection.write(&format!("{head}{body}")).await;
    let answer = connection.answer().await;
    assert_eq!((answer.status, &answer.json()["code"]), (400, &json!("bad_input")));
    let why = "the body is larger than MAX_PAYLOAD and MAX_LONG_MESSAGE_SIZE allow";
    assert_eq!(answer.json()["detail"], why);
}
