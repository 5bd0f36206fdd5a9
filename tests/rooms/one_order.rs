//! One order per room: for every member, live, in history and in the log; one sender's messages in the order they were sent.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Listener, TestServer, on_both};

const SENDERS: usize = 8;
const LISTENERS: usize = 50;
const EACH: usize = 2_500;
/// Messages that a sender does not wait for.
const IN_FLIGHT: usize = 32;

/// Sends [`EACH`] messages, and hears what it must; the seqs of its acks.
async fn send(mut sender: Listener, name: String) -> (Vec<String>, Vec<i64>) {
    let total = SENDERS * EACH;
    let (mut heard, mut acked, mut sent) = (Vec::with_capacity(total), Vec::with_capacity(EACH), 0);
    while heard.len() < total || acked.len() < EACH {
        while sent < EACH && sent - acked.len() < IN_FLIGHT {
            let content = format!("{name}.{sent}");
            let ask = json!(["message:send", {"roomId": "general", "content": content}]);
            sender.send(&format!("42{}{ask}", sent + 1)).await;
            sent += 1;
        }
        let packet = sender.hear().await;
        if packet.event() == Some("message:new") {
            heard.push(packet.field("content").unwrap().to_owned());
        } else if let Some((id, answer)) = packet.ack() {
            assert!(answer.starts_with(r#"[{"success":true"#), "{answer}");
            assert_eq!(id as usize, acked.len() + 1, "answered in the order in which they were sent");
            acked.push(packet.seq().unwrap());
        }
    }
    (heard, acked)
}

/// Hears all messages, and that their seqs have no hole.
async fn listen(mut listener: Listener) -> Vec<String> {
    let total = SENDERS * EACH;
    let mut heard = Vec::with_capacity(total);
    while heard.len() < total {
        let packet = listener.hear().await;
        if packet.event() == Some("message:new") {
            assert_eq!(packet.seq(), Some(heard.len() as i64 + 1));
            heard.push(packet.field("content").unwrap().to_owned());
        }
    }
    heard
}

/// All of the room's messages by `messages:load`, oldest first.
async fn load_all(server: &TestServer) -> Vec<String> {
    let mut client = server.connect("s0").await;
    let (mut contents, mut before) = (Vec::new(), json!("2999-01-01"));
    loop {
        let ask = json!({"roomId": "general", "before": before, "limit": 500});
        let page = client.ask("messages:load", ask).await;
        let Some(oldest) = page["messages"].as_array().unwrap().last() else { break };
        before = oldest["createdAt"].clone();
        let content = |message: &Value| message["content"].as_str().unwrap().to_owned();
        contents.extend(page["messages"].as_array().unwrap().iter().map(content));
    }
    contents.reverse();
    contents
}

on_both! {
    async fn events_history_and_the_log_have_one_order_for_all(server: TestServer) {
        let names: Vec<String> =
            (0..SENDERS).map(|n| format!("s{n}")).chain((0..LISTENERS).map(|n| format!("l{n}"))).collect();
        let members: Vec<&str> = names.iter().map(String::as_str).collect();
        server.make_room("general", RoomType::Public, &members).await;
        let (mut senders, mut listeners) = (Vec::new(), Vec::new());
        for name in &names {
            let (listener, _) = Listener::enter(server.address(), &server.token(name), "general").await;
            if name.starts_with('s') { senders.push((listener, name.clone())) } else { listeners.push(listener) }
        }

        let listening: Vec<_> = listeners.into_iter().map(|listener| tokio::spawn(listen(listener))).collect();
        let sending: Vec<_> =
            senders.into_iter().map(|(sender, name)| (name.clone(), tokio::spawn(send(sender, name)))).collect();

        let order = load_all_when(&server, listening).await;
        for (name, sending) in sending {
            let (heard, acked) = sending.await.unwrap();
            assert!(heard == order, "{name} heard another order");
            let own: Vec<_> = (1_i64..).zip(&order).filter(|(_, content)| content.starts_with(&format!("{name}."))).collect();
            let sent: Vec<String> = (0..EACH).map(|n| format!("{name}.{n}")).collect();
            assert!(own.iter().map(|(_, content)| *content).eq(&sent), "{name}'s own order");
            assert!(own.iter().map(|(seq, _)| *seq).eq(acked.iter().copied()), "{name}'s acks");
        }
    }
}

/// The order that all listeners heard, which is that of the tables, too.
async fn load_all_when(
    server: &TestServer,
    listening: Vec<tokio::task::JoinHandle<Vec<String>>>,
) -> Vec<String> {
    let mut orders = Vec::new();
    for listener in listening {
        orders.push(listener.await.unwrap());
    }
    let order = orders.pop().unwrap();
    for other in orders {
        assert!(other == order, "two listeners heard different orders");
    }
    assert!(load_all(server).await == order, "history has another order");
    let log = r#"SELECT m.content FROM own.room_log l JOIN "Message" m ON m.id = l.message_id
                 WHERE l.room_id = 'general' ORDER BY l.seq"#;
    assert!(server.database.select(&server.database.own(log)).await == order, "the log has another order");
    order
}
