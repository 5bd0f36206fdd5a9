//! Tests that the database cost of an event does not grow with the contents of a room. It counts rows and pages read,
//! not time.

use chatoxide::{
    chat::{id::RoomId, room::RoomType},
    db::{Db, room_list, room_log, rooms, unread},
};
use serde_json::json;

use crate::support::{
    Backend, Client, TestDatabase, TestServer, on_both,
    process::{ServerProcess, settings},
    server, until,
};

const FEW: usize = 2_000;
const MANY: usize = 100_000;

/// A room of alice's with so many messages, a second apart, each with its entry in the log, and a few marks and reactions.
async fn furnish(backend: Backend, count: usize) -> TestDatabase {
    let server = TestServer::start_with(TestDatabase::create(backend).await, &[]).await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    let database = server.stop().await;
    let (series, at) = match backend {
        Backend::Postgres => (
            format!("generate_series(1, {count}) AS series (n)"),
            "timestamp '2020-01-01' + n * interval '1 second'",
        ),
        Backend::Sqlite => (
            format!(
                "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)"
            ),
            "strftime('%Y-%m-%d %H:%M:%f', 1577836800 + n, 'unixepoch')",
        ),
    };
    let fill = format!(
        r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
               SELECT 'm-' || n, 'general', 'alice', 'message ' || n, {at} FROM {series};
           INSERT INTO "Reaction" ("id", "messageId", "userId", "emoji")
               SELECT 'r-' || n, 'm-' || n, 'alice', 'x' FROM {series};
           INSERT INTO own.room_log (room_id, seq, kind, message_id, actor_id, at)
               SELECT 'general', n, 'new', 'm-' || n, 'alice', {at} FROM {series};
           INSERT INTO own.room_head (room_id, seq, at) SELECT 'general', {count}, max(at) FROM own.room_log;
           ANALYZE;"#
    );
    database.execute(&database.own(&fill)).await;
    database
}

/// One of everything that a client may ask, of a room that is not live before. Bob has read nothing of it.
async fn ask_everything(alice: &mut Client, bob: &mut Client, count: usize) {
    for caller in [&mut *alice, &mut *bob] {
        let listed = caller.ask("rooms:list", json!({})).await;
        assert!(listed["rooms"][0]["lastMessageAt"].is_string(), "{listed}");
    }
    alice.emit("room:join", "general".into()).await;
    let history = alice.hear("room:history").await;
    assert_eq!((history["messages"].as_array().unwrap().len(), &history["seq"]), (50, &json!(count)));
    for depth in [10, count / 2, count - 60] {
        let before = moment(count - depth);
        let page = alice.ask("messages:load", json!({"roomId": "general", "before": before})).await;
        assert_eq!(page["messages"].as_array().map(Vec::len), Some(50), "{before}");
    }
    let sent = alice.say("general", "one more").await;
    let id = &sent["id"];
    for (event, ask) in [
        ("message:edit", json!({"messageId": id, "content": "changed"})),
        ("reaction:add", json!({"messageId": id, "roomId": "general", "emoji": "y"})),
        ("reaction:remove", json!({"messageId": id, "roomId": "general", "emoji": "y"})),
        ("message:delete", json!({"messageId": id, "roomId": "general"})),
        ("room:read", json!({"roomId": "general", "seq": count / 2})),
        ("unread:list", json!({})),
        ("message:readers", json!({"messageId": "m-10"})),
        ("room:mark-unread", json!({"roomId": "general", "messageId": format!("m-{}", count / 2)})),
        ("unread:list", json!({})),
        ("room:read", json!("general")),
        ("messages:sync", json!({"roomId": "general", "since": count - 20})),
        ("messages:sync", json!({"roomId": "general", "since": count / 2})),
        ("room:leave", json!("general")),
    ] {
        let answer = alice.ask(event, ask).await;
        assert_eq!(answer["success"], true, "{event}: {answer}");
    }
}

