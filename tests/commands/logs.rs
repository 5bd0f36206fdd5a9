//! What is logged: connections and events with who, where and how long; never a token, never content above `trace`.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
};

use crate::support::{Client, soon};

#[tokio::test]
async fn events_are_logged_with_their_outcome_and_nothing_private() {
    let folder = tempfile::tempdir().unwrap();
    let command = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatoxide"));
        command.args(arguments).current_dir(folder.path()).env_clear().kill_on_drop(true);
        command.env("PORT", "0").env("RUST_LOG", "debug,tungstenite=trace").env("LOG_FORMAT", "json");
        command
    };
    let token = command(&["token", "--sub", "alice"]).output().await.unwrap().stdout;
    let token = String::from_utf8(token).unwrap().trim().to_owned();
    let mut child = command(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = soon("the address", lines.next_line()).await.unwrap().unwrap();
    let address = first.split("http://").nth(1).unwrap().parse().unwrap();

    let mut alice = Client::connect(address, &token).await.unwrap();
    alice.ask("room:join", "general".into()).await;
    let content = "something that is nobody else's business";
    let ack = alice.ask("message:send", json!({"roomId": "general", "content": content})).await;
    assert_eq!(ack["success"], true);
    alice.ask("message:send", json!({"roomId": "nowhere", "content": content})).await;
    assert!(Client::connect(address, &format!("{token}x")).await.is_err());
    alice.close().await;

    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").arg(pid).status().await.unwrap().success());
    let mut log = String::new();
    let mut stderr = child.stderr.take().unwrap();
    soon("the end of the log", stderr.read_to_string(&mut log)).await.unwrap();

    assert!(!log.contains(content), "message content was logged");
    assert!(!log.contains(&token), "a token was logged");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let with =
        |message: &str| lines.iter().filter(|line| line["fields"]["message"] == message).collect::<Vec<_>>();
    assert_eq!((with("connected").len(), with("refused").len(), with("disconnected").len()), (1, 1, 1));
    assert_eq!(with("connected")[0]["fields"]["user"], "alice");
    let spans: Vec<&Value> = with("handled").into_iter().map(|line| &line["span"]).collect();
    let told: Vec<_> = spans.iter().map(|span| (&span["event"], &span["room"], &span["outcome"])).collect();
    let expected = [
        ("room:join", "general", "ok"),
        ("message:send", "general", "ok"),
        ("message:send", "nowhere", "room_not_found"),
    ]
    .map(|(event, room, outcome)| (json!(event), json!(room), json!(outcome)));
    assert_eq!(
        told,
        expected.iter().map(|(event, room, outcome)| (event, room, outcome)).collect::<Vec<_>>()
    );
    assert!(spans.iter().all(|span| span["user"] == "alice" && span["duration_us"].as_u64().is_some()));
}
