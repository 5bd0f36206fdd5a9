//! Tests changes that another program writes while this server is stopped, and changes that only look like it.

use std::sync::Arc;

use chatoxide::{
    chat::room::RoomType,
    clock,
    db::room_log::{Append, Appender},
};
use serde_json::{Value, json};

use super::{
    foreign::{contents, history, say, sync},
    log::message,
};
use crate::support::{Backend, Client, TestDatabase, TestServer};

/// A server of another day on the same database, and a client of it.
async fn restart(server: TestServer) -> (TestServer, Client) {
    let server = TestServer::start_with(server.stop().await, &[]).await;
    let client = server.connect("alice").await;
    (server, client)
}

/// Makes a change by SQL while no server runs. The next server that loads the room must notice it, by `entries` entries
/// and only once; the log is not complete before them.
async fn is_noticed(server: TestServer, since: i64, change: &str, entries: i64) -> (TestServer, Client) {
    let database = server.stop().await;
    database.execute(change).await;
    let server = TestServer::start_with(database, &[]).await;
    let (mut server, mut alice) = restart(server).await;
    for _ in 0..2 {
        let shown = history(&mut alice).await;
        assert_eq!(shown["seq"], since + entries, "{change}: {shown}");
        assert_eq!(sync(&mut alice, since).await["complete"], entries == 0, "{change}");
        assert_eq!(sync(&mut alice, since + entries).await["complete"], true, "{change}");
        (server, alice) = restart(server).await;
    }
    (server, alice)
}

