//! One socket's events take effect in the order in which they were sent, and all agree on the order of a room.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::on_both;

on_both! {
    async fn two_thousand_quick_events_keep_their_order(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        let mut bob = server.connect_in("bob", "general").await;
        let message = alice.ask("message:send", json!({"roomId": "general", "content": "first"})).await;
        let id = &message["message"]["id"];
        bob.hear("message:new").await;

        let mut expected = Vec::new();
        for round in 0..400 {
            let emoji = format!("{round}");
            alice.emit("typing:start", "general".into()).await;
            expected.push("typing:user".to_owned());
            alice.emit("reaction:add", json!({"messageId": id, "emoji": emoji})).await;
            expected.push(format!("reaction:added {emoji}"));
            alice.emit("message:send", json!({"roomId": "general", "content": emoji})).await;
            expected.push("typing:stopped".to_owned());
            expected.push(format!("message:new {emoji}"));
            alice.emit("reaction:remove", json!({"messageId": id, "emoji": emoji})).await;
            expected.push(format!("reaction:removed {emoji}"));
            alice.emit("message:edit", json!({"messageId": id, "content": emoji})).await;
            expected.push(format!("message:updated {emoji}"));
        }
        for expected in expected {
            let (name, argument) = bob.next().await;
            let detail = argument.get("emoji").or(argument.get("content")).and_then(Value::as_str);
            assert_eq!(detail.map_or(name.clone(), |detail| format!("{name} {detail}")), expected);
        }
    }
}

on_both! {
    async fn the_log_of_a_room_has_no_holes_and_history_is_in_its_order(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice", "bob", "carol"]).await;
        let mut listener = server.connect_in("alice", "general").await;
        let senders = ["bob", "carol"].map(|user| {
            let connected = server.connect(user);
            async move {
                let mut client = connected.await;
                for n in 0..60 {
                    client.emit("message:send", json!({"roomId": "general", "content": format!("{user} {n}")})).await;
                }
                client.heard().await;
                client
            }
        });
        futures_util::future::join_all(senders).await;

        let mut live = Vec::new();
        for seq in 1..=120 {
            let message = listener.hear("message:new").await;
            assert_eq!(message["seq"], seq);
            live.push(message["content"].as_str().unwrap().to_owned());
        }
        for user in ["bob", "carol"] {
            let own: Vec<_> = live.iter().filter(|content| content.starts_with(user)).cloned().collect();
            assert_eq!(own, (0..60).map(|n| format!("{user} {n}")).collect::<Vec<_>>());
        }
        let page = json!({"roomId": "general", "before": "2999-01-01", "limit": 500});
        let page = listener.ask("messages:load", page).await;
        let mut history: Vec<_> =
            page["messages"].as_array().unwrap().iter().map(|message| message["content"].as_str().unwrap()).collect();
        history.reverse();
        assert_eq!(history, live);
    }
}
