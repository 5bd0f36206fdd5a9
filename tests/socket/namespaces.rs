//! `NAMESPACE`: which namespaces serve the chat. All of them are one chat.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Backend, TestDatabase, TestServer, http::Websocket, server::token};

async fn start(namespaces: &str) -> TestServer {
    let database = TestDatabase::create(Backend::Sqlite).await;
    TestServer::start_with(database, &["--namespace", namespaces]).await
}

/// Packets up to the one that begins so.
async fn packets_until(socket: &mut Websocket, beginning: &str) -> Vec<String> {
    let mut packets = Vec::new();
    loop {
        packets.push(socket.next().await.expect("the connection was closed"));
        if packets.last().unwrap().starts_with(beginning) {
            return packets;
        }
    }
}

async fn connect(server: &TestServer, namespaces: &[&str]) -> Websocket {
    let mut socket = Websocket::open(server.address(), "").await;
    for namespace in namespaces {
        let auth = json!({"token": token("alice")});
        socket.send(&format!("40{namespace},{auth}")).await;
        packets_until(&mut socket, &format!("40{namespace},{{\"sid\":")).await;
    }
    socket
}

#[tokio::test(flavor = "multi_thread")]
async fn another_namespace_serves_the_chat_and_the_first_one_does_not() {
    let server = start("/chat").await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let mut socket = connect(&server, &["/chat"]).await;
    socket.send(r#"42/chat,7["room:join","general"]"#).await;
    let packets = packets_until(&mut socket, "43/chat,7").await;
    assert!(packets.iter().any(|packet| packet.starts_with(r#"42/chat,["room:history","#)), "{packets:?}");
    assert_eq!(packets.last().unwrap(), r#"43/chat,7[{"success":true}]"#);

    socket.send(&format!("40{}", json!({"token": token("alice")}))).await;
    let refusal = packets_until(&mut socket, "44").await;
    assert_eq!(refusal, [r#"44{"message":"Invalid namespace"}"#]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_knew_the_namespace_before_has_returned() {
    let server = start("/chat").await;
    let mut socket = Websocket::open(server.address(), "").await;
    socket.send(&format!("40/chat,{}", json!({"token": token("alice")}))).await;
    let connected = packets_until(&mut socket, "40/chat,").await.pop().unwrap();
    let payload: Value = serde_json::from_str(connected.strip_prefix("40/chat,").unwrap()).unwrap();
    assert!(payload["pid"].is_string(), "{payload}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_namespaces_of_one_connection_are_two_sockets_of_one_chat() {
    let server = start("/,/chat").await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let mut bob = server.connect_in("bob", "general").await;
    let mut socket = Websocket::open(server.address(), "").await;
    let auth = json!({"token": token("alice")});
    socket.send(&format!("40{auth}")).await;
    packets_until(&mut socket, "40{").await;
    socket.send(&format!("40/chat,{auth}")).await;
    packets_until(&mut socket, "40/chat,").await;
    for (join, ack) in
        [(r#"421["room:join","general"]"#, "431"), (r#"42/chat,2["room:join","general"]"#, "43/chat,2")]
    {
        socket.send(join).await;
        packets_until(&mut socket, ack).await;
    }
    bob.heard().await;

    // Each of the two hears a message once, and so does the sender's other socket.
    bob.say("general", "hello").await;
    let mut heard = packets_until(&mut socket, "42").await;
    heard.extend(packets_until(&mut socket, "42").await);
    let new = |namespace: &str| format!(r#"42{namespace}["message:new","#);
    for namespace in ["", "/chat,"] {
        let count = heard.iter().filter(|packet| packet.starts_with(&new(namespace))).count();
        assert_eq!(count, 1, "{namespace}: {heard:?}");
    }
    socket.send(r#"42/chat,3["message:send",{"roomId":"general","content":"hi"}]"#).await;
    let answered = packets_until(&mut socket, "43/chat,3").await;
    assert!(answered.iter().any(|packet| packet.starts_with(&new("/chat,"))), "{answered:?}");
    assert!(answered.iter().any(|packet| packet.starts_with(&new(""))), "{answered:?}");
    bob.heard().await;

    // One of them leaves: the user is still there by the other. Then the other leaves, too.
    socket.send(r#"42/chat,4["room:leave","general"]"#).await;
    packets_until(&mut socket, "43/chat,4").await;
    assert_eq!(bob.heard().await, []);
    bob.say("general", "still here?").await;
    let heard = packets_until(&mut socket, "42").await;
    assert!(heard.last().unwrap().starts_with(&new("")), "{heard:?}");
    socket.send(r#"425["room:leave","general"]"#).await;
    packets_until(&mut socket, "435").await;
    assert_eq!(bob.hear("room:user-left").await["userId"], "alice");
}
