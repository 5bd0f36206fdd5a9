//! Tests the queue of changes that wait for their commit on PostgreSQL: its limit, changes whose sender has stopped
//! waiting, and that nothing is acked or broadcast before the commit.

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};

use crate::support::{Backend, Client, TestDatabase, TestServer, database, until};

/// Alice and bob in `general`, where the next messages take a single statement each, as in `other`.
async fn start(settings: &[&str]) -> (TestServer, Client, Client) {
    let database = TestDatabase::create(Backend::Postgres).await;
    let server = TestServer::start_with(database, &[&["--metrics", "true"], settings].concat()).await;
    server.make_room("other", RoomType::Public, &["alice"]).await;
    server.make_room("third", RoomType::Public, &["bob"]).await;
    let (mut alice, mut bob) = server.meet().await;
    for room in ["general", "other"] {
        alice.say(room, "first").await;
    }
    alice.heard().await;
    bob.heard().await;
    (server, alice, bob)
}

fn message(room: &str, content: &str) -> Value {
    json!({"roomId": room, "content": content})
}

/// A statement that locks the head of a room.
/// A lock for which messages of a room wait: they refer to its row.
fn row_of(room: &str) -> String {
    format!(r#"SELECT 1 FROM "Room" WHERE "id" = '{room}' FOR UPDATE"#)
}

async fn stored(server: &TestServer, room: &str) -> Vec<String> {
    let contents =
        format!(r#"SELECT "content" FROM "Message" WHERE "roomId" = '{room}' ORDER BY "createdAt", "id""#);
    server.database.select(&contents).await
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_beyond_the_queue_are_refused_at_once() {
    let (server, mut alice, _bob) = start(&["--write-queue", "4", "--database-timeout", "20000"]).await;
    let hold = server.database.hold(&row_of("general")).await;
    let mut asked = vec![alice.begin("message:send", message("general", "under way")).await];
    server.database.waits_for_a_lock("room_head", 1).await;
    for n in 0..4 {
        asked.push(alice.begin("message:send", message("general", &n.to_string())).await);
    }
    server.queues(4).await;
    let refused = alice.ask("message:send", message("general", "too many")).await;
    assert_eq!((&refused["success"], &refused["code"]), (&json!(false), &json!("busy")));
    hold.release().await;
    for id in asked {
        assert_eq!(alice.answer(id).await["success"], true);
    }
    assert_eq!(stored(&server, "general").await, ["first", "under way", "0", "1", "2", "3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_refused_fails_alone_among_those_that_share_its_commit() {
    let (server, mut alice, _bob) = start(&["--database-timeout", "20000"]).await;
    // A rule of the team's own.
    server.database.execute(r#"ALTER TABLE "Message" ADD CHECK ("content" <> 'bad')"#).await;
    let hold = server.database.hold(&row_of("other")).await;
    let under_way = alice.begin("message:send", message("other", "second")).await;
    server.database.waits_for_a_lock("room_head", 1).await;
    let mut asked = Vec::new();
    for content in ["good", "bad", "better"] {
        asked.push(alice.begin("message:send", message("general", content)).await);
    }
    server.queues(3).await;
    hold.release().await;
    assert_eq!(alice.answer(under_way).await["success"], true);
    let mut answers = Vec::new();
    for id in asked {
        answers.push(alice.answer(id).await["success"] == true);
    }
    assert_eq!(answers, [true, false, true]);
    assert_eq!(stored(&server, "general").await, ["first", "good", "better"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_reported_as_failed_while_it_waited_is_not_stored_later() {
    let (server, mut alice, mut bob) = start(&["--database-timeout", "3000"]).await;
    let other = server.database.hold(&row_of("other")).await;
    let general = server.database.hold(&row_of("general")).await;
    alice.begin("message:send", message("other", "under way")).await;
    server.database.waits_for_a_lock("room_head", 1).await;
    // Both wait for the next turn, which begins when the database has not answered the one before it in time. Alice's is written
    // first, and stays at its lock until bob is told that his has failed.
    let first = alice.begin("message:send", message("general", "first of its turn")).await;
    server.queues(1).await;
    let second = bob.begin("message:send", message("third", "failed")).await;
    server.queues(2).await;
    let refused = bob.answer(second).await;
    assert_eq!((&refused["success"], &refused["code"]), (&json!(false), &json!("unavailable")));
    general.release().await;
    alice.answer(first).await;
    other.release().await;
    until("a message is stored", async || {
        (bob.ask("message:send", message("third", "after")).await["success"] == true).then_some(())
    })
    .await;
    assert_eq!(stored(&server, "third").await, ["after"]);
}

/// A message of one content is refused, and one of another waits for this lock.
const REFUSE_OR_WAIT: &str = r#"
    CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW."content" = 'bad' THEN RAISE 'bad'; END IF;
        IF NEW."content" = 'slow' THEN PERFORM pg_advisory_xact_lock(7); END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER look BEFORE INSERT ON "Message" FOR EACH ROW EXECUTE FUNCTION look()"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_change_reported_as_failed_is_not_stored_when_a_refused_batch_is_split() {
    let (server, mut alice, mut bob) = start(&["--database-timeout", "3000"]).await;
    bob.say("third", "first").await;
    server.database.execute(REFUSE_OR_WAIT).await;
    let head = server.database.hold(&row_of("other")).await;
    let slow = server.database.hold("SELECT pg_advisory_xact_lock(7)").await;
    alice.begin("message:send", message("other", "under way")).await;
    server.database.waits_for_a_lock("room_head", 1).await;
    // These share the next commit, which begins when the database has not answered the one before it in time.
    alice.begin("message:send", message("general", "bad")).await;
    let waits = alice.begin("message:send", message("general", "slow")).await;
    let last = bob.begin("message:send", message("third", "failed")).await;
    server.queues(3).await;
    let refused = bob.answer(last).await;
    assert_eq!((&refused["success"], &refused["code"]), (&json!(false), &json!("unavailable")));
    slow.release().await;
    alice.answer(waits).await;
    head.release().await;
    until("a message is stored", async || {
        (bob.ask("message:send", message("third", "after")).await["success"] == true).then_some(())
    })
    .await;
    assert_eq!(stored(&server, "third").await, ["first", "after"]);
}

/// A commit that changes a message waits for this lock, at its very end.
const WAIT_AT_COMMIT: &str = r#"
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER wait AFTER INSERT OR UPDATE ON "Message" DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait()"#;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_acked_or_broadcast_before_the_commit_and_a_lost_one_has_failed() {
    // On the writer's own connection, and on the only one that there is.
    for connections in ["10", "1"] {
        let settings = ["--database-timeout", "20000", "--database-pool", connections];
        let (server, mut alice, mut bob) = start(&settings).await;
        let id = server
            .database
            .select(r#"SELECT "id" FROM "Message" WHERE "roomId" = 'general'"#)
            .await
            .remove(0);
        server.database.execute(WAIT_AT_COMMIT).await;
        let operator = database::connect(&server.database.url).await;
        // One takes a statement alone where it can, the other a transaction of several.
        for (event, ask) in [
            ("message:send", message("general", "second")),
            ("message:edit", json!({"messageId": id, "content": "edited"})),
        ] {
            let hold = server.database.hold("SELECT pg_advisory_xact_lock(7)").await;
            let asked = alice.begin(event, ask).await;
            server.database.waits_for_a_lock("", 1).await;
            assert_eq!(bob.heard().await, [], "told before the commit");
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
            operator.batch_execute(end).await.unwrap();
            let refused = alice.answer(asked).await;
            assert_eq!(
                (&refused["success"], &refused["code"]),
                (&json!(false), &json!("unavailable")),
                "{event} with {connections} connections"
            );
            hold.release().await;
        }
        assert_eq!(bob.heard().await, []);
        assert_eq!(stored(&server, "general").await, ["first"]);
    }
}
