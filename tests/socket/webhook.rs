//! `EVENT_WEBHOOK`: another program on this machine handles the events that chatoxide does not know.

use std::sync::Arc;

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use chatoxide::chat::room::RoomType;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    net::TcpListener,
    sync::{Mutex, Semaphore},
};

use crate::support::{Backend, Client, TestDatabase, TestServer, until};

const KEY: &str = "a key of more than 24 bytes";

/// The other program: it keeps what it is posted, and answers with the first argument's `answer`.
struct Endpoint {
    posted: Mutex<Vec<Value>>,
    /// Each request with `wait` is answered when it gets a permit.
    gate: Semaphore,
}

async fn answer(State(endpoint): State<Arc<Endpoint>>, headers: HeaderMap, body: Bytes) -> Response {
    if !is_signed(&headers, &body) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let posted: Value = serde_json::from_slice(&body).unwrap();
    endpoint.posted.lock().await.push(posted.clone());
    let wanted = &posted["args"][0];
    if wanted["wait"] == true {
        endpoint.gate.acquire().await.unwrap().forget();
    }
    match wanted["status"].as_u64() {
        Some(307) => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "/hook")]).into_response(),
        Some(status) => StatusCode::from_u16(status as u16).unwrap().into_response(),
        None if wanted["large"].is_u64() => {
            json!({"ack": "x".repeat(wanted["large"].as_u64().unwrap() as usize)}).to_string().into_response()
        }
        None => match &wanted["answer"] {
            Value::String(text) => text.clone().into_response(),
            answer => answer.to_string().into_response(),
        },
    }
}

