//! The description of the API, as programs read it.

use serde_json::Value;

use crate::support::{Backend, TestServer, http};

/// Written by `UPDATE_OPENAPI=1`.
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/openapi.json");

#[tokio::test]
async fn the_description_is_the_one_in_the_docs() {
    let server = TestServer::start(Backend::Sqlite).await;
    let served = http::get(server.address(), "/api/v1/openapi.json").await;
    let document: Value = served.json();
    assert_eq!(served.status, 200);
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(PATH, &text).unwrap();
    }
    let there = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        there == text,
        "docs/openapi.json is not the served description: run this test with UPDATE_OPENAPI=1"
    );
}

#[tokio::test]
async fn every_route_says_what_it_answers() {
    let document = serde_json::to_value(chatoxide::http::document()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let info = &document["info"];
    assert_eq!((&info["title"], &info["version"]), (&"chatoxide".into(), &env!("CARGO_PKG_VERSION").into()));
    assert!(info["contact"].is_null(), "{info}");
    let mut ids = std::collections::HashSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with("/api/v1/"), "{path}");
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} names two operations");
            assert!(operation["summary"].is_string(), "{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            let problem = &responses["default"]["content"]["application/problem+json"];
            assert!(problem["schema"].is_object() && responses.len() >= 2, "{method} {path}");
        }
    }
}
