//! `chatoxide check` asks the program that signs users in, and names the settings for events of a team's own.

use axum::{
    Json, Router,
    http::{StatusCode, header::LOCATION},
    response::IntoResponse,
    routing::any,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::program::run;

/// Starts another program whose paths answer as an endpoint may. Returns its URL.
async fn start() -> String {
    let guest = || async { Json(json!({"id": "guest"})) };
    let nobody = || async { Json(Value::Null) };
    let moved = || async { (StatusCode::FOUND, [(LOCATION, "/guest")]).into_response() };
    let key = json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "1",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let keys = json!({"keys": [key]});
    let router = Router::new()
        .route("/401", any(async || StatusCode::UNAUTHORIZED))
        .route("/400", any(async || StatusCode::BAD_REQUEST))
        .route("/guest", any(guest))
        .route("/nobody", any(nobody))
        .route("/moved", any(moved))
        .route("/keys", any(move || async move { Json(keys.clone()) }))
        .route("/no-keys", any(async || Json(json!({"keys": []}))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// The exit code, and the findings about one place.
async fn check(place: &str, arguments: &[&str]) -> (i32, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let line = [&["check", "--jwt-secret", "", "--database-url", "sqlite://chat.db"], arguments].concat();
    let (code, found, error) = run(folder.path(), &line).await;
    let lines = found.lines().filter(|line| line[7..].starts_with(place));
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    assert!(!lines.is_empty(), "{found}{error}");
    (code, lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn check_asks_the_endpoint_and_the_key_set() {
    let url = start().await;
    for (setting, path, expected, label, text) in [
        ("--auth-url", "401", 0, "ok ", "answered 401 to a client without credentials"),
        ("--auth-url", "nobody", 0, "ok ", "answered 200"),
        (
            "--auth-url",
            "400",
            0,
            "warn ",
            "answered 400 to a client without credentials, where 401 is expected",
        ),
        ("--auth-url", "guest", 0, "warn ", "everybody can sign in as that user"),
        ("--auth-url", "moved", 1, "FAULT ", "answered 302, and redirects are not followed"),
        ("--jwt-jwks-url", "keys", 0, "ok ", "has 1 keys that sign tokens"),
        ("--jwt-jwks-url", "no-keys", 1, "FAULT ", "has no key that signs tokens"),
        ("--jwt-jwks-url", "401", 1, "FAULT ", "it answered 401"),
    ] {
        let (code, lines) = check("sign-in: ", &[setting, &format!("{url}/{path}")]).await;
        let told = lines.iter().filter(|line| line.starts_with(label) && line.contains(text)).count();
        assert_eq!((code, told), (expected, 1), "{path}: {lines:?}");
    }
    for setting in ["--auth-url", "--jwt-jwks-url"] {
        let (code, lines) = check("sign-in: ", &[setting, "http://127.0.0.1:1/who?key=secret"]).await;
        let text = lines.join("\n");
        assert!(code == 1 && text.contains("nobody can sign in until it answers"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}

#[tokio::test]
async fn check_names_the_events_that_are_relayed_or_posted() {
    let (_, lines) = check(
        "events: ",
        &[
            "--relay-events",
            "user:status,call:*",
            "--event-webhook",
            "http://127.0.0.1:1/events?key=hidden",
            "--event-webhook-secret",
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        ],
    )
    .await;
    let text = lines.join("\n");
    assert!(text.contains("RELAY_EVENTS relays user:status, call:*"), "{text}");
    assert!(text.contains("posted to EVENT_WEBHOOK (http://127.0.0.1:1/events"), "{text}");
    assert!(!text.contains("hidden") && !text.contains("whsec"), "{text}");
}