/// As Standard Webhooks says: an HMAC of the id, the time and the body, with points between them.
fn is_signed(headers: &HeaderMap, body: &[u8]) -> bool {
    let [id, time, signature] = ["webhook-id", "webhook-timestamp", "webhook-signature"]
        .map(|name| headers[name].to_str().unwrap().to_owned());
    let now = chatoxide::clock::now().millis() / 1_000;
    assert!((now - 60..=now).contains(&time.parse().unwrap()), "{time}");
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(format!("{id}.{time}.{}", std::str::from_utf8(body).unwrap()).as_bytes());
    signature == format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

/// A server with this endpoint, and alice and bob in a room of theirs.
async fn start(backend: Backend, more: &[&str]) -> (TestServer, Arc<Endpoint>, Client, Client) {
    let endpoint = Arc::new(Endpoint { posted: Mutex::default(), gate: Semaphore::new(0) });
    let router = Router::new().route("/hook", post(answer)).with_state(Arc::clone(&endpoint));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut line = vec!["--event-webhook", &url, "--event-webhook-secret", KEY];
    line.extend(more);
    let server = TestServer::start_with(TestDatabase::create(backend).await, &line).await;
    server.make_room("duo", RoomType::Private, &["alice", "bob"]).await;
    let mut alice = in_the_duo(&server, "alice").await;
    let mut bob = in_the_duo(&server, "bob").await;
    bob.heard().await;
    alice.heard().await;
    (server, endpoint, alice, bob)
}

async fn in_the_duo(server: &TestServer, user: &str) -> Client {
    let mut client = server.connect_in(user, "duo").await;
    client.foreign = Some("poll:");
    client
}

async fn answers_as_the_endpoint_says(backend: Backend) {
    let (_server, endpoint, mut alice, mut bob) = start(backend, &[]).await;
    let emit = json!([
        {"to": "duo", "event": "poll:opened", "args": [{"id": 7}]},
        {"to": "user:bob", "event": "poll:invited", "args": ["first", 2, [3]]},
        {"to": "user:bob", "event": "poll:done"},
        // Only the server itself sends this one.
        {"to": "duo", "event": "message:new", "args": [{}]},
        {"to": "nowhere", "event": "poll:opened", "args": []},
    ]);
    let wanted = json!({"answer": {"ack": {"success": true, "poll": [1]}, "emit": emit}});

    let ack = alice.ask("poll:open", wanted.clone()).await;

    assert_eq!(ack, json!({"success": true, "poll": [1]}));
    let posted = json!({"user": {"id": "alice", "name": "Alice"}, "event": "poll:open", "args": [wanted]});
    assert_eq!(*endpoint.posted.lock().await, [posted]);
    let opened = ("poll:opened".to_owned(), json!({"id": 7}));
    assert_eq!(alice.heard().await, std::slice::from_ref(&opened));
    let invited = ("poll:invited".to_owned(), json!("first"));
    assert_eq!(bob.heard().await, [opened, invited, ("poll:done".to_owned(), Value::Null)]);
    assert!(bob.last_packets.contains(&r#"42["poll:invited","first",2,[3]]"#.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ack_and_the_events_are_as_the_endpoint_says_sqlite() {
    answers_as_the_endpoint_says(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ack_and_the_events_are_as_the_endpoint_says_postgres() {
    answers_as_the_endpoint_says(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_an_ack_is_success_and_events_that_are_known_are_not_posted() {
    let (_server, endpoint, mut alice, _bob) = start(Backend::Sqlite, &["--relay-events", "call:*"]).await;
    for wanted in [
        json!({"status": 204}),
        json!({"answer": ""}),
        json!({"answer": {}}),
        json!({"answer": {"emit": []}}),
    ] {
        assert_eq!(alice.ask("poll:open", wanted).await, json!({"success": true}));
    }
    assert_eq!(endpoint.posted.lock().await.len(), 4);
    assert_eq!(alice.ask("call:offer", json!({"roomId": "duo"})).await["success"], true);
    assert_eq!(alice.ask("room:presence", "duo".into()).await["count"], 2);
    let long = format!("poll:{}", "x".repeat(124));
    assert_eq!(alice.ask(&long, json!({})).await["code"], "bad_input");
    assert_eq!(endpoint.posted.lock().await.len(), 4);
    // All arguments are posted, and binary data is text.
    let arguments = r#"{"answer":{}},null,{"_placeholder":true,"num":0}"#;
    assert_eq!(alice.ask_binary("poll:open", arguments, &[b"\x01\x02"]).await["success"], true);
    let posted = endpoint.posted.lock().await;
    assert_eq!(posted.last().unwrap()["args"], json!([{"answer": {}}, null, "AQI="]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_fails_is_said_to_be_unavailable() {
    let (_server, _endpoint, mut alice, mut bob) =
        start(Backend::Sqlite, &["--event-webhook-timeout", "500"]).await;
    let many = vec![json!({"to": "duo", "event": "poll:opened", "args": []}); 101];
    for wanted in [
        json!({"status": 500}),
        json!({"status": 404}),
        json!({"status": 307}),
        json!({"wait": true}),
        json!({"answer": "<html>"}),
        json!({"answer": [1]}),
        json!({"answer": {"emit": {"to": "duo"}}}),
        json!({"answer": {"emit": many}}),
        json!({"large": 70_000}),
    ] {
        let shown: String = wanted.to_string().chars().take(40).collect();
        let ack = alice.ask("poll:open", wanted).await;
        assert_eq!(ack["code"], "unavailable", "{shown}: {ack}");
        assert_eq!(ack["error"], "The endpoint of this event is not available, try again");
    }
    assert_eq!(bob.heard().await, []);
    let large = json!({"answer": {}, "data": "x".repeat(65_536)});
    assert_eq!(alice.ask("poll:open", large).await["code"], "bad_input");
    assert_eq!(alice.ask("message:send", json!({"roomId": "duo", "content": "x"})).await["success"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_down_is_said_to_be_unavailable() {
    let line = ["--event-webhook", "http://127.0.0.1:1/hook", "--event-webhook-secret", KEY];
    let server = TestServer::start_with(TestDatabase::create(Backend::Sqlite).await, &line).await;
    let mut alice = server.connect("alice").await;
    let ack = alice.ask("poll:open", json!({})).await;
    assert_eq!(ack["code"], "unavailable", "{ack}");
    assert_eq!(ack["error"], "The endpoint of this event is not available, try again");
    assert_eq!(alice.ask("rooms:list", json!({})).await["success"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_event_waits_for_the_endpoint_and_only_so_many_wait_at_once() {
    let (server, endpoint, mut alice, _bob) = start(Backend::Sqlite, &[]).await;
    let wanted = json!({"wait": true, "answer": {"ack": {"success": true}}});
    let mut waiting = Vec::new();
    for _ in 0..16 {
        waiting.push(alice.begin("poll:open", wanted.clone()).await);
    }
    // However many sockets a user has.
    let mut phone = in_the_duo(&server, "alice").await;
    for client in [&mut alice, &mut phone] {
        assert_eq!(client.ask("poll:open", wanted.clone()).await["code"], "busy");
    }
    assert_eq!(alice.ask("message:send", json!({"roomId": "duo", "content": "x"})).await["success"], true);
    assert_eq!(alice.ask("room:join", "duo".into()).await["success"], true);
    until("all are posted", async || (endpoint.posted.lock().await.len() == 16).then_some(())).await;
    endpoint.gate.add_permits(16);
    for id in waiting {
        assert_eq!(alice.answer(id).await["success"], true);
    }
    assert_eq!(alice.ask("poll:open", json!({"answer": {}})).await["success"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_user_whom_every_event_refuses_are_not_posted() {
    let (server, endpoint, ..) = start(Backend::Postgres, &["--auto-create-users", "false"]).await;
    // While the database does not say whether there is a user, the client is connected.
    let hold = server.database.hold(r#"LOCK TABLE "User""#).await;
    let mut carol = server.connect("carol").await;
    hold.release().await;
    carol.foreign = Some("poll:");
    assert_eq!(carol.ask("poll:open", json!({"answer": {}})).await["code"], "user_not_found");
    assert_eq!(*endpoint.posted.lock().await, [] as [Value; 0]);
}
