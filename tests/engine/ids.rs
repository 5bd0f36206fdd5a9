//! The id of a session is secret, and has nothing to do with the id of a socket, which everybody may see.

use serde_json::{Value, json};
use tokio_tungstenite::connect_async;

use crate::support::{
    Backend, TestServer,
    http::{self, Polling, Websocket},
};

fn socket_id(packet: &str) -> String {
    let connected: Value = serde_json::from_str(packet.strip_prefix("40").unwrap()).unwrap();
    connected["sid"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sockets_id_allows_neither_post_nor_poll_nor_upgrade() {
    let server = TestServer::start(Backend::Sqlite).await;
    let sign_in = format!("40{}", json!({"token": server.token("alice")}));

    let polling = Polling::open(server.address()).await;
    polling.post(&sign_in).await;
    let over_polling = socket_id(polling.packets_until("40{").await.last().unwrap());
    let mut websocket = Websocket::open(server.address(), "").await;
    let open: Value =
        serde_json::from_str(websocket.next().await.unwrap().strip_prefix('0').unwrap()).unwrap();
    websocket.send(&sign_in).await;
    let over_websocket = socket_id(&websocket.next().await.unwrap());

    let secrets = [&polling.open["sid"], &open["sid"]].map(|sid| sid.as_str().unwrap().to_owned());
    let unknown = json!({"code": 1, "message": "Session ID unknown"});
    for id in [over_polling, over_websocket] {
        assert!(!secrets.iter().any(|secret| secret.contains(&id) || id.contains(secret.as_str())));
        let query = format!("/socket.io/?EIO=4&transport=polling&sid={id}");
        for (method, body) in [("GET", ""), ("POST", "42[\"room:join\",\"general\"]")] {
            let answer = http::request(server.address(), method, &query, &[], body).await;
            assert_eq!((answer.status, answer.json()), (400, unknown.clone()), "{method}");
        }
        let url = format!("ws://{}/socket.io/?EIO=4&transport=websocket&sid={id}", server.address());
        let refused = connect_async(url).await.err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some("HTTP error: 400 Bad Request"));
    }
    // Both are still there.
    assert_eq!(websocket.ask("room:leave", &json!("nowhere")).await["success"], true);
    assert_eq!(polling.post("420[\"room:leave\",\"nowhere\"]").await.status, 200);
    polling.packets_until("430").await;
}
