//! `GET /metrics`: the metrics for Prometheus.

use serde_json::json;

use crate::support::{Backend, TestDatabase, TestServer, http::metric, on_both, until};

/// Statements of a new message on SQLite.
const STATEMENTS: f64 = 6.0;

/// The value of a line, if it is there.
fn value(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

on_both! {
    async fn metrics_are_off_unless_the_setting_turns_them_on(server: TestServer) {
        let answer = crate::support::http::get(server.address(), "/metrics").await;
        assert_eq!(answer.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_events_statements_and_what_is_in_memory() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--metrics", "true"]).await;
    let (mut alice, bob) = server.meet().await;
    for n in 0..3 {
        alice.say("general", &n.to_string()).await;
    }
    let refused = alice.ask("message:send", json!({"roomId": "no such room", "content": ""})).await;
    assert_eq!(refused["code"], "room_not_found");
    bob.close().await;
    alice.hear("room:user-left").await;

    let answer = crate::support::http::get(server.address(), "/metrics").await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.header("content-type").is_some_and(|kind| kind.starts_with("application/openmetrics-text"))
    );
    let text = answer.body;
    let found = |name: &str| value(&text, name).unwrap_or_else(|| panic!("no {name} in {text}"));
    assert_eq!(found(r#"chatoxide_events_total{event="message:send",outcome="ok"}"#), 3.0);
    assert_eq!(found(r#"chatoxide_events_total{event="message:send",outcome="room_not_found"}"#), 1.0);
    assert_eq!(found("chatoxide_sockets"), 1.0);
    assert_eq!(found("chatoxide_rooms_live"), 1.0);
    assert_eq!(found("chatoxide_rooms_idle"), 0.0);
    assert_eq!(found("chatoxide_messages_live"), 3.0);
    assert_eq!(found("chatoxide_append_duration_seconds_count"), 3.0);
    assert_eq!(found("chatoxide_write_queue"), 0.0);
    assert!(text.ends_with("# EOF\n"));
    let before = found("chatoxide_database_statements_total");
    alice.say("general", "one more").await;
    let after = metric(server.address(), "chatoxide_database_statements_total").await;
    assert!(after >= before + STATEMENTS, "{} statements", after - before);

    // The room is kept for a moment when the last has left it.
    let gone = alice.ask("room:leave", "general".into()).await;
    assert_eq!(gone["success"], true);
    let text = crate::support::http::get(server.address(), "/metrics").await.body;
    assert_eq!(value(&text, "chatoxide_rooms_idle"), Some(1.0));
    assert!(value(&text, "chatoxide_rooms_idle_bytes").is_some_and(|bytes| bytes > 0.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_read_marks_and_aborted_connections_are_counted() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        let server = TestServer::start_with(database, &["--metrics", "true"]).await;
        let (mut alice, mut bob) = server.meet().await;
        let read = async |name: &str| metric(server.address(), &format!("chatoxide_{name}")).await;
        let before = [
            read("event_duration_seconds_count").await,
            read("read_marks_written_total").await,
            read("sockets_cut_total").await,
        ];
        alice.say("general", "one").await;
        alice.say("general", "two").await;
        assert_eq!((read("append_batch_sum").await, read("append_batch_count").await), (2.0, 2.0));
        assert_eq!(read("append_duration_seconds_count").await, 2.0);
        assert_eq!(bob.ask("room:read", "general".into()).await["success"], true);
        assert_eq!(read("read_marks_written_total").await, before[1] + 1.0);
        assert_eq!(read("event_duration_seconds_count").await, before[0] + 3.0);
        // No client library sends an event of this name: the connection is cut.
        bob.emit("disconnect", json!({})).await;
        until("bob is cut off", async || (read("sockets_cut_total").await == before[2] + 1.0).then_some(()))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_go_to_the_driver_without_diesel_are_counted_too() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let server = TestServer::start_with(database, &["--metrics", "true"]).await;
    let (mut alice, _bob) = server.meet().await;
    let id = alice.say("general", "first").await["id"].take();
    let statements = async || metric(server.address(), "chatoxide_database_statements_total").await;
    let before = statements().await;
    for n in 0..50 {
        alice.say("general", &n.to_string()).await;
    }
    // One each.
    assert!(statements().await >= before + 50.0);
    let before = statements().await;
    for n in 0..10 {
        let edited = alice.ask("message:edit", json!({"messageId": id, "content": n.to_string()})).await;
        assert_eq!(edited["success"], true, "{edited}");
    }
    // Locks of the head and of the message, the message's reactions, the log and the message itself.
    assert!(statements().await >= before + 50.0);
}
