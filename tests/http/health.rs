//! `GET /healthz` and `GET /readyz`.

use serde_json::json;

use crate::support::{Backend, TestDatabase, TestServer, database, http, on_both, required};

on_both! {
    async fn a_working_server_is_live_and_ready(server: TestServer) {
        for path in ["/healthz", "/readyz", "/healthz?from=probe"] {
            let health = http::get(server.address(), path).await;
            assert_eq!((health.status, health.json()), (200, json!({"status": "ok"})));
            assert_eq!(health.header("content-type"), Some("application/json"));
        }
        assert_eq!(http::request(server.address(), "HEAD", "/healthz", &[], "").await.status, 200);
        assert_eq!(http::request(server.address(), "POST", "/healthz", &[], "").await.status, 405);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_its_database_is_live_but_not_ready() {
    let server = TestServer::start_with(
        TestDatabase::create(Backend::Postgres).await,
        &["--database-timeout", "1000"],
    )
    .await;
    assert_eq!(http::get(server.address(), "/readyz").await.status, 200);

    let (_, name) = server.database.url.rsplit_once('/').unwrap();
    let admin = database::connect(&required("TEST_POSTGRES_URL")).await;
    admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();

    let ready = http::get(server.address(), "/readyz").await;
    assert_eq!((ready.status, &ready.json()["code"]), (503, &json!("unavailable")));
    // The cause is for the log, never for the caller.
    assert!(!ready.body.contains(name), "{}", ready.body);
    assert_eq!(http::get(server.address(), "/healthz").await.status, 200);
}
