//! `AUTH_URL` and `JWT_JWKS_URL`: another program on this machine says who signs in.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::{any, post},
};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Mutex, Notify},
};

use crate::support::{
    Backend, Client, TestDatabase, TestServer,
    http::{self, Polling},
    until,
};

const REFUSAL: &str = r#"{"message":"Authentication failed"}"#;

/// The other program: it answers by what it is posted, and keeps that.
#[derive(Default)]
struct Endpoint {
    posted: Mutex<Vec<Value>>,
    under_way: AtomicUsize,
    /// Requests with `wait` are answered when this is notified.
    gate: Notify,
    escaped: AtomicUsize,
}

async fn answer(State(endpoint): State<Arc<Endpoint>>, Json(posted): Json<Value>) -> Response {
    endpoint.posted.lock().await.push(posted.clone());
    if posted["auth"]["wait"] == true {
        endpoint.under_way.fetch_add(1, Ordering::SeqCst);
        endpoint.gate.notified().await;
    }
    match posted["auth"]["session"].as_str() {
        Some("alice") => {
            Json(json!({"id": "alice", "name": "Alice", "email": "a@example.org", "avatar": "a.png"}))
                .into_response()
        }
        Some("seven") => Json(json!({"user": {"id": 7}})).into_response(),
        Some("nobody") => Json(json!({})).into_response(),
        Some("null") => Json(Value::Null).into_response(),
        Some("large") => Json(json!({"id": "large", "name": "x".repeat(70_000)})).into_response(),
        Some("moved") => (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "/elsewhere")]).into_response(),
        Some("broken") => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some("forbidden") => StatusCode::FORBIDDEN.into_response(),
        _ if posted["headers"]["cookie"] == "sid=s-1" => Json(json!({"id": "cookie"})).into_response(),
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn start(more: &[&str]) -> (TestServer, Arc<Endpoint>) {
    let endpoint = Arc::new(Endpoint::default());
    let elsewhere = async |State(endpoint): State<Arc<Endpoint>>| {
        endpoint.escaped.fetch_add(1, Ordering::SeqCst);
        Json(json!({"id": "escaped"}))
    };
    let router = Router::new()
        .route("/auth", post(answer))
        .route("/elsewhere", any(elsewhere))
        .with_state(Arc::clone(&endpoint));
    let url = format!("{}/auth?key=k", serve(router).await);
    let mut line = vec!["--jwt-secret", "", "--auth-url", &url];
    line.extend(more);
    (TestServer::start_with(TestDatabase::create(Backend::Sqlite).await, &line).await, endpoint)
}

