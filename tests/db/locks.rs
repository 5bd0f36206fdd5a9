//! Tables and rows that another session has locked: only events that need them wait, and abandoned statements are cancelled.

use std::{
    io::{BufRead, BufReader, Write},
    pin::pin,
    process::{Child, ChildStdin, Command, Stdio},
};

use chatoxide::{
    chat::room::RoomType,
    clock,
    db::{
        Db, rooms,
        rooms::{MadeBy, Room},
    },
};
use futures_util::poll;
use serde_json::json;
use tokio::sync::oneshot;

use crate::support::{Backend, Client, PATIENCE, TestDatabase, TestServer, database::connect, soon, until};

/// Sessions of the server that wait for a lock.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'chatoxide' AND wait_event_type = 'Lock'";

/// A server behind what it takes for PgBouncer: for its sessions no `statement_timeout` is set, so that what it gives up
/// goes on for as long as it does not cancel it. Alice is in a room, and her next message takes the quick way.
async fn start(more: &[&str]) -> (TestServer, Client) {
    let mut database =
        TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &[]).await.stop().await;
    let plain = database.url.clone();
    database.url = format!("{plain}?pgbouncer=true");
    let mut server = TestServer::start_with(database, more).await;
    server.database.url = plain;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    for content in ["first", "second"] {
        alice.say("general", content).await;
    }
    (server, alice)
}

async fn until_nobody_waits(server: &TestServer) {
    until("nobody waits for the lock", async || {
        (server.database.select(WAITING).await == ["0"]).then_some(())
    })
    .await;
}

