//! Demo mode's sign-in.

use serde_json::json;

use crate::support::{
    Backend, Client, TestDatabase, http, on_both,
    process::{ServerProcess, settings},
};

/// A server that lets anybody on this machine sign in, on a database that somebody named.
async fn in_demo_mode(backend: Backend) -> (ServerProcess, TestDatabase) {
    let database = TestDatabase::create(backend).await;
    let settings = settings(&database, &[("JWT_SECRET", ""), ("DEMO", "true")]).await;
    (ServerProcess::start(&database, &settings).await, database)
}

async fn sign_in(server: &ServerProcess, headers: &[(&str, &str)], body: &str) -> http::Response {
    let mut all = vec![("Content-Type", "application/json")];
    all.extend(headers);
    http::request(server.address, "POST", "/demo/token", &all, body).await
}

async fn signs_in_by_name(backend: Backend) {
    let (server, _database) = in_demo_mode(backend).await;
    let answer = sign_in(&server, &[], r#"{"name": "  Ada   Lovelace "}"#).await;
    let signed_in = answer.json();
    assert_eq!(
        (answer.status, &signed_in["user"]),
        (200, &json!({"id": "ada-lovelace", "name": "Ada Lovelace"}))
    );

    let mut ada = Client::connect(server.address, signed_in["token"].as_str().unwrap()).await.unwrap();
    let room = ada.ask("room:create", json!({"name": "Engines"})).await["room"].clone();
    assert_eq!(room["members"], json!(["ada-lovelace"]));
    let users = http::get(server.address, "/demo").await.json();
    assert_eq!(users, json!({"users": [{"id": "ada-lovelace", "name": "Ada Lovelace"}]}));
}

#[tokio::test]
async fn anybody_on_this_machine_signs_in_by_name_sqlite() {
    signs_in_by_name(Backend::Sqlite).await;
}

#[tokio::test]
async fn anybody_on_this_machine_signs_in_by_name_postgres() {
    signs_in_by_name(Backend::Postgres).await;
}

#[tokio::test]
async fn an_invalid_name_is_refused_in_words() {
    let (server, _database) = in_demo_mode(Backend::Sqlite).await;
    let long = json!({"name": "x".repeat(101)}).to_string();
    for body in ["", "{}", "[]", "7", r#"{"name": 7}"#, r#"{"name": " "}"#, r#"{"name": "a\u0000"}"#, &long] {
        let refused = sign_in(&server, &[], body).await;
        assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("bad_input")), "{body}");
    }
    let form = http::request(server.address, "POST", "/demo/token", &[], r#"{"name": "Ada"}"#).await;
    assert_eq!(form.status, 400, "a form of another site could send this");
}

#[tokio::test]
async fn pages_from_elsewhere_are_refused() {
    let (server, _database) = in_demo_mode(Backend::Sqlite).await;
    for (origin, status) in [
        ("http://localhost:5173", 200),
        ("http://127.0.0.1:3000", 200),
        ("http://[::1]:3000", 200),
        ("https://example.org", 403),
        ("http://localhost.example.org", 403),
        ("null", 403),
        ("", 403),
    ] {
        let answer = sign_in(&server, &[("Origin", origin)], r#"{"name": "Ada"}"#).await;
        assert_eq!(answer.status, status, "{origin}: {}", answer.body);
        let answer = http::request(server.address, "GET", "/demo", &[("Origin", origin)], "").await;
        assert_eq!(answer.status, status, "{origin}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_request_through_a_proxy_is_refused() {
    let (server, _database) = in_demo_mode(Backend::Sqlite).await;
    for (name, value) in [
        ("Forwarded", "for=203.0.113.7"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("X-Forwarded-Host", "localhost"),
        ("X-FORWARDED-ANYTHING", ""),
        ("X-Real-IP", "203.0.113.7"),
        ("Via", "1.1 proxy"),
        ("CF-Connecting-IP", "203.0.113.7"),
        ("X-Original-Host", "chat.example.org"),
    ] {
        let answer = sign_in(&server, &[(name, value)], r#"{"name": "Ada"}"#).await;
        assert_eq!((answer.status, &answer.json()["code"]), (403, &json!("forbidden")), "{name}");
        let answer = http::request(server.address, "GET", "/demo", &[(name, value)], "").await;
        assert_eq!(answer.status, 403, "{name}");
    }
    // As nginx asks when it is told nothing but where to.
    let answer = http::request_in(server.address, "HTTP/1.0", "GET", "/demo").await;
    assert_eq!(answer.status, 403);
    let answer = http::request_in(server.address, "HTTP/1.1", "GET", "/demo").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_host_name_that_resolves_to_this_machine_is_refused() {
    let (server, _database) = in_demo_mode(Backend::Sqlite).await;
    for (host, status) in
        [("localhost:3000", 200), ("chat.localhost", 200), ("rebound.example.org", 403), ("", 403)]
    {
        let answer = http::request_to(server.address, host, "GET", "/demo").await;
        assert_eq!(answer.status, status, "{host}: {}", answer.body);
    }
}

on_both! {
    async fn demo_sign_in_exists_in_no_other_mode(server: TestServer) {
        for (method, path) in [("GET", "/demo"), ("POST", "/demo/token")] {
            let headers = [("Content-Type", "application/json")];
            let missing = http::request(server.address(), method, path, &headers, r#"{"name": "Ada"}"#).await;
            assert_eq!((missing.status, missing.json()["code"].clone()), (404, json!("not_found")), "{path}");
        }
    }
}
