//! Packets that the Socket.IO library cannot read, such as events with odd names: they keep the connection open, as in Node.

use serde_json::json;

use crate::support::{Backend, TestServer, http::Polling};

#[tokio::test(flavor = "multi_thread")]
async fn a_name_with_escapes_is_the_event_that_it_names_or_an_unknown_one() {
    let server = TestServer::start(Backend::Sqlite).await;
    let (mut alice, mut bob) = server.meet().await;
    alice.write(r#"42["message\u003asend",{"roomId":"general","content":"by another spelling"}]"#).await;
    assert_eq!(bob.hear("message:new").await["content"], "by another spelling");
    alice.heard().await;
    for name in [r#""q\"uote""#, r#""back\\slash""#, r#""line\n""#, "7", "-1.5", "null", "true", "{}", "[]"] {
        alice.write(&format!("42[{name},1]")).await;
    }
    alice.say("general", "still here").await;
    assert_eq!(bob.hear("message:new").await["content"], "still here");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_odd_name_is_answered_over_polling_too() {
    let server = TestServer::start(Backend::Sqlite).await;
    let carol = Polling::connect(server.address(), &server.token("carol")).await;
    for (number, name) in [r#""q\"uote""#, "7", "null"].into_iter().enumerate() {
        carol.post(&format!("42{number}[{name}]")).await;
        let ack = carol.packets_until(&format!("43{number}")).await.pop().unwrap();
        let expected = json!([{"success": false, "error": "this event is not known", "code": "bad_input"}]);
        assert_eq!(ack, format!("43{number}{expected}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_read_in_frames_of_one_byte_too() {
    let server = TestServer::start(Backend::Sqlite).await;
    let (mut alice, mut bob) = server.meet().await;
    let send = r#"42["message\u003asend",{"roomId":"general","content":"letter by letter"}]"#;
    for packet in [r#"42["q\"uote",1]"#, "42[7]", "6", "3", send] {
        alice.write_in_frames(packet, 1).await;
    }
    assert_eq!(bob.hear("message:new").await["content"], "letter by letter");
    alice.write(&format!(r#"42["{}\n"]"#, "a long name".repeat(1_000))).await;
    alice.write_in_frames(&format!(r#"42["{}\n"]"#, "a long name".repeat(1_000)), 1_000).await;
    alice.say("general", "still here").await;
    assert_eq!(bob.hear("message:new").await["content"], "still here");
}

#[tokio::test(flavor = "multi_thread")]
async fn packets_that_node_ignores_are_ignored() {
    let server = TestServer::start(Backend::Sqlite).await;
    let (mut alice, mut bob) = server.meet().await;
    let carol = Polling::connect(server.address(), &server.token("carol")).await;
    for packet in ["0", "1", "5", "5probe", "6", "6x", "42", "43", r#"43["x"]"#, "4317"] {
        alice.write(packet).await;
        // A poll closes its session so.
        if packet != "1" {
            carol.post(packet).await;
        }
    }
    alice.say("general", "still here").await;
    assert_eq!(bob.hear("message:new").await["content"], "still here");
    carol.post(r#"420["room:leave","general"]"#).await;
    carol.packets_until("430").await;
}
