//! Mirrors src/engine: the transports under Socket.IO, as a client of the wire sees them.

mod event_names;
mod heartbeat;
mod ids;
mod polling;
mod requests;
mod upgrade;

use chatoxide::chat::room::RoomType;

use crate::support::{Backend, Client, TestServer, http::Polling};

/// Alice is in `general` over a websocket, and carol over polling. Nobody else says anything there.
async fn alice_and_carol() -> (TestServer, Client, Polling) {
    let server = TestServer::start(Backend::Sqlite).await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    let carol = enter(&server, &mut alice).await;
    (server, alice, carol)
}

/// Carol enters `general` over polling.
async fn enter(server: &TestServer, alice: &mut Client) -> Polling {
    let carol = Polling::connect(server.address(), &server.token("carol")).await;
    carol.post(r#"420["room:join","general"]"#).await;
    carol.packets_until("430").await;
    alice.hear("room:user-joined").await;
    carol
}
