//! `chatoxide reindex`, and databases without an index.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use super::{ON, contents, found, indexed, search, searching};
use crate::{
    commands::program::run,
    support::{Backend, TestServer, on_both},
};

on_both! {
    async fn an_index_is_made_again_beside_a_running_server(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        for number in 0..300 {
            alice.say("general", &format!("word number{number}")).await;
        }
        indexed(&server.database).await;
        let database = &server.database;
        // An index that has lost what it had.
        let lose = match database.backend {
            Backend::Postgres => "UPDATE chatoxide.search_message SET tokens = ''",
            Backend::Sqlite => "DELETE FROM chatoxide_search_message",
        };
        database.execute(lose).await;
        assert_eq!(contents(&search(&mut alice, "number7").await), Vec::<String>::new());
        let (code, out, error) = run(database.folder.path(), &["reindex", "--database-url", &database.url]).await;
        assert_eq!(code, 0, "{error}");
        assert!(out.contains("messages indexed"), "{out}");
        indexed(database).await;
        assert_eq!(contents(&search(&mut alice, "number7").await), ["word number7"]);
        alice.say("general", "word afterwards").await;
        assert_eq!(found(&server, &mut alice, "afterwards").await, ["word afterwards"]);
        let rows = database.own("SELECT count(*) FROM own.search_message");
        assert_eq!(database.select(&rows).await, ["301"]);
        // An earlier run that was ended is gone on with.
        let server = TestServer::start_with(server.stop().await, &["--search", "off"]).await;
        let database = &server.database;
        database.execute(&database.own("UPDATE own.search_room SET is_filled = false")).await;
        let (code, out, error) = run(database.folder.path(), &["reindex", "--database-url", &database.url]).await;
        assert_eq!(code, 0, "{error}");
        assert!(out.contains("goes on with 1 rooms") && out.contains(": 0 messages indexed"), "{out}");
        let arguments = ["reindex", "--anew", "--database-url", &database.url];
        let (_, out, _) = run(database.folder.path(), &arguments).await;
        assert!(out.contains(": 301 messages indexed"), "{out}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_index_is_served_without_search() {
    let server = TestServer::start(Backend::Postgres).await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let database = server.stop().await;
    let role = format!("role_{}", uuid::Uuid::new_v4().simple());
    database
        .execute(&format!(
            "DROP TABLE chatoxide.search_room, chatoxide.search_message;
            DELETE FROM chatoxide.__diesel_schema_migrations WHERE version = '20261201000008';
            CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA public, chatoxide TO {role};
            GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; GRANT ALL ON ALL TABLES IN SCHEMA chatoxide TO {role}"
        ))
        .await;
    let (_, place) = database.url.rsplit_once('@').unwrap_or_else(|| database.url.split_once("//").unwrap());
    let url = format!("postgresql://{role}:x@{place}");
    let mut database = database;
    database.url = url;
    let server = TestServer::start_with(database, &ON).await;
    let mut alice = server.connect_in("alice", "general").await;
    alice.say("general", "lunch").await;
    let ack = alice.ask("messages:search", json!({"query": "lunch"})).await;
    assert_eq!(ack["code"], "no_search", "{ack}");
    let (code, _, error) =
        run(server.database.folder.path(), &["reindex", "--database-url", &server.database.url]).await;
    assert!(code == 1 && error.contains("may not write it"), "{error}");
    let (_, out, _) = run(
        server.database.folder.path(),
        &["check", "--jwt-secret", crate::support::server::SECRET, "--database-url", &server.database.url],
    )
    .await;
    assert!(out.contains("messages cannot be searched"), "{out}");
}
