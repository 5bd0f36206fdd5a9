//! `chatoxide verify`: between two addresses of one server it finds no difference and leaves no row, and a server that hangs,
//! floods or refuses costs it a bounded time.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_tungstenite::{accept_async, tungstenite::Message};

use super::program::run;
use crate::support::{Backend, TestDatabase, TestServer, server::SECRET};

const OPEN: &str =
    r#"0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;

/// A server that answers the packet of sign-in by these packets, over and over, and reads on.
async fn server_that_says(packets: &'static [&'static str], times: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut socket = accept_async(stream).await.unwrap();
                let _gone = socket.send(Message::text(OPEN)).await;
                let _sign_in = socket.next().await;
                for _ in 0..times {
                    for packet in packets {
                        if socket.send(Message::text(*packet)).await.is_err() {
                            return;
                        }
                    }
                }
                while let Some(Ok(_)) = socket.next().await {}
            });
        }
    });
    address
}

/// The exit code, standard output and standard error.
async fn verify(node: &str, ours: &str, more: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let line = ["verify", "--jwt-secret", SECRET, "--node", node, "--ours", ours];
    run(folder.path(), &[&line, more].concat()).await
}

async fn two_addresses_of_one_server(backend: Backend) {
    let database = TestDatabase::create(backend).await;
    let settings = ["--socket-path", "/api/socketio", "--namespace", "/,/chat", "--membership-ttl", "0"];
    let server = TestServer::start_with(database, &[&settings[..], &["--search", "on"]].concat()).await;
    let indexed =
        "SELECT 'room ' || room_id FROM own.search_room UNION ALL SELECT message_id FROM own.search_message";
    let indexed = server.database.own(indexed);
    let rows = async || {
        let users = server.database.select(r#"SELECT "id" FROM "User""#).await;
        (server.database.all_rows().await, users, server.database.select(&indexed).await)
    };
    let before = rows().await;
    let main = format!("http://{}", server.address());
    let more = ["--path", "/api/socketio/", "--json", "--database", &server.database.url];
    let (code, printed, error) = verify(&format!("{main}/chat"), &main, &more).await;
    assert_eq!((code, error.as_str()), (0, ""), "{printed}");
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&report["version"], &report["verdict"]), (&1.into(), &"same".into()), "{report}");
    assert_eq!((&report["deliberate"], &report["added"]), (&Value::Array(vec![]), &Value::Array(vec![])));
    assert_eq!(rows().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_does_not_differ_from_itself_and_no_row_is_left_on_sqlite() {
    two_addresses_of_one_server(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_does_not_differ_from_itself_and_no_row_is_left_on_postgres() {
    two_addresses_of_one_server(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_on_two_databases_are_told_apart_and_the_rows_that_are_left_are_named() {
    let (node, ours) = (TestServer::start(Backend::Sqlite).await, TestServer::start(Backend::Sqlite).await);
    let urls = [&node, &ours].map(|server| format!("http://{}", server.address()));
    let (code, printed, error) = verify(&urls[0], &urls[1], &[]).await;
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("on different databases") && error.contains("--room"), "{error}");
    let users = ours.database.select(r#"SELECT "id" FROM "User""#).await;
    let rooms = ours.database.select(r#"SELECT "id" FROM "Room""#).await;
    assert_eq!((users.len(), rooms.len()), (2, 5));
    for id in users.iter().chain(&rooms) {
        assert!(printed.contains(id.as_str()), "{id} in: {printed}");
    }
    assert!(printed.contains("--database removes them"), "{printed}");

    let document = include_str!("../../docs/migrating-from-node.md").split_once("\n### Verify\n").unwrap().1;
    let removal = document.split_once("```sql\n").unwrap().1.split_once("```").unwrap().0;
    let database = ours.stop().await;
    database.execute(&database.own(&removal.replace("chatoxide.", "own."))).await;
    assert_eq!(database.all_rows().await, Vec::<String>::new());
    assert_eq!(database.select(r#"SELECT "id" FROM "User""#).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_floods_or_refuses_is_given_up_in_one_sentence() {
    let ours = TestServer::start(Backend::Sqlite).await;
    let ours_url = format!("http://{}", ours.address());
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let huge: &'static str = Box::leak("x".repeat(5_000_000).into_boxed_str());
    let huge: &'static [&'static str] = Box::leak(Box::new([huge]));
    for (address, code, text) in [
        (silent.local_addr().unwrap(), 2, "cannot be reached: no answer within 1 s"),
        (closed, 2, "cannot be reached"),
        (
            server_that_says(&[r#"44{"message":"Authentication failed"}"#], 1).await,
            2,
            "Authentication failed",
        ),
        (server_that_says(&[], 0).await, 2, "does not sign the first user in: no answer within 1 s"),
        (server_that_says(huge, 1).await, 2, "closed the connection of the first user: "),
        (server_that_says(&[r#"42["x"]"#], usize::MAX).await, 2, "sends more than 20000 packets"),
        // It signs everybody in and answers nothing.
        (server_that_says(&[r#"40{"sid":"s"}"#], 1).await, 1, "stores no message of the first user"),
    ] {
        let (found, _, error) = verify(&format!("http://{address}"), &ours_url, &["--patience", "1"]).await;
        assert!(found == code && error.contains(text) && error.lines().count() == 1, "{text}: {error}");
    }
}

#[tokio::test]
async fn wrong_arguments_are_refused_by_their_names() {
    for (more, text) in [
        (&["--token", "one"][..], "--token has to be given twice"),
        (&["--path", "chat"], "--path must begin with a slash"),
        (&["--database", "mysql://x"], "--database must begin with"),
        (&["--database", "postgresql://u:hidden@127.0.0.1:1/x"], "--database cannot be used: "),
        (&["--patience", "0"], "--patience"),
    ] {
        let (code, _, error) = verify("http://127.0.0.1:1", "http://127.0.0.1:1", more).await;
        assert!(code == 2 && error.contains(text) && !error.contains("hidden"), "{more:?}: {error}");
    }
    let (code, _, error) = verify("chat.example", "http://127.0.0.1:1", &[]).await;
    assert!(code == 2 && error.contains("--node is not a URL"), "{error}");
}
