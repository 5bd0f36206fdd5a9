//! Events that the Socket.IO library cannot name: Node takes them, and so their connection lives.

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
