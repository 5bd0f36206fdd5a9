//! An outage of the database: clients get a clear error in time, sockets stay up, and work resumes by itself.

use std::{future::pending, sync::Arc};

use chatoxide::{
    chat::{Result, room::RoomType},
    clock,
    db::room_log::{Append, Appender},
};
use serde_json::json;

use super::append::{append, new};
use crate::support::{TestDatabase, TestServer, postgres::Postgres, until};

async fn server_on(postgres: &Postgres) -> TestServer {
    server_with(postgres, &[]).await
}

async fn server_with(postgres: &Postgres, more: &[&str]) -> TestServer {
    let mut database = TestDatabase::create(crate::support::Backend::Sqlite).await;
    database.url = postgres.url();
    let server = TestServer::start_with(database, &[&["--database-timeout", "1000"], more].concat()).await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_get_an_error_while_the_database_is_stopped_and_later_all_works() {
    let postgres = Postgres::create();
    postgres.start();
    let server = server_on(&postgres).await;
    let mut alice = server.connect_in("alice", "general").await;
    let mut bob = server.connect_in("bob", "general").await;
    let ask = |content: &str| json!({"roomId": "general", "content": content});
    for content in ["before", "as usual"] {
        alice.say("general", content).await;
    }

    postgres.stop();
    let refused = alice.ask("message:send", ask("lost")).await;
    assert_eq!(refused["success"], false, "{refused}");
    let page = alice.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
    assert_eq!((&page["success"], &page["messages"]), (&json!(false), &json!([])));
    // A client that connects meanwhile is let in.
    let mut carol = server.connect("carol").await;
    assert_eq!(carol.ask("message:send", ask("lost too")).await["success"], false);

    postgres.start();
    until("a message is stored", async || {
        (alice.ask("message:send", ask("after")).await["success"] == true).then_some(())
    })
    .await;
    for content in ["before", "as usual", "after"] {
        assert_eq!(bob.hear("message:new").await["content"], content);
    }
    assert_eq!(carol.ask("message:send", ask("made a user after all")).await["success"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_answered_in_time_while_the_database_hangs() {
    let postgres = Postgres::create();
    postgres.start();
    let server = server_on(&postgres).await;
    let mut alice = server.connect_in("alice", "general").await;
    for content in ["before", "as usual"] {
        alice.say("general", content).await;
    }
    // One for each question: a socket whose event has waited in vain is answered sooner the next time.
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(server.connect_in("bob", "general").await);
    }
    // A room that is not in memory, and one of which nothing is.
    server.make_room("other", RoomType::Public, &["bob"]).await;
    let page = json!({"roomId": "general", "before": "2999-01-01"});
    let asks =
        [("messages:load", page), ("room:join", json!("other")), ("room:join", json!("never heard of"))];
    postgres.signal("STOP");
    let sent = alice.begin("message:send", json!({"roomId": "general", "content": "x"})).await;
    let mut asked = Vec::new();
    for (client, (event, ask)) in others.iter_mut().zip(asks) {
        asked.push(client.begin(event, ask).await);
    }
    let mut answers = vec![alice.answer(sent).await];
    for (client, id) in others.iter_mut().zip(asked) {
        answers.push(client.answer(id).await);
    }
    for answer in answers {
        assert_eq!((&answer["success"], &answer["code"]), (&json!(false), &json!("unavailable")), "{answer}");
    }
    postgres.signal("CONT");
    until("a message is stored", async || {
        let ack = alice.ask("message:send", json!({"roomId": "general", "content": "y"})).await;
        (ack["success"] == true).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_connected_without_the_database_is_checked_before_anything_else() {
    let postgres = Postgres::create();
    postgres.start();
    let server = server_with(&postgres, &["--auto-create-users", "false"]).await;
    postgres.stop();
    let mut stranger = server.connect("stranger").await;
    postgres.start();
    let refused = until("the database answers", async || {
        let ack = stranger.ask("room:join", "general".into()).await;
        (ack["code"] != "unavailable" && ack["code"] != "internal").then_some(ack)
    })
    .await;
    assert_eq!(refused["code"], "user_not_found", "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_database_names_its_address() {
    let postgres = Postgres::create();
    postgres.start();
    let server = server_on(&postgres).await;
    let mut appender = Appender::default();
    let say = |content: &str| -> Arc<[Append]> { Arc::new([append("general", "alice", new(content))]) };
    appender.append(&server.db, say("before"), clock::now()).await.unwrap();
    let late = server.db.within_timeout(pending::<Result<()>>()).await.unwrap_err();
    postgres.stop();
    let broken = appender.append(&server.db, say("lost"), clock::now()).await.err().unwrap();
    let address = format!("{}:5432", postgres.folder.path().display());
    for error in [late, broken] {
        assert!(error.cause().contains(&address), "{address} in: {}", error.cause());
    }
}