/// When the `n`th message was sent, as its page is asked for.
fn moment(n: usize) -> String {
    let at = chrono::DateTime::from_timestamp(1_577_836_800 + n as i64, 0).unwrap();
    at.format("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

/// The reads of a server on a database with `count` messages when every request is made once: bytes, and rows of
/// PostgreSQL.
async fn cost(backend: Backend, count: usize) -> (i64, i64) {
    let database = furnish(backend, count).await;
    let rows = rows_read(&database).await;
    // For larger pages PostgreSQL would choose, by a hair, to read a table of this size at once: cheaper, but no measure.
    let settings =
        settings(&database, &[("LOG_RETENTION", "0"), ("MAX_PAGE_SIZE", "100"), ("SEARCH", "off")]).await;
    let server = ServerProcess::start(&database, &settings).await;
    let bytes = server.bytes_read();
    let mut alice = Client::connect(server.address, &server::token("alice")).await.unwrap();
    let mut bob = Client::connect(server.address, &server::token("bob")).await.unwrap();
    ask_everything(&mut alice, &mut bob, count).await;
    let bytes = server.bytes_read() - bytes;
    server.kill().await;
    (bytes, rows_read(&database).await - rows)
}

/// Rows that PostgreSQL has read from tables and indexes, for connections that have ended: all but ours.
async fn rows_read(database: &TestDatabase) -> i64 {
    if database.backend == Backend::Sqlite {
        return 0;
    }
    let others = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    until("other connections end", async || (database.select(others).await == ["0"]).then_some(())).await;
    let rows = "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)
                     + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)";
    database.select(rows).await[0].parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_read_do_not_grow_with_a_room_postgres() {
    let ((_, few), (_, many)) = (cost(Backend::Postgres, FEW).await, cost(Backend::Postgres, MANY).await);
    assert!(few > 100, "{few} rows: nothing was counted");
    assert!(many * 10 <= few * 12, "{many} rows among {MANY} messages, {few} among {FEW}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_read_do_not_grow_with_a_room_sqlite() {
    let ((few, _), (many, _)) = (cost(Backend::Sqlite, FEW).await, cost(Backend::Sqlite, MANY).await);
    assert!(few > 0, "nothing was counted");
    // All of a small file is soon in memory; of a large one each question reads the pages on its way down the trees.
    assert!(many - few < (MANY * 10) as i64, "{many} bytes among {MANY} messages, {few} among {FEW}");
}

/// A database of its own pool, beside the server's.
fn open(database: &TestDatabase) -> Db {
    Db::open(&server::config(&database.url, database.folder.path(), &[])).unwrap()
}

/// Inserts this many users, `user-000001` and so on, who are all members of the room `all`.
fn crowd(backend: Backend, count: usize) -> String {
    let (id, series) = match backend {
        Backend::Postgres => ("lpad(n::text, 6, '0')", format!("generate_series(1, {count}) AS s (n)")),
        Backend::Sqlite => (
            "printf('%06d', n)",
            format!(
                "(WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s)"
            ),
        ),
    };
    format!(
        r#"INSERT INTO "User" ("id", "name", "email")
               SELECT 'user-' || {id}, 'User ' || n, n || '@users.invalid' FROM {series};
           INSERT INTO "Room" ("id", "name", "type") VALUES ('all', 'All', 'public');
           INSERT INTO "_RoomMembers" SELECT 'all', "id" FROM "User";"#
    )
}

on_both! {
    async fn members_are_read_in_parts_of_a_bounded_number(server: TestServer) {
        let at_once = rooms::MEMBERS_AT_ONCE;
        server.database.execute(&crowd(server.database.backend, 2 * at_once + 1)).await;
        let db = open(&server.database);
        for (count, expected) in [(2 * at_once + 1, 3), (2 * at_once, 3), (at_once - 1, 1), (1, 1), (0, 1)] {
            let keep = format!(r#"DELETE FROM "_RoomMembers" WHERE "B" > 'user-{count:06}'"#);
            server.database.execute(&keep).await;
            let before = db.statements().get();
            let members = rooms::list_members(&db, &"all".into()).await.unwrap();
            assert_eq!(db.statements().get() - before, expected, "{count}");
            let ids: Vec<&str> = members.iter().map(|member| member.id.as_str()).collect();
            assert_eq!(ids, (1..=count).map(|n| format!("user-{n:06}")).collect::<Vec<_>>());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_read_for_the_partners_of_direct_rooms_do_not_grow_with_the_users_postgres() {
    const DIRECT: usize = 200;
    let database = TestDatabase::create(Backend::Postgres).await;
    let database = TestServer::start_with(database, &[]).await.stop().await;
    database.execute(&crowd(Backend::Postgres, 20_000)).await;
    let direct = format!(
        r#"INSERT INTO "Room" ("id", "name", "type") SELECT 'dm-' || n, '', 'direct' FROM generate_series(1, {DIRECT}) AS s (n);
           INSERT INTO "_RoomMembers" SELECT "id", 'user-000001' FROM "Room" WHERE "type" = 'direct';
           INSERT INTO "_RoomMembers" SELECT 'dm-' || n, 'user-' || lpad((n + 1)::text, 6, '0')
               FROM generate_series(1, {DIRECT}) AS s (n);
           ANALYZE"#
    );
    database.execute(&direct).await;
    let before = rows_read(&database).await;
    let db = open(&database);
    let ids: Vec<RoomId> = (1..=DIRECT).map(|n| RoomId::from(format!("dm-{n}"))).collect();
    let partners = room_list::list_partners(&db, &"user-000001".into(), &ids).await.unwrap();
    for (n, id) in (1..).zip(&ids) {
        assert_eq!(partners[id].id.as_str(), format!("user-{:06}", n + 1));
    }
    drop(db);
    let rows = rows_read(&database).await - before;
    assert!((DIRECT as i64..DIRECT as i64 * 10).contains(&rows), "{rows} rows");
}

on_both! {
    async fn a_room_without_messages_reads_no_reactions(server: TestServer) {
        server.make_room("general", RoomType::Public, &["alice"]).await;
        // Not the server's: that looks after its log meanwhile.
        let db = open(&server.database);
        let statements = async || {
            let before = db.statements().get();
            let tail = room_log::load_tail(&db, &"general".into(), 50).await.unwrap();
            (tail.messages, db.statements().get() - before)
        };
        let (messages, of_none) = statements().await;
        assert!(messages.is_empty());
        server
            .database
            .execute(
                r#"INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
                       VALUES ('m-1', 'general', 'alice', 'hello', '2026-01-01 00:00:00');
                   INSERT INTO "Reaction" ("id", "messageId", "userId", "emoji") VALUES ('r-1', 'm-1', 'alice', 'x')"#,
            )
            .await;
        let (messages, of_one) = statements().await;
        assert_eq!(messages[0].reactions.len(), 1);
        // On PostgreSQL all is one statement.
        let more = u64::from(server.database.backend == Backend::Sqlite);
        assert_eq!(of_one, of_none + more);
    }
}

on_both! {
    async fn the_unread_counts_of_all_rooms_take_one_statement(server: TestServer) {
        for n in 0..20 {
            server.make_room(&format!("room-{n}"), RoomType::Private, &["alice", "bob"]).await;
        }
        let db = open(&server.database);
        let before = db.statements().get();
        assert_eq!(unread::list_of_user(&db, &"alice".into(), 500).await.unwrap().len(), 20);
        let pairs: Vec<_> = (0..20)
            .flat_map(|n| ["alice", "bob"].map(|user| (RoomId::from(format!("room-{n}")), user.into())))
            .collect();
        assert_eq!(unread::list(&db, &pairs, false).await.unwrap().len(), 40);
        assert_eq!(db.statements().get() - before, 2);
    }
}