/// The outcome of a sign-in: the user's id, the refusal, or that the connection was closed without one.
async fn outcome(server: &TestServer, auth: &Value) -> String {
    let mut client = Client::open(server.address()).await;
    client.write(&format!("40{auth}")).await;
    let Some(packet) = client.packet().await else { return "closed".to_owned() };
    match packet.strip_prefix("44") {
        Some(refusal) => {
            assert_eq!(refusal, REFUSAL);
            "refused".to_owned()
        }
        None => {
            let room = client.ask("room:create", json!({"name": "x"})).await["room"]["id"].take();
            client.say(room.as_str().unwrap(), "hello").await["senderId"].as_str().unwrap().to_owned()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_says_who_signs_in_and_a_failure_of_its_is_no_refusal() {
    let (server, endpoint) = start(&[]).await;
    for (session, expected) in [
        ("alice", "alice"),
        ("seven", "7"),
        ("nobody", "refused"),
        ("null", "refused"),
        ("stranger", "refused"),
        ("forbidden", "refused"),
        ("large", "closed"),
        ("moved", "closed"),
        ("broken", "closed"),
    ] {
        assert_eq!(outcome(&server, &json!({"session": session})).await, expected, "{session}");
    }
    assert_eq!(endpoint.escaped.load(Ordering::SeqCst), 0, "a redirect was followed");
    let row = r#"SELECT "name" || ' ' || "email" || ' ' || "avatar" FROM "User" WHERE "id" = 'alice'"#;
    assert_eq!(server.database.select(row).await, ["Alice a@example.org a.png"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_posted_the_handshake_without_what_differs_each_time() {
    let (server, endpoint) = start(&["--cors-origin", "https://app.example"]).await;
    for (origin, is_signed_in) in [("https://app.example", true), ("https://evil.example", false)] {
        let headers = [("cookie", "sid=s-1"), ("origin", origin), ("x-team", "blue")];
        let mut client = Client::open_with(server.address(), "&tab=2", &headers).await;
        assert_eq!(client.sign_in(r#"{"session":"other","pid":"p-1"}"#).await.is_ok(), is_signed_in);
        let posted = endpoint.posted.lock().await.pop().unwrap();
        let mut expected = json!({
            "auth": {"session": "other"},
            "headers": {"host": server.address().to_string(), "origin": origin, "x-team": "blue"},
            "query": {"tab": "2"},
        });
        if is_signed_in {
            expected["headers"]["cookie"] = "sid=s-1".into();
        }
        assert_eq!(posted, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_serves_all_who_sign_in_alike_and_its_answer_is_used_again() {
    let (server, endpoint) = start(&["--auth-cache", "600000", "--auth-timeout", "30000"]).await;
    let auth = json!({"session": "alice", "wait": true});
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = Client::open(server.address()).await;
        client.write(&format!("40{auth}")).await;
        clients.push(client);
    }
    until("the endpoint is asked", async || (endpoint.under_way.load(Ordering::SeqCst) > 0).then_some(()))
        .await;
    // All five have been read by the server once it answers this.
    let mut probes = Vec::new();
    for _ in 0..5 {
        probes.push(outcome(&server, &json!({"session": "seven"})).await);
    }
    assert_eq!(endpoint.under_way.load(Ordering::SeqCst), 1);
    endpoint.gate.notify_waiters();
    for client in &mut clients {
        assert!(client.packet().await.unwrap().starts_with("40"));
    }
    let mut again = Client::open(server.address()).await;
    again.sign_in(&auth.to_string()).await.unwrap();
    let posted = endpoint.posted.lock().await;
    assert_eq!(posted.iter().filter(|posted| posted["auth"]["wait"] == true).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_does_not_answer_in_time_or_is_away_is_no_refusal() {
    let (server, _endpoint) = start(&["--auth-timeout", "100"]).await;
    assert_eq!(outcome(&server, &json!({"session": "alice", "wait": true})).await, "closed");

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{nobody}/auth");
    let line = ["--jwt-secret", "", "--auth-url", &url];
    let server = TestServer::start_with(TestDatabase::create(Backend::Sqlite).await, &line).await;
    assert_eq!(outcome(&server, &json!({"session": "alice"})).await, "closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_polling_client_is_not_refused_either_when_the_endpoint_fails() {
    let (server, _endpoint) = start(&[]).await;
    let session = Polling::open(server.address()).await;
    session.post(r#"40{"session":"broken"}"#).await;
    let mut packets = Vec::new();
    loop {
        let answer = http::get(server.address(), &session.path()).await;
        packets.push(answer.body);
        if answer.status != 200 || packets.last().unwrap().ends_with('1') {
            break;
        }
    }
    assert!(packets.iter().all(|packet| !packet.contains("44{")), "{packets:?}");
}

/// A key pair of P-256 that signs the tokens of these tests.
const PRIVATE_KEY: &str = include_str!("../fixtures/keys/es256.pem");
const PUBLIC_KEY: &str = include_str!("../fixtures/keys/es256.jwk.json");

fn signed(kid: &str, claims: &Value) -> Value {
    let key = jsonwebtoken::EncodingKey::from_ec_pem(PRIVATE_KEY.as_bytes()).unwrap();
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
    header.kid = Some(kid.to_owned());
    json!({"token": jsonwebtoken::encode(&header, claims, &key).unwrap()})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_set_is_read_once_and_only_its_public_keys_verify() {
    let reads = Arc::new(AtomicUsize::new(0));
    let mut jwk: Value = serde_json::from_str(PUBLIC_KEY).unwrap();
    jwk["kid"] = "k-1".into();
    // base64url of "secret"
    let oct = json!({"kty": "oct", "kid": "k-2", "k": "c2VjcmV0", "alg": "HS256"});
    let odd = json!({"kty": "LATTICE", "kid": "k-3"});
    let set = json!({"keys": [odd, oct, jwk]});
    let key_set = {
        let reads = Arc::clone(&reads);
        move || {
            reads.fetch_add(1, Ordering::SeqCst);
            let set = set.clone();
            async move { Json(set) }
        }
    };
    let url = format!("{}/jwks", serve(Router::new().route("/jwks", any(key_set))).await);
    let line = ["--jwt-secret", "", "--jwt-jwks-url", &url, "--jwt-audience", "chat"];
    let server = TestServer::start_with(TestDatabase::create(Backend::Sqlite).await, &line).await;

    let claims = json!({"sub": "user_1", "aud": ["chat"]});
    assert_eq!(outcome(&server, &signed("k-1", &claims)).await, "user_1");
    assert_eq!(outcome(&server, &signed("k-1", &json!({"sub": "user_1", "aud": "other"}))).await, "refused");
    assert_eq!(outcome(&server, &signed("unknown", &claims)).await, "refused");
    // A shared secret in a public set would let anybody sign.
    let secret = jsonwebtoken::EncodingKey::from_secret(b"secret").unwrap();
    for kid in ["k-1", "k-2"] {
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.kid = Some(kid.to_owned());
        let token = jsonwebtoken::encode(&header, &claims, &secret).unwrap();
        assert_eq!(outcome(&server, &json!({"token": token})).await, "refused", "{kid}");
    }
    assert_eq!(reads.load(Ordering::SeqCst), 1, "unknown keys let it be read again at most once a minute");
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_during_a_slow_first_read_of_the_key_set_wait_for_it() {
    let (reads, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let mut jwk: Value = serde_json::from_str(PUBLIC_KEY).unwrap();
    jwk["kid"] = "k-1".into();
    let slow = {
        let (reads, gate) = (Arc::clone(&reads), Arc::clone(&gate));
        async move || {
            reads.fetch_add(1, Ordering::SeqCst);
            gate.notified().await;
            Json(json!({"keys": [jwk]}))
        }
    };
    let url = format!("{}/jwks", serve(Router::new().route("/jwks", any(slow))).await);
    let line = ["--jwt-secret", "", "--jwt-jwks-url", &url, "--auth-timeout", "30000"];
    let server = TestServer::start_with(TestDatabase::create(Backend::Sqlite).await, &line).await;
    let mut clients = Vec::new();
    for _ in 0..3 {
        let mut client = Client::open(server.address()).await;
        client.write(&format!("40{}", signed("k-1", &json!({"sub": "a"})))).await;
        clients.push(client);
        until("the set is read", async || (reads.load(Ordering::SeqCst) > 0).then_some(())).await;
    }
    // All three have been read by the server once it answers this.
    for _ in 0..3 {
        assert_eq!(outcome(&server, &json!({"token": "nonsense"})).await, "refused");
    }
    gate.notify_one();
    for client in &mut clients {
        let packet = client.packet().await.unwrap();
        assert!(packet.starts_with("40"), "{packet}");
    }
    assert_eq!(reads.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_set_that_cannot_be_read_is_no_refusal() {
    let away = async || StatusCode::BAD_GATEWAY;
    let url = format!("{}/jwks", serve(Router::new().route("/jwks", any(away))).await);
    let line = ["--jwt-secret", "", "--jwt-jwks-url", &url];
    let server = TestServer::start_with(TestDatabase::create(Backend::Sqlite).await, &line).await;
    assert_eq!(outcome(&server, &signed("k-1", &json!({"sub": "a"}))).await, "closed");
}

/// Claims as the services put them in their tokens, with what the preset needs beside the key set.
fn shapes() -> [(&'static [&'static str], Value); 4] {
    let ann = json!({"email": "ann@example.org", "email_verified": true});
    let with = |more: Value| {
        let mut claims = more;
        claims.as_object_mut().unwrap().extend(ann.as_object().unwrap().clone());
        claims
    };
    [
        (
            &["supabase"],
            with(
                json!({"iss": "https://x.supabase.co/auth/v1", "aud": "authenticated", "role": "authenticated",
                "sub": "ann", "session_id": "s", "is_anonymous": false, "aal": "aal1",
                "app_metadata": {"provider": "google", "providers": ["google"]},
                "user_metadata": {"full_name": "Ann Lee", "avatar_url": "https://a.example/a.png"}}),
            ),
        ),
        (
            &["clerk"],
            json!({"iss": "https://x.clerk.accounts.dev", "sub": "ann", "sid": "sess_1", "azp": "https://app.example",
                "full_name": "Ann Lee", "image_url": "https://a.example/a.png"}),
        ),
        (
            &["firebase", "--jwt-audience", "my-app"],
            with(
                json!({"iss": "https://securetoken.google.com/my-app", "aud": "my-app", "auth_time": 1, "user_id": "ann",
                "sub": "ann", "name": "Ann Lee", "picture": "https://a.example/a.png",
                "firebase": {"identities": {"google.com": ["1"]}, "sign_in_provider": "google.com"}}),
            ),
        ),
        (
            &["auth0", "--jwt-audience", "https://chat.example"],
            json!({"iss": "https://x.eu.auth0.com/", "sub": "ann", "aud": ["https://chat.example", "https://x.eu.auth0.com/userinfo"],
                "azp": "client", "scope": "openid profile", "nickname": "Ann Lee", "picture": "https://a.example/a.png"}),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_supabase_clerk_firebase_and_auth0_sign_their_user_in_with_name_and_picture() {
    let mut jwk: Value = serde_json::from_str(PUBLIC_KEY).unwrap();
    jwk["kid"] = "k-1".into();
    let key_set = move || async move { Json(json!({"keys": [jwk]})) };
    let url = format!("{}/jwks", serve(Router::new().route("/jwks", any(key_set))).await);
    for (preset, claims) in shapes() {
        let line = [&["--jwt-secret", "", "--jwt-jwks-url", &url, "--auth-preset"], preset].concat();
        let server = TestServer::start_with(TestDatabase::create(Backend::Sqlite).await, &line).await;
        assert_eq!(outcome(&server, &signed("k-1", &claims)).await, "ann", "{preset:?}");
        let user =
            server.database.select(r#"SELECT "id" || ', ' || "name" || ', ' || "avatar" FROM "User""#).await;
        assert_eq!(user, ["ann, Ann Lee, https://a.example/a.png"], "{preset:?}");
        // One for another audience, or of another service.
        let mut other = claims.clone();
        other["aud"] = "another".into();
        let is_checked = claims["aud"] != Value::Null;
        let expected = if is_checked { "refused" } else { "ann" };
        assert_eq!(outcome(&server, &signed("k-1", &other)).await, expected, "{preset:?}");
    }
}
