//! Threads whose replies other programs delete, and threads after a restart.

use serde_json::{Value, json};

use super::{foreign::ALWAYS, watched};
use crate::support::{Client, TestServer, on_both};

/// A root by alice with two replies by bob: the ids.
async fn answer_twice(alice: &mut Client, bob: &mut Client) -> (Value, Value, Value) {
    let root = alice.say("general", "root").await["id"].take();
    let mut replies = Vec::new();
    for content in ["one", "two"] {
        let reply = json!({"roomId": "general", "content": content, "threadId": root});
        replies.push(bob.ask("message:send", reply).await["message"]["id"].take());
    }
    let second = replies.pop().unwrap();
    (root, replies.pop().unwrap(), second)
}

async fn delete(server: &TestServer, id: &Value) {
    server
        .database
        .execute(&format!(r#"DELETE FROM "Message" WHERE "id" = '{}'"#, id.as_str().unwrap()))
        .await;
}

/// The summary of a root in the history that a new socket is sent.
async fn in_history(server: &TestServer, root: &Value) -> Value {
    let mut carol = server.connect("carol").await;
    carol.emit("room:join", "general".into()).await;
    let history = carol.hear("room:history").await;
    let messages = history["messages"].as_array().unwrap();
    messages.iter().find(|message| message["id"] == *root).unwrap()["threadSummary"].clone()
}

async fn a_deleted_reply_is_told(
    server: &TestServer,
    alice: &mut Client,
    (root, gone, left): (Value, Value, Value),
) {
    let deleted = alice.hear("message:deleted").await;
    assert_eq!((&deleted["messageId"], &deleted["root"]["id"]), (&gone, &root));
    let summary = &deleted["root"]["threadSummary"];
    assert_eq!((&summary["replyCount"], &summary["lastReply"]["id"]), (&json!(1), &left));
    assert_eq!(in_history(server, &root).await, *summary);
    let synced = alice
        .ask("messages:sync", json!({"roomId": "general", "since": deleted["seq"].as_i64().unwrap() - 1}))
        .await;
    if synced["complete"] == true {
        assert_eq!(synced["events"][0]["data"], deleted);
    }
    let thread = alice.ask("thread:load", json!({"rootId": root})).await;
    assert_eq!((&thread["messages"][0]["id"], &thread["unreadCount"]), (&left, &json!(1)));
}

on_both! {
    async fn a_reply_that_another_program_deletes_is_found_by_comparison(server: TestServer) {
        let server = TestServer::start_with(server.stop().await, &ALWAYS).await;
        let (mut alice, mut bob) = server.meet().await;
        let (root, first, second) = answer_twice(&mut alice, &mut bob).await;
        delete(&server, &second).await;
        // The room is compared when somebody enters it.
        bob.emit("room:join", "general".into()).await;
        a_deleted_reply_is_told(&server, &mut alice, (root, second, first)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_another_program_deletes_is_told_by_a_watched_database() {
    let server = watched::start().await;
    let (mut alice, mut bob) = server.meet().await;
    let (root, first, second) = answer_twice(&mut alice, &mut bob).await;
    delete(&server, &second).await;
    a_deleted_reply_is_told(&server, &mut alice, (root, second, first)).await;
}

on_both! {
    async fn threads_are_as_they_were_after_a_restart(server: TestServer) {
        let (mut alice, mut bob) = server.meet().await;
        let (root, first, second) = answer_twice(&mut alice, &mut bob).await;
        alice.ask("thread:read", json!({"rootId": root, "messageId": first})).await;
        let before = in_history(&server, &root).await;
        drop((alice, bob));
        let server = TestServer::start_with(server.stop().await, &[]).await;
        assert_eq!(in_history(&server, &root).await, before);
        let mut alice = server.connect("alice").await;
        let thread = alice.ask("thread:load", json!({"rootId": second})).await;
        assert_eq!((&thread["rootId"], &thread["unreadCount"], &thread["isFollowing"]), (&root, &json!(1), &json!(true)));
        let page = alice.ask("messages:load", json!({"roomId": "general", "limit": 1})).await;
        assert_eq!(page["messages"][0]["thread"], json!({"rootId": root, "alsoToRoom": false}));
    }
}
