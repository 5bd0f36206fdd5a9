//! `SOCKET_PATH`: where Socket.IO is, and that nothing else depends on it.

use serde_json::{Value, json};

use crate::support::{
    Backend, TestDatabase, TestServer,
    http::{self, Polling},
    server::token,
};

#[tokio::test(flavor = "multi_thread")]
async fn another_path_serves_sockets_with_and_without_a_slash_and_the_usual_one_does_not() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let line = ["--socket-path", "/api/socketio/", "--namespace", "/chat,/"];
    let server = TestServer::start_with(database, &line).await;
    for path in ["/api/socketio", "/api/socketio/"] {
        let query = format!("{path}?EIO=4&transport=polling");
        let open = http::get(server.address(), &query).await;
        assert_eq!(open.header("cache-control"), Some("no-store"));
        let open: Value = serde_json::from_str(open.body.strip_prefix('0').unwrap()).unwrap();
        let path = format!("{query}&sid={}", open["sid"].as_str().unwrap());
        let session = Polling { address: server.address(), path, open };
        session.post(&format!("40{}", json!({"token": token("alice")}))).await;
        session.packets_until("40{").await;
    }
    for path in ["/socket.io/", "/socket.io", "/api", "/api/socketiox"] {
        let answer = http::get(server.address(), &format!("{path}?EIO=4&transport=polling")).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    let client = http::get(server.address(), "/client.json").await;
    assert_eq!(client.json(), json!({"path": "/api/socketio", "namespace": "/chat"}));
    assert_eq!(http::get(server.address(), "/readyz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_learns_the_usual_path_too() {
    let server = TestServer::start(Backend::Sqlite).await;
    let client = http::get(server.address(), "/client.json").await;
    assert_eq!(client.json(), json!({"path": "/socket.io", "namespace": "/"}));
}
