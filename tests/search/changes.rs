//! The index follows what users and other programs change.

use serde_json::json;

use super::{ON, contents, found, indexed, search, searching};
use crate::support::{Backend, TestDatabase, TestServer, on_both, until};

on_both! {
    async fn edits_and_deletions_are_followed(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, mut bob) = server.meet().await;
        let sent = alice.say("general", "lunch at noon").await;
        assert_eq!(found(&server, &mut bob, "noon").await, ["lunch at noon"]);
        alice.ask("message:edit", json!({"messageId": sent["id"], "content": "dinner at eight"})).await;
        assert_eq!(found(&server, &mut bob, "noon").await, Vec::<String>::new());
        assert_eq!(found(&server, &mut bob, "eight").await, ["dinner at eight"]);
        alice.ask("message:delete", json!({"messageId": sent["id"]})).await;
        assert_eq!(found(&server, &mut bob, "eight").await, Vec::<String>::new());
        let rows = server.database.select(&server.database.own("SELECT count(*) FROM own.search_message")).await;
        assert_eq!(rows, ["0"]);
    }
}

on_both! {
    async fn a_message_that_is_gone_or_changed_is_never_found_by_a_stale_index(server: TestServer) {
        let server = searching(server).await;
        let (mut alice, _bob) = server.meet().await;
        let ids = [alice.say("general", "old lunch").await, alice.say("general", "gone lunch").await, alice.say("general", "lunch").await];
        indexed(&server.database).await;
        // Another program's changes, of which the log knows nothing.
        let [one, two, _] = ids.map(|sent| sent["id"].as_str().unwrap().to_owned());
        server.database.execute(&format!(r#"UPDATE "Message" SET "content" = 'new dinner' WHERE "id" = '{one}'"#)).await;
        server.database.execute(&format!(r#"DELETE FROM "Message" WHERE "id" = '{two}'"#)).await;
        let page = search(&mut alice, "lunch").await;
        assert_eq!(contents(&page), ["lunch"]);
        assert_eq!(page["isComplete"], true);
    }
}

async fn changes_of_other_programs_are_found(server: TestServer, is_watched: bool) {
    let (mut alice, mut bob) = server.meet().await;
    let ids =
        [alice.say("general", "edited elsewhere").await, alice.say("general", "deleted elsewhere").await];
    indexed(&server.database).await;
    let [edited, deleted] = ids.map(|sent| sent["id"].as_str().unwrap().to_owned());
    let now = chatoxide::clock::now().naive().format("%F %T%.3f");
    for statement in [
        format!(
            r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
            VALUES ('m-of-node', 'general', 'bob', 'inserted elsewhere', '{now}')"#
        ),
        format!(
            r#"UPDATE "Message" SET "content" = 'changed elsewhere', "updatedAt" = '{now}' WHERE "id" = '{edited}'"#
        ),
        format!(r#"DELETE FROM "Message" WHERE "id" = '{deleted}'"#),
    ] {
        server.database.execute(&statement).await;
    }
    if !is_watched {
        // They are found when somebody enters the room.
        bob.ask("room:join", "general".into()).await;
    }
    until("the index has followed", async || {
        let found = contents(&search(&mut alice, "elsewhere").await);
        (found == ["inserted elsewhere", "changed elsewhere"]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_other_programs_are_found_when_rooms_are_compared_on_sqlite() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--membership-ttl", "0", "--search", "on"]).await;
    changes_of_other_programs_are_found(server, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_other_programs_are_found_when_rooms_are_compared_on_postgres() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let server = TestServer::start_with(database, &["--membership-ttl", "0", "--search", "on"]).await;
    changes_of_other_programs_are_found(server, false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_other_programs_are_found_in_a_watched_database() {
    changes_of_other_programs_are_found(crate::rooms::watched::start_with(&ON).await, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_load_and_an_emptied_table_are_followed_in_a_watched_database() {
    let server = crate::rooms::watched::start_with(&ON).await;
    let (mut alice, _bob) = server.meet().await;
    alice.say("general", "before").await;
    let load = r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
        SELECT 'bulk' || n, 'general', 'bob', 'bulk word' || n, TIMESTAMP '2026-01-01' + n * INTERVAL '1 second'
        FROM generate_series(1, 20005) AS n"#;
    server.database.execute(load).await;
    // More changes than are logged one by one: the newest message is indexed first.
    until("the load is being indexed", async || {
        (contents(&search(&mut alice, "word20005").await) == ["bulk word20005"]).then_some(())
    })
    .await;
    server.database.execute(r#"TRUNCATE "Message" CASCADE"#).await;
    let rows = "SELECT count(*) FROM chatoxide.search_message";
    until("the index is empty", async || (server.database.select(rows).await == ["0"]).then_some(())).await;
}
