//! `EXTRA_FIELDS`: the fields of `message:send` that this server does not know.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Backend, Client, TestDatabase, TestServer};

async fn start(more: &[&str]) -> (TestServer, Client) {
    let server = TestServer::start_with(TestDatabase::create(Backend::Sqlite).await, more).await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let alice = server.connect_in("alice", "general").await;
    (server, alice)
}

fn message(more: Value) -> Value {
    let mut message =
        json!({"roomId": "general", "content": "hello", "type": "text", "clientId": null, "replyTo": null});
    message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_are_kept_in_the_metadata_with_the_setting() {
    let (_server, mut alice) = start(&["--extra-fields", "metadata", "--max-metadata-size", "40"]).await;
    for (more, metadata) in [
        (json!({"mood": "happy", "n": [1]}), json!({"mood": "happy", "n": [1]})),
        (json!({"mood": "happy", "metadata": {"a": 1}}), json!({"a": 1, "mood": "happy"})),
        // The metadata's own field stays.
        (json!({"a": 2, "metadata": {"a": 1}}), json!({"a": 1})),
        (json!({"mood": null, "metadata": null}), json!({"mood": null})),
        (json!({"metadata": [1]}), json!([1])),
        (json!({}), json!({})),
    ] {
        let ack = alice.ask("message:send", message(more)).await;
        assert_eq!(ack["message"]["metadata"], metadata, "{ack}");
    }
    for refused in [json!({"mood": "x".repeat(40)}), json!({"mood": "happy", "metadata": [1]})] {
        let ack = alice.ask("message:send", message(refused)).await;
        assert_eq!(ack["code"], "bad_input", "{ack}");
        assert!(ack["error"].as_str().unwrap().starts_with("metadata"), "{ack}");
    }
    let picture = r#"{"roomId":"general","content":"x","picture":{"_placeholder":true,"num":0}}"#;
    let ack = alice.ask_binary("message:send", picture, &[b"hi"]).await;
    assert_eq!(ack["message"]["metadata"], json!({"picture": "aGk="}));
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_are_dropped_without_the_setting() {
    let (_server, mut alice) = start(&[]).await;
    let ack = alice.ask("message:send", message(json!({"mood": "happy"}))).await;
    assert_eq!(ack["message"]["metadata"], json!({}));
}
