//! What Engine.IO refuses, in the words of the original's library.

use serde_json::json;

use crate::support::{
    Backend, TestDatabase, TestServer,
    http::{self, Polling},
    on_both,
};

on_both! {
    async fn bad_requests_are_answered_as_node_does(server: TestServer) {
        let mut wrong = Vec::new();
        // Node looks at the transport first, then at the session, then at the method, then at the version.
        for (method, query, code, message) in [
            ("GET", "", 0, "Transport unknown"),
            ("GET", "EIO=4", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=carrier-pigeon", 0, "Transport unknown"),
            ("POST", "EIO=4&transport=carrier-pigeon", 0, "Transport unknown"),
            ("GET", "EIO=3&transport=carrier-pigeon", 0, "Transport unknown"),
            ("GET", "EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown"),
            ("GET", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA", 1, "Session ID unknown"),
            ("GET", "EIO=3&transport=polling&sid=nobody", 1, "Session ID unknown"),
            ("POST", "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA", 1, "Session ID unknown"),
            ("POST", "EIO=4&transport=polling", 2, "Bad handshake method"),
            ("POST", "EIO=3&transport=polling", 2, "Bad handshake method"),
            ("GET", "EIO=4&transport=websocket", 3, "Bad request"),
            ("GET", "EIO=3&transport=polling", 5, "Unsupported protocol version"),
            ("GET", "transport=polling", 5, "Unsupported protocol version"),
        ] {
            let path = format!("/socket.io/?{query}");
            let answer = http::request(server.address(), method, &path, &[], "").await;
            let expected = json!({"code": code, "message": message}).to_string();
            let told = (answer.status, answer.header("content-type"), answer.body.as_str());
            if told != (400, Some("application/json"), &expected) {
                wrong.push(format!("{method} ?{query}: {told:?} instead of {expected}"));
            }
        }
        assert_eq!(wrong, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_the_limit_in_one_post_is_too_large_and_the_limit_is_not() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--max-payload", "20000"]).await;
    let (mut alice, mut bob) = server.meet().await;
    let packet =
        |content: &str| format!(r#"42["message:send",{{"roomId":"general","content":"{content}"}}]"#);
    for (length, status) in [(20_000, 200), (20_001, 413)] {
        let carol = Polling::connect(server.address(), &server.token("carol")).await;
        let content = "x".repeat(length - packet("").len());
        let answer = carol.post(&packet(&content)).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        if status == 200 {
            assert_eq!(bob.hear("message:new").await["content"], content);
        }
    }
    // Nobody else is harmed, and what was too large is nowhere.
    alice.say("general", "still here").await;
    assert_eq!(bob.hear("message:new").await["content"], "still here");
    assert_eq!(bob.heard().await, []);
}