fn id(message: &Value) -> &str {
    message["id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_that_were_changed_while_this_server_was_stopped_are_noticed() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = TestServer::start_with(TestDatabase::create(backend).await, &[]).await;
        let (mut alice, mut bob) = server.meet().await;
        let (one, two) = (say(&mut alice, "one").await, say(&mut alice, "two").await);
        let react = |emoji: &str| json!({"messageId": one["id"], "emoji": emoji});
        alice.ask("reaction:add", react("a")).await;
        for emoji in ["a", "b"] {
            bob.ask("reaction:add", react(emoji)).await;
        }
        bob.ask("reaction:remove", react("b")).await;
        alice.ask("message:edit", json!({"messageId": one["id"], "content": "One"})).await;
        // Two messages, three reactions that came, one that went, an edit.
        let (server, _) = is_noticed(server, 7, "SELECT 1", 0).await;

        let insert = |key: &str, message: &Value, user: &str, emoji: &str| {
            format!(r#"INSERT INTO "Reaction" VALUES ('{key}', '{}', '{user}', '{emoji}')"#, id(message))
        };
        let delete = |emoji: &str, user: &str| {
            format!(r#"DELETE FROM "Reaction" WHERE "emoji" = '{emoji}' AND "userId" = '{user}'"#)
        };
        let (server, _) = is_noticed(server, 7, &delete("a", "bob"), 1).await;
        let (server, _) = is_noticed(server, 8, &insert("r1", &two, "bob", "n"), 1).await;
        // Others', too, and one for another.
        let (server, mut alice) =
            is_noticed(server, 9, &format!("{}; {}", delete("n", "bob"), insert("r2", &two, "bob", "m")), 1)
                .await;
        // A message of another program's with reactions of another program's.
        alice.ask("reaction:add", json!({"messageId": two["id"], "emoji": "own"})).await;
        let (server, _) = is_noticed(server, 11, "SELECT 1", 0).await;
        let message = format!(
            r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
                VALUES ('n', 'general', 'bob', 'by Node', '2999-01-01 00:00:00'); {}"#,
            insert("r3", &json!({"id": "n"}), "alice", "x")
        );
        let (server, mut alice) = is_noticed(server, 11, &message, 1).await;
        let shown = history(&mut alice).await;
        assert_eq!(contents(&shown), ["by Node", "two", "One"]);
        assert_eq!(shown["messages"][0]["reactions"], json!([{"emoji": "x", "userId": "alice"}]));
        alice.ask("reaction:remove", json!({"messageId": "n", "emoji": "x"})).await;
        is_noticed(server, 13, "SELECT 1", 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaction_on_an_old_message_is_noticed_when_it_is_not_as_the_log_has_it() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = TestServer::start_with(TestDatabase::create(backend).await, &[]).await;
        server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        super::foreign::insert(&server, "old", "2020-01-01 00:00:00").await;
        server.database.execute(r#"INSERT INTO "Reaction" VALUES ('r', 'old', 'bob', 'x')"#).await;
        let mut alice = server.connect_in("alice", "general").await;
        for emoji in ["a", "b"] {
            alice.ask("reaction:add", json!({"messageId": "old", "emoji": emoji})).await;
        }
        alice.ask("reaction:remove", json!({"messageId": "old", "emoji": "b"})).await;
        // Data from before this server does not count as a change.
        let (server, _) = is_noticed(server, 3, "SELECT 1", 0).await;
        let (server, _) = is_noticed(server, 3, r#"DELETE FROM "Reaction" WHERE "emoji" = 'a'"#, 1).await;
        is_noticed(server, 4, r#"INSERT INTO "Reaction" VALUES ('s', 'old', 'alice', 'b')"#, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_right_after_the_last_entry_is_noticed_while_this_server_was_stopped() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let server = TestServer::start_with(TestDatabase::create(backend).await, &[]).await;
        let (mut alice, _bob) = server.meet().await;
        let (one, two) = (say(&mut alice, "one").await, say(&mut alice, "two").await);
        alice.ask("message:edit", json!({"messageId": two["id"], "content": "Two"})).await;
        let update = |message: &Value, what: &str| {
            format!(r#"UPDATE "Message" SET {what} WHERE "id" = '{}'"#, id(message))
        };
        let created = one["createdAt"].as_str().unwrap().replace('T', " ").replace('Z', "");
        let at_once = format!(r#""content" = 'ONE', "updatedAt" = '{created}'"#);
        let (server, _) = is_noticed(server, 3, &update(&one, &at_once), 1).await;
        // An edit of an edit, at the same millisecond, and what no clock tells of.
        let (server, _) = is_noticed(server, 4, &update(&two, r#""content" = 'TWO'"#), 1).await;
        let (_server, mut alice) = is_noticed(server, 5, &update(&one, r#""content" = 'OnE'"#), 1).await;
        assert_eq!(contents(&history(&mut alice).await), ["TWO", "OnE"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_without_a_new_time_is_noticed_in_a_room_that_nobody_was_in() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let database = TestDatabase::create(backend).await;
        let server = TestServer::start_with(database, &["--live-room-idle", "0"]).await;
        let (mut alice, mut bob) = server.meet().await;
        let message = say(&mut alice, "one").await;
        for client in [&mut alice, &mut bob] {
            client.ask("room:leave", "general".into()).await;
        }
        let change = format!(r#"UPDATE "Message" SET "content" = 'ONE' WHERE "id" = '{}'"#, id(&message));
        server.database.execute(&change).await;
        // A client that asks without joining is not sent an empty, complete answer.
        assert_eq!(sync(&mut alice, 1).await["complete"], false);
        let shown = history(&mut alice).await;
        assert_eq!((contents(&shown), &shown["seq"]), (vec!["ONE"], &json!(2)));
    }
}

/// Changes that a team's own tables make to messages do not count as another program's.
async fn is_not_noticed(backend: Backend, tables: &str) {
    let database = TestServer::start_with(TestDatabase::create(backend).await, &[]).await.stop().await;
    database.execute(tables).await;
    let server = TestServer::start_with(database, &[]).await;
    let (mut alice, mut bob) = server.meet().await;
    for content in ["one", "two", "three"] {
        let ask = json!({"roomId": "general", "content": content, "clientId": content});
        let message = alice.ask("message:send", ask.clone()).await["message"].take();
        let again = alice.ask("message:send", ask).await["message"].take();
        assert_eq!(again["id"], message["id"], "{tables}");
        bob.ask("reaction:add", json!({"messageId": message["id"], "emoji": "x"})).await;
        alice.ask("message:edit", json!({"messageId": message["id"], "content": "edited"})).await;
    }
    say(&mut alice, "four").await;
    is_noticed(server, 10, "SELECT 1", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_triggers_and_columns_are_no_foreign_change() {
    let function = |when: &str, body: &str| {
        format!(
            r#"CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;
            CREATE TRIGGER stamp {when} ON "Message" FOR EACH ROW EXECUTE FUNCTION stamp()"#
        )
    };
    let stamp = r#"IF TG_OP = 'UPDATE' THEN NEW."updatedAt" = clock_timestamp() + interval '3 s'; END IF;
        NEW."content" = NEW."content" || '!'; RETURN NEW;"#;
    let later = r#"IF pg_trigger_depth() = 1 THEN
        UPDATE "Message" SET "updatedAt" = CASE TG_OP WHEN 'UPDATE' THEN timestamp '2030-01-01' END,
            "content" = "content" || '!' WHERE "id" = NEW."id"; END IF; RETURN NULL;"#;
    let column = |kind: &str| format!(r#"ALTER TABLE "Message" ALTER COLUMN "updatedAt" TYPE {kind}"#);
    for tables in [
        function("BEFORE INSERT OR UPDATE", stamp),
        function("AFTER INSERT OR UPDATE", later),
        column("TIMESTAMP(0)"),
        column("TIMESTAMP(6)"),
        column("TIMESTAMPTZ"),
    ] {
        is_not_noticed(Backend::Postgres, &tables).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_triggers_are_no_foreign_change_on_sqlite() {
    let stamp = r#"CREATE TRIGGER stamp AFTER INSERT ON "Message" BEGIN
            UPDATE "Message" SET "content" = "content" || '!' WHERE "id" = NEW."id"; END;
        CREATE TRIGGER edited AFTER UPDATE OF "content" ON "Message" WHEN NEW."content" = 'edited' BEGIN
            UPDATE "Message" SET "content" = 'edited!', "updatedAt" = '2030-01-01 00:00:00' WHERE "id" = NEW."id"; END"#;
    is_not_noticed(Backend::Sqlite, stamp).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_default_that_stamps_a_new_message_is_no_foreign_change() {
    let server = TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &[]).await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    server.database.execute(r#"ALTER TABLE "Message" ALTER COLUMN "updatedAt" SET DEFAULT now()"#).await;
    let (server, _) = restart(server).await;
    let mut appender = Appender::default();
    for content in ["carefully", "quickly"] {
        let batch: Arc<[Append]> = Arc::new([message(content)]);
        appender.append(&server.db, batch, clock::now()).await.unwrap();
    }
    let (server, mut alice) = restart(server).await;
    history(&mut alice).await;
    let head = server.database.own("SELECT seq || ' ' || complete_from FROM own.room_head");
    assert_eq!(server.database.select(&head).await, ["2 0"]);
}
