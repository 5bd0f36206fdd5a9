//! Tests changes that another program makes in a watched database and that cannot be logged, or told, at their commit.

use chatoxide::chat::room::RoomType;
use serde_json::json;

use super::{
    foreign::{ALWAYS, contents, history, say, sync},
    watched::{LISTENERS, OFF, edit, head, heard_until_next, insert, start, watch},
};
use crate::support::{
    Backend, TestDatabase, TestServer,
    database::{connect, execute},
    required, until,
};

/// Another program's transaction never fails and never waits for long because of the triggers.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_cannot_be_logged_at_its_commit_is_logged_after_it() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    let one = say(&mut alice, "one").await;
    bob.heard().await;
    let hold = server.database.hold("SELECT FROM chatoxide.room_head FOR UPDATE").await;
    server.database.execute(&edit(&one["id"], "ONE")).await;
    hold.release().await;
    assert_eq!(bob.hear("message:updated").await["content"], "ONE");
    // Reads may make a serializable transaction fail, so nothing is read for it.
    let change = format!("BEGIN ISOLATION LEVEL SERIALIZABLE; {}; COMMIT", insert("n", "general"));
    server.database.execute(&change).await;
    assert_eq!(bob.hear("message:new").await["content"], "by Node: n");
    // A snapshot from before the last entry.
    let begin = format!("COMMIT; BEGIN ISOLATION LEVEL REPEATABLE READ; {}", edit(&one["id"], "One"));
    let hold = server.database.hold(&begin).await;
    say(&mut alice, "two").await;
    hold.release().await;
    assert_eq!(bob.hear("message:updated").await["content"], "One");
    assert_eq!(heard_until_next(&mut alice, &mut bob, 5).await, [""; 0]);
    assert_eq!(server.database.select("SELECT count(*) FROM chatoxide.watch_change").await, ["0"]);
}

/// A comparison does not take for new what is about to be logged.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_left_is_logged_once_though_the_room_is_compared_first() {
    let server = start().await;
    let (mut alice, _bob) = server.meet().await;
    let one = say(&mut alice, "one").await;
    let database = server.stop().await;
    let hold = database.hold("SELECT FROM chatoxide.room_head FOR UPDATE").await;
    database.execute(&edit(&one["id"], "ONE")).await;
    hold.release().await;
    // It waits for its turn to log what was left.
    let turn = database.hold("SELECT pg_advisory_xact_lock(7163540179)").await;
    let server = TestServer::start_with(database, &ALWAYS).await;
    server.database.waits_for_a_lock("watch_take_left", 1).await;
    let mut bob = server.connect("bob").await;
    for _ in 0..2 {
        let shown = history(&mut bob).await;
        assert_eq!((contents(&shown), &shown["seq"]), (vec!["ONE"], &json!(1)));
    }
    turn.release().await;
    assert_eq!(bob.hear("message:updated").await["seq"], 2);
    assert_eq!(head(&server).await, "2 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_emptied_is_noticed() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    let one = say(&mut alice, "one").await;
    alice.ask("reaction:add", json!({"messageId": one["id"], "emoji": "x"})).await;
    bob.heard().await;
    server.database.execute(r#"TRUNCATE "Reaction""#).await;
    let told = bob.hear("reaction:removed").await;
    assert_eq!((&told["emoji"], &told["seq"]), (&json!("x"), &json!(4)));
    assert_eq!(sync(&mut bob, 2).await["complete"], false);
    assert_eq!(sync(&mut bob, 4).await["complete"], true);
    let server = TestServer::start_with(server.stop().await, &ALWAYS).await;
    let mut bob = server.connect("bob").await;
    assert_eq!(history(&mut bob).await["seq"], 4);
}

/// A commit does not take long, however much is committed: the rooms are compared with the database instead.
#[tokio::test(flavor = "multi_thread")]
async fn more_changes_of_one_transaction_than_are_logged_are_found_by_comparison() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    let one = say(&mut alice, "one").await;
    bob.heard().await;
    let many = r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
        SELECT 'n' || n, 'general', 'bob', n, '2026-01-01' FROM generate_series(1, 20000) AS n"#;
    server.database.execute(&format!("{many}; {}", edit(&one["id"], "ONE"))).await;
    // The newest messages are compared, oldest first.
    let told = bob.hear("message:updated").await;
    assert_eq!(told["content"], "ONE");
    assert_eq!(server.database.select("SELECT count(*) FROM chatoxide.watch_change").await, ["0"]);
    assert_eq!(sync(&mut bob, 1).await["complete"], false);
    assert_eq!(sync(&mut bob, told["seq"].as_i64().unwrap()).await["complete"], true);
}