async fn until_somebody_waits(server: &TestServer) {
    until("somebody waits for the lock", async || {
        (server.database.select(WAITING).await != ["0"]).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_need_no_locked_table_continue() {
    let (server, mut alice) = start(&["--database-pool", "4", "--database-timeout", "500"]).await;
    let migration = connect(&server.database.url).await;
    migration.batch_execute(r#"BEGIN; LOCK TABLE "Message" IN ACCESS EXCLUSIVE MODE"#).await.unwrap();
    for round in 0..4 {
        // A transaction, and a statement by itself.
        for (event, ask) in [
            ("messages:load", json!({"roomId": "general", "before": "2999-01-01"})),
            ("rooms:list", json!({})),
        ] {
            let answer = alice.ask(event, ask).await;
            assert_eq!(answer["code"], "unavailable", "{event}: {answer}");
        }
        // On each of the connections that are left, and on those that came in the place of others.
        let mut asked = Vec::new();
        for (event, ask) in [
            ("users:find", json!({"query": "bob"})),
            ("room:create", json!({"name": format!("room {round}")})),
            ("users:find", json!({"query": "alice"})),
        ] {
            asked.push((event, alice.begin(event, ask).await));
        }
        for (event, id) in asked {
            let answer = alice.answer(id).await;
            assert_eq!(answer["success"], true, "{event}: {answer}");
        }
    }
    // On the writer's own connection.
    let sent = alice.ask("message:send", json!({"roomId": "general", "content": "lost"})).await;
    assert_eq!(sent["code"], "unavailable", "{sent}");
    until_nobody_waits(&server).await;
    migration.batch_execute("ROLLBACK").await.unwrap();
    alice.say("general", "third").await;
    let stored = server.database.select(r#"SELECT "content" FROM "Message" ORDER BY "createdAt""#).await;
    assert_eq!(stored, ["first", "second", "third"]);
}

/// If the log of one room in a batch is locked, the other rooms are still written: on the fast path by the single
/// statement, on the slow path by the transaction.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_on_one_rooms_log_does_not_stop_the_other_rooms() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let server = TestServer::start_with(database, &["--database-timeout", "8000"]).await;
    let mut alice = server.connect("alice").await;
    let mut first = Vec::new();
    let rooms = ["free", "gate", "held"];
    for room in rooms {
        server.make_room(room, RoomType::Public, &["alice", "bob"]).await;
        first.push(alice.say(room, "first").await["id"].take());
    }
    for is_edit in [false, true] {
        let ask = |room: usize, content: &str| match is_edit {
            false => ("message:send", json!({"roomId": rooms[room], "content": content})),
            true => ("message:edit", json!({"messageId": first[room], "content": content})),
        };
        let lock = "SELECT FROM chatoxide.room_head WHERE room_id IN ('gate', 'held') FOR UPDATE";
        let other_node = server.database.hold(lock).await;
        // While this waits, the next gather in one batch.
        let gate = alice.begin("message:send", json!({"roomId": "gate", "content": "gate"})).await;
        server.database.waits_for_a_lock("chatoxide.room_head", 1).await;
        let mut asked = Vec::new();
        for (room, content) in [(2, "lost"), (0, "kept"), (2, "lost, too")] {
            let (event, ask) = ask(room, content);
            asked.push((room, alice.begin(event, ask).await));
        }
        let mut answers = vec![alice.answer(gate).await];
        let mut kept = Vec::new();
        for (room, id) in asked {
            let answer = alice.answer(id).await;
            if room == 0 { kept.push(answer) } else { answers.push(answer) }
        }
        assert!(answers.iter().all(|answer| answer["code"] == "unavailable"), "{answers:?}");
        assert!(kept.iter().all(|answer| answer["success"] == true), "{kept:?}");
        assert_eq!(
            alice.ask("message:send", json!({"roomId": "held", "content": "lost"})).await["code"],
            "unavailable"
        );
        alice.say("free", "still").await;
        other_node.release().await;
        for room in rooms {
            alice.say(room, "after").await;
        }
    }
    let stored = r#"SELECT "roomId" || ' ' || "content" FROM "Message" ORDER BY "roomId", "createdAt""#;
    let expected = [
        "free kept",
        "free kept",
        "free still",
        "free after",
        "free still",
        "free after",
        "gate first",
        "gate after",
        "gate after",
        "held first",
        "held after",
        "held after",
    ];
    assert_eq!(server.database.select(stored).await, expected);
}

/// For a head the writer waits two seconds here.
#[tokio::test(flavor = "multi_thread")]
async fn the_lock_timeout_of_a_table_is_longer_than_that_of_a_head() {
    let database = TestDatabase::create(Backend::Postgres).await;
    let server = TestServer::start_with(database, &["--database-timeout", "8000"]).await;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    let first = alice.say("general", "first").await["id"].take();
    let lock = r#"LOCK TABLE "Message" IN SHARE MODE"#;

    let migration = server.database.hold(lock).await;
    let sent = alice.begin("message:send", json!({"roomId": "general", "content": "second"})).await;
    // The quick statement has given up, and the careful transaction waits.
    server.database.waits_for_a_lock("WITH written AS", 1).await;
    migration.release().await;
    assert_eq!(alice.answer(sent).await["success"], true);

    let migration = server.database.hold(lock).await;
    let edited = alice.begin("message:edit", json!({"messageId": first, "content": "changed"})).await;
    let waits = format!("{WAITING} AND now() - query_start > interval '2500 milliseconds'");
    until("it is waited for", async || (server.database.select(&waits).await == ["1"]).then_some(())).await;
    migration.release().await;
    assert_eq!(alice.answer(edited).await["success"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_in_a_public_room_waits_for_no_list_of_members() {
    let (server, mut alice) = start(&["--database-timeout", "500"]).await;
    server.make_room("open", RoomType::Public, &["alice", "bob"]).await;
    server.make_room("closed", RoomType::Private, &["alice", "bob"]).await;
    let members = server.database.hold(r#"LOCK TABLE "_RoomMembers" IN ACCESS EXCLUSIVE MODE"#).await;
    alice.say("open", "to all").await;
    let sent = alice.ask("message:send", json!({"roomId": "closed", "content": "lost"})).await;
    assert_eq!(sent["code"], "unavailable", "{sent}");
    members.release().await;
    alice.say("closed", "to bob").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_transaction_is_cancelled_and_rolled_back_at_once() {
    let (server, _alice) = start(&["--database-timeout", "60000"]).await;
    let migration = connect(&server.database.url).await;
    migration.batch_execute(r#"BEGIN; LOCK TABLE "_RoomMembers" IN ACCESS EXCLUSIVE MODE"#).await.unwrap();
    let db = server.db.clone();
    let work = tokio::spawn(async move {
        let room = Room::new(&"half".into(), "half", RoomType::Public, clock::now());
        rooms::insert_with_members(&db, room, vec!["alice".into()], MadeBy::Nobody).await
    });
    until_somebody_waits(&server).await;
    work.abort();
    until_nobody_waits(&server).await;
    // The row that the transaction had written would keep this waiting.
    let operator = connect(&server.database.url).await;
    let insert = r#"INSERT INTO "Room" ("id", "name", "type") VALUES ('half', 'whole', 'public')"#;
    soon("the row is written", operator.batch_execute(insert)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_abandoned_while_it_is_prepared_is_cancelled() {
    let (server, mut alice) = start(&["--database-pool", "2", "--database-timeout", "500"]).await;
    let operator = connect(&server.database.url).await;
    let end = r"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chatoxide'
        AND datname = current_database()";
    operator.batch_execute(end).await.unwrap();
    operator.batch_execute(r#"BEGIN; LOCK TABLE "Message" IN ACCESS EXCLUSIVE MODE"#).await.unwrap();
    // The first may find that its connection is gone, the next prepares its statement on a new one.
    for _ in 0..2 {
        let sent = alice.ask("message:send", json!({"roomId": "general", "content": "lost"})).await;
        assert_eq!(sent["code"], "unavailable", "{sent}");
    }
    until_nobody_waits(&server).await;
    operator.batch_execute("ROLLBACK").await.unwrap();
    alice.say("general", "third").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql_ends_a_statement_with_its_request_and_a_shorter_limit_stays() {
    for (parameters, expected) in [("", "1234ms"), ("?options=-c%20statement_timeout%3D777", "777ms")] {
        let mut database = TestDatabase::create(Backend::Postgres).await;
        let plain = database.url.clone();
        database.url = format!("{plain}{parameters}");
        let mut server = TestServer::start_with(database, &["--database-timeout", "1234"]).await;
        server.database.url = plain;
        // On the pool's connections, and on the writer's own.
        let probe = "CREATE TABLE seen AS SELECT current_setting('statement_timeout') AS value WHERE false;
            CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                INSERT INTO public.seen VALUES (current_setting('statement_timeout')); RETURN NEW; END $$;
            CREATE TRIGGER see BEFORE INSERT ON chatoxide.room_log FOR EACH ROW EXECUTE FUNCTION see()";
        server.database.execute(probe).await;
        server.make_room("general", RoomType::Public, &["alice"]).await;
        let mut alice = server.connect_in("alice", "general").await;
        for content in ["carefully", "quickly"] {
            alice.say("general", content).await;
        }
        assert_eq!(server.database.select("SELECT value FROM seen").await, [expected; 2]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_timed_out_is_not_retried_on_the_slow_path() {
    let mut database = TestDatabase::create(Backend::Postgres).await;
    let plain = database.url.clone();
    database.url = format!("{plain}?options=-c%20statement_timeout%3D200");
    let mut server = TestServer::start_with(database, &[]).await;
    server.database.url = plain;
    server.make_room("general", RoomType::Public, &["alice"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    for content in ["first", "second"] {
        alice.say("general", content).await;
    }
    assert_eq!(alice.ask("room:read", "general".into()).await["success"], true);
    let migration = connect(&server.database.url).await;
    migration.batch_execute(r#"BEGIN; LOCK TABLE "Message" IN ACCESS EXCLUSIVE MODE"#).await.unwrap();
    let before = server.db.statements().get();
    let sent = alice.ask("message:send", json!({"roomId": "general", "content": "lost"})).await;
    assert_eq!(sent["code"], "unavailable", "{sent}");
    assert_eq!(server.db.statements().get() - before, 1);
}

/// Another program that holds SQLite's write lock until it is dropped.
pub(super) struct Writing {
    program: Child,
    input: ChildStdin,
}

impl Writing {
    pub(super) fn begin(database: &TestDatabase) -> Self {
        let path = database.url.strip_prefix("sqlite://").unwrap();
        let mut program = Command::new("sqlite3")
            .args(["-cmd", ".timeout 5000", path])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = program.stdin.take().unwrap();
        writeln!(input, "BEGIN IMMEDIATE; SELECT 'locked';").unwrap();
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "locked\n");
        Self { program, input }
    }

    pub(super) fn end(mut self) {
        drop(self.input);
        assert!(self.program.wait().unwrap().success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_continue_during_another_programs_write_to_sqlite_and_refused_changes_stay_unwritten() {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let server = TestServer::start_with(database, &["--database-timeout", "1000"]).await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let mut alice = server.connect_in("alice", "general").await;
    assert_eq!(alice.ask("room:read", "general".into()).await["success"], true);
    let other = Writing::begin(&server.database);
    let sent = alice.ask("message:send", json!({"roomId": "general", "content": "lost"})).await;
    assert_eq!(sent["code"], "unavailable", "{sent}");
    let page = alice.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
    assert_eq!(page["success"], true, "{page}");
    other.end();
    alice.say("general", "kept").await;
    assert_eq!(server.database.select(r#"SELECT "content" FROM "Message""#).await, ["kept"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_connection_is_not_reused_until_its_abandoned_work_has_ended() {
    let server = TestServer::start(Backend::Sqlite).await;
    let Db::Lite { writer, .. } = server.db.clone() else { panic!("not SQLite") };
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let ended = move || ended.recv_timeout(PATIENCE);
    let (begin, begun) = oneshot::channel();
    let pool = writer.clone();
    let given_up = tokio::spawn(async move {
        let mut lease = pool.get().await.unwrap();
        let work = lease.spawn_blocking(move |_| {
            begin.send(()).unwrap();
            ended().unwrap();
            Ok(())
        });
        work.await.unwrap();
    });
    soon("the work begins", begun).await.unwrap();
    given_up.abort();
    assert!(soon("the caller goes on", given_up).await.unwrap_err().is_cancelled());
    let mut next = pin!(writer.get());
    assert!(poll!(&mut next).is_pending(), "the connection is still busy");
    end.send(()).unwrap();
    soon("the connection is free", next).await.unwrap();
}
