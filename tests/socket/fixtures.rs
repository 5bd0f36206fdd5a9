//! Every fixture of the wire is met: the client compares all that comes with them, and this story brings all about.

use std::collections::BTreeSet;

use chatoxide::chat::room::RoomType;
use serde_json::json;

use crate::support::{fixture, on_both};

on_both! {
    async fn every_event_and_ack_is_as_its_fixture(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut bob = server.connect_in("bob", "general").await;
        let sent = alice.ask("message:send", json!({"roomId": "general", "content": "x"})).await;
        let id = &sent["message"]["id"];
        bob.ask("reaction:add", json!({"messageId": id, "emoji": "👍"})).await;
        alice.ask("message:edit", json!({"messageId": id, "content": "y"})).await;
        alice.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
        alice.ask("messages:load", json!({"roomId": "nowhere", "before": "2999-01-01"})).await;
        bob.ask("reaction:remove", json!({"messageId": id, "emoji": "👍"})).await;
        bob.ask("typing:start", "general".into()).await;
        bob.ask("typing:stop", "general".into()).await;
        bob.ask("room:read", "general".into()).await;
        bob.ask("dm:start", "alice".into()).await;
        alice.ask("message:delete", json!({"messageId": id})).await;
        alice.ask("message:delete", json!({"messageId": id})).await;
        bob.ask("room:leave", "general".into()).await;
        alice.heard().await;
        bob.heard().await;

        let mut seen: BTreeSet<String> = alice.seen.union(&bob.seen).cloned().collect();
        // Only who does not read meets it: see rooms/slow_reader.rs.
        seen.insert("server_pulse".to_owned());
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), fixture::names());
    }
}