/// A column of the team's own may hold JSON that PostgreSQL stores and does not take apart.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_makes_no_transaction_fail_and_is_found_by_comparison() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    let one = say(&mut alice, "one").await;
    alice.ask("reaction:add", json!({"messageId": one["id"], "emoji": "x"})).await;
    bob.heard().await;
    for table in ["Message", "Reaction", "User", "Room"] {
        server.database.execute(&format!(r#"ALTER TABLE "{table}" ADD "note" JSON"#)).await;
        let odd = format!(r#"UPDATE "{table}" SET "note" = '{{"a": "\u0000"}}'"#);
        server.database.execute(&odd).await;
    }
    server.database.execute(&edit(&one["id"], "ONE")).await;
    assert_eq!(bob.hear("message:updated").await["content"], "ONE");
    server.database.execute(r#"DELETE FROM "Reaction""#).await;
    let told = bob.hear("reaction:removed").await;
    assert_eq!(sync(&mut bob, 2).await["complete"], false);
    assert_eq!(sync(&mut bob, told["seq"].as_i64().unwrap()).await["complete"], true);
    assert_eq!(server.database.select("SELECT count(*) FROM chatoxide.watch_change").await, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_made_while_the_connection_was_gone_are_told_once_it_is_back() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    say(&mut alice, "one").await;
    bob.heard().await;
    let name = server.database.url.rsplit_once('/').unwrap().1;
    // Its connection lasts; new ones are refused.
    let client = connect(&server.database.url).await;
    let allow = async |allowed: bool| {
        let alter = format!("ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}");
        execute(&required("TEST_POSTGRES_URL"), &alter).await;
    };
    allow(false).await;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chatoxide watch' \
               AND datname = current_database()";
    client.batch_execute(end).await.unwrap();
    until("the listener is gone", async || {
        let row = client.query_one(LISTENERS, &[]).await.unwrap();
        (row.get::<_, i64>(0) == 0).then_some(())
    })
    .await;
    client.batch_execute(&insert("n", "general")).await.unwrap();
    allow(true).await;
    assert_eq!(bob.hear("message:new").await["content"], "by Node: n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_notices_when_its_database_is_watched_and_when_no_longer() {
    let server = TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &OFF).await;
    let (mut alice, mut bob) = server.meet().await;
    say(&mut alice, "one").await;
    bob.heard().await;
    assert_eq!(server.database.select(LISTENERS).await, ["0"]);
    watch(&server).await;
    server.database.execute(&insert("n", "general")).await;
    assert_eq!(bob.hear("message:new").await["seq"], 2);
    chatoxide::db::watch::remove(&server.db).await.unwrap();
    until("the listener is gone", async || (server.database.select(LISTENERS).await == ["0"]).then_some(()))
        .await;
    server.database.execute(&insert("m", "general")).await;
    assert_eq!(say(&mut alice, "two").await["seq"], 3);
}

/// The server locks a head before a message, another program a message before a head. Neither waits for the other for
/// long.
#[tokio::test(flavor = "multi_thread")]
async fn programs_and_users_who_edit_the_same_messages_do_not_keep_each_other_from_it() {
    let server = start().await;
    let (mut alice, mut bob) = server.meet().await;
    let mut ids = Vec::new();
    for room in ["general", "other"] {
        server.make_room(room, RoomType::Public, &["alice", "bob"]).await;
        for n in 0..3 {
            ids.push(alice.say(room, &n.to_string()).await["id"].take());
        }
    }
    let program = connect(&server.database.url).await;
    let edits = async {
        for n in 0..30 {
            let change = |room: &str| {
                format!(
                    r#"UPDATE "Message" SET "content" = 'Node {n}', "updatedAt" = now() WHERE "roomId" = '{room}'"#
                )
            };
            let transaction = format!("BEGIN; {}; {}; COMMIT", change("other"), change("general"));
            program.batch_execute(&transaction).await.unwrap();
        }
    };
    let own_edits = async {
        for n in 0..90 {
            let edit = json!({"messageId": ids[n % ids.len()], "content": format!("alice {n}")});
            let answer = alice.ask("message:edit", edit).await;
            assert_eq!(answer["success"], true, "{n}: {answer}");
        }
    };
    let reactions = async {
        for n in 0..90 {
            let reaction = json!({"messageId": ids[n % ids.len()], "emoji": format!("e{n}")});
            assert_eq!(bob.ask("reaction:add", reaction).await["success"], true);
        }
    };
    tokio::join!(edits, own_edits, reactions);
    until("all is logged", async || {
        let left = server.database.select("SELECT count(*) FROM chatoxide.watch_change").await;
        (left == ["0"]).then_some(())
    })
    .await;
    // A server that compares the rooms with their logs finds no difference.
    let heads = "SELECT room_id || ' ' || seq || ' ' || complete_from FROM chatoxide.room_head ORDER BY 1";
    let server = TestServer::start_with(server.stop().await, &ALWAYS).await;
    let before = server.database.select(heads).await;
    let mut bob = server.connect_in("bob", "general").await;
    bob.ask("room:join", "other".into()).await;
    assert_eq!(server.database.select(heads).await, before);
}
