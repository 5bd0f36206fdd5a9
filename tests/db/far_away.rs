//! A database that is far away: statements take as many round trips for many rooms, users and marks as for one, so that
//! nothing is refused when all clients reconnect after a restart.

use std::{sync::Arc, time::Duration};

use chatoxide::{
    chat::{room::RoomType, timestamp::Timestamp},
    clock,
    db::{
        Db, facts,
        read_markers::{self, ReadMark},
        room_log::{self, Append, Appender, Change, ClientId, Heads},
        rooms::{self, MadeBy, Room},
        users::{self, NewUser},
    },
};
use futures_util::future::join_all;
use serde_json::json;

use super::append::{append, delete, edit, new, react, unreact};
use crate::support::{
    Backend, Client, TestDatabase, TestServer, database::connect, http, proxy::Proxy, server, until,
};

/// The delay in each direction.
const DELAY: Duration = Duration::from_millis(10);
/// The most round trips of one append: begin and lock, read, write, commit.
const APPEND: u64 = 4;
/// The round trips of a statement that is prepared first.
const STATEMENT: u64 = 2;
const ROOMS: usize = 400;
const USERS: usize = 8;

/// Rooms `room-0` and so on, with all of `user-0` and so on in each, and three messages. `has_log`: these have entries.
async fn furnish(has_log: bool) -> TestDatabase {
    let server = TestServer::start_with(TestDatabase::create(Backend::Postgres).await, &[]).await;
    let database = server.stop().await;
    let rooms = format!("generate_series(0, {ROOMS} - 1) AS room (n)");
    let users = format!("generate_series(0, {USERS} - 1) AS member (u)");
    let messages = format!("{rooms}, generate_series(1, 3) AS message (k)");
    let at = "timestamp '2026-01-01' + k * interval '1 second'";
    database
        .execute(&format!(
            r#"INSERT INTO "User" ("id", "name", "email") SELECT 'user-' || u, 'user-' || u, u || '@x' FROM {users};
               INSERT INTO "Room" ("id", "name", "type") SELECT 'room-' || n, 'room', 'private' FROM {rooms};
               INSERT INTO "_RoomMembers" ("A", "B") SELECT 'room-' || n, 'user-' || u FROM {rooms}, {users};
               INSERT INTO "Message" ("id", "roomId", "senderId", "content", "createdAt")
                   SELECT 'm-' || n || '-' || k, 'room-' || n, 'user-0', 'hello', {at} FROM {messages};
               INSERT INTO chatoxide.room_log (room_id, seq, kind, message_id, actor_id, at)
                   SELECT 'room-' || n, k, 'new', 'm-' || n || '-' || k, 'user-0', {at} FROM {messages} WHERE {has_log};
               INSERT INTO chatoxide.room_head (room_id, seq, at)
                   SELECT room_id, max(seq), max(at) FROM chatoxide.room_log GROUP BY room_id"#
        ))
        .await;
    database
}

/// The database by way of a proxy, and a handle on it.
pub(super) struct Far {
    database: TestDatabase,
    proxy: Proxy,
    pub(super) db: Db,
    now: Timestamp,
}

impl Far {
    pub(super) async fn open(has_log: bool, more: &[&str]) -> Self {
        let database = furnish(has_log).await;
        let proxy = Proxy::start(&database.url, DELAY).await;
        // The tests' machine may be slow: what counts is the number of round trips.
        let more = [&["--database-timeout", "60000"], more].concat();
        let config = server::config(&proxy.url(&database.url), database.folder.path(), &more);
        let (db, now) = (Db::open(&config).unwrap(), clock::now());
        // Checks that run now and then must not run while round trips are counted.
        facts::check(&db, now).await.unwrap();
        Self { database, proxy, db, now }
    }

    /// The round trips that something takes.
    pub(super) async fn count<T>(&self, work: impl Future<Output = T>) -> (T, u64) {
        let before = self.proxy.round_trips();
        let value = work.await;
        (value, self.proxy.round_trips() - before)
    }

    /// The round trips of one append.
    async fn append(&self, appender: &mut Appender, mut batch: Vec<Append>) -> u64 {
        batch.sort_by(|one, other| one.room_id.cmp(&other.room_id));
        let (outcomes, count) = self.count(appender.append(&self.db, batch.into(), self.now)).await;
        outcomes.unwrap();
        count
    }
}

fn room(n: usize) -> String {
    format!("room-{n}")
}

fn news(rooms: std::ops::Range<usize>) -> Vec<Append> {
    rooms.map(|n| append(&room(n), "user-0", new("hello"))).collect()
}

/// One of each change in each of these rooms.
fn changes(rooms: std::ops::Range<usize>) -> Vec<Append> {
    let in_room = |n: usize| {
        let id = |k: usize| format!("m-{n}-{k}");
        let changes = [
            new("more"),
            edit(&id(1), "changed"),
            react(&id(1), "+"),
            unreact(&id(1), "+"),
            react(&id(2), "+"),
            delete(&id(3)),
        ];
        changes.map(|change| append(&room(n), "user-0", change))
    };
    rooms.flat_map(in_room).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_takes_as_many_round_trips_for_many_rooms_as_for_one() {
    for has_log in [true, false] {
        let far = Far::open(has_log, &[]).await;
        let mut appender = Appender::default();
        // The connection is made.
        far.append(&mut appender, news(0..1)).await;
        for rooms in [1..2, 2..4, 4..204] {
            let count = far.append(&mut appender, news(rooms.clone())).await;
            assert!(count <= APPEND, "{count} round trips for new messages in {rooms:?}");
            let count = far.append(&mut appender, news(rooms.clone())).await;
            assert_eq!(count, 1, "for more of them in {rooms:?}");
            let count = far.append(&mut appender, changes(rooms.clone())).await;
            assert!(count <= APPEND, "{count} round trips for changes in {rooms:?}");
        }
        let stored = r#"SELECT count(*) FROM "Message" WHERE "content" IN ('hello', 'more')"#;
        let expected = ROOMS * 3 + 1 + 203 * 3 - 203 * 2;
        assert_eq!(far.database.select(stored).await, [expected.to_string()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_takes_no_more_round_trips_on_a_single_connection() {
    let far = Far::open(true, &["--database-pool", "1"]).await;
    let mut appender = Appender::default();
    // Each statement is prepared.
    far.append(&mut appender, changes(0..1)).await;
    for rooms in [1..2, 4..204] {
        let count = far.append(&mut appender, changes(rooms.clone())).await;
        // The beginning has one of its own there.
        assert!(count <= APPEND + 1, "{count} round trips for changes in {rooms:?}");
    }
}

/// Some clients send the same client id with all messages, as a name of their tab.
#[tokio::test(flavor = "multi_thread")]
async fn messages_under_a_client_id_that_is_known_to_be_reused_take_one_round_trip() {
    let far = Far::open(true, &[]).await;
    let (mut appender, mut counts) = (Appender::default(), Vec::new());
    for content in ["one", "two", "three", "four"] {
        let Change::New(mut message) = new(content) else { unreachable!() };
        message.client_id = Some(ClientId { text: "tab".to_owned(), refuses_others: false });
        let batch = vec![append(&room(0), "user-0", Change::New(message))];
        counts.push(far.append(&mut appender, batch).await);
    }
    // The second message is the first to find the client id in use.
    assert!(counts[1] > 1, "{counts:?}");
    assert_eq!(counts[2..], [1, 1], "{counts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_in_a_loaded_room_takes_one_round_trip() {
    let far = Far::open(true, &[]).await;
    let heads = Arc::<Heads>::default();
    let mut appender = Appender::new(Arc::clone(&heads));
    far.append(&mut appender, news(0..1)).await;
    let at = "2026-01-01T00:00:03".parse::<chrono::NaiveDateTime>().unwrap();
    (1..201).for_each(|n| heads.note(&room(n).as_str().into(), 3, at.into()));
    assert_eq!(far.append(&mut appender, news(1..201)).await, 1);
    let seqs = "SELECT DISTINCT seq FROM chatoxide.room_head ORDER BY seq";
    assert_eq!(far.database.select(seqs).await, ["3", "4"]);
    // Noting an older head changes nothing, and a wrong head costs a second round trip.
    heads.note(&room(1).as_str().into(), 3, at.into());
    assert_eq!(far.append(&mut appender, news(1..2)).await, 1);
    heads.note(&room(300).as_str().into(), 2, at.into());
    assert!(far.append(&mut appender, news(300..301)).await > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_for_many_rows_take_no_more_round_trips() {
    let far = Far::open(true, &[]).await;
    let connected = users::count(&far.db).await.unwrap();
    assert_eq!(connected, USERS as i64);

    let newcomers = (0..1_000)
        .map(|n| NewUser::new(&format!("new-{n}").as_str().into(), None, Some("one@y"), None, clock::now()));
    let (refused, count) = far.count(users::insert_absent(&far.db, newcomers.collect())).await;
    assert_eq!((refused.unwrap().len(), count), (0, STATEMENT), "a thousand newcomers");

    let at = "2026-01-01T00:00:02".parse::<chrono::NaiveDateTime>().unwrap().into();
    let mark = |n| ReadMark { room_id: room(n).as_str().into(), user_id: "user-1".into(), at, seq: None };
    let (advanced, count) = far.count(read_markers::advance(&far.db, (0..ROOMS).map(mark).collect())).await;
    advanced.unwrap();
    assert_eq!(count, STATEMENT, "marks that name no entry");
    let seqs = far.database.select("SELECT seq, count(*) FROM chatoxide.read_marker GROUP BY seq").await;
    assert_eq!(seqs, ["2"]);

    let members = |count: usize| (0..count).map(|n| format!("new-{n}").as_str().into()).collect();
    let make = async |id: &str, count: usize| {
        let room = Room::new(&id.into(), "room", RoomType::Private, clock::now());
        far.count(rooms::insert_with_members(&far.db, room, members(count), MadeBy::Nobody)).await.1
    };
    make("first", 1).await;
    assert_eq!(make("crowd", 100).await, make("pair", 2).await, "members of a room");

    let (forgotten, count) = far.count(room_log::forget_before(&far.db, clock::now())).await;
    assert_eq!(forgotten.unwrap(), ROOMS * 3);
    // Rooms are looked at a hundred at a time, and a thousand entries deleted at a time.
    assert!(count <= 12 * STATEMENT, "{count} round trips to forget the logs of {ROOMS} rooms");
}

/// A server by way of a proxy, and everybody signed in to it.
pub(super) async fn start(has_log: bool, more: &[&str]) -> (TestServer, Proxy, Vec<Client>, String) {
    let mut database = furnish(has_log).await;
    let plain = database.url.clone();
    let proxy = Proxy::start(&plain, DELAY).await;
    database.url = proxy.url(&plain);
    // Longer than the default, as the tests' machine may be slow; sends that share no round trips take far longer.
    let settings = ["--database-timeout", "15000", "--metrics", "true"];
    let server = TestServer::start_with(database, &[&settings, more].concat()).await;
    let mut clients = Vec::new();
    for n in 0..USERS {
        clients.push(Client::connect(server.address(), &server::token(&format!("user-{n}"))).await.unwrap());
    }
    (server, proxy, clients, plain)
}

/// One message into each room; how many are refused, and with which codes.
async fn send_everywhere(clients: &mut [Client]) -> Vec<String> {
    let mut asked = Vec::new();
    for n in 0..ROOMS {
        let client = n % USERS;
        let ask = json!({"roomId": room(n), "content": "after the restart"});
        asked.push((client, clients[client].begin("message:send", ask).await));
    }
    let mut refused = Vec::new();
    for (client, id) in asked {
        let answer = clients[client].answer(id).await;
        if answer["success"] != true {
            refused.push(answer["code"].to_string());
        }
    }
    refused
}

#[tokio::test(flavor = "multi_thread")]
async fn right_after_a_restart_messages_into_many_rooms_are_all_stored() {
    for has_log in [true, false] {
        let (server, _proxy, mut clients, plain) = start(has_log, &[]).await;
        assert_eq!(send_everywhere(&mut clients).await, Vec::<String>::new());
        drop(clients);
        let mut database = server.stop().await;
        database.url = plain;
        let stored =
            r#"SELECT count(DISTINCT "roomId") FROM "Message" WHERE "content" = 'after the restart'"#;
        assert_eq!(database.select(stored).await, [ROOMS.to_string()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_message_in_a_room_that_went_live_is_one_statement() {
    let (mut server, _proxy, mut clients, plain) = start(true, &[]).await;
    let alice = &mut clients[0];
    // The writer has its connection.
    alice.say("room-1", "first").await;
    let joined = alice.ask("room:join", "room-0".into()).await;
    assert_eq!(joined["success"], true, "{joined}");
    // Its ack comes when the read marks of joining are stored.
    alice.ask("room:read", "room-0".into()).await;
    let before = server.db.statements().get();
    alice.say("room-0", "hello").await;
    assert_eq!(server.db.statements().get() - before, 1);
    server.database.url = plain;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_users_who_connect_at_once_all_sign_in() {
    let (mut server, _proxy, _clients, plain) = start(true, &[]).await;
    let address = server.address();
    let come = |n: usize| async move {
        let mut client = Client::connect(address, &server::token(&format!("newcomer-{n}"))).await?;
        // A user whose existence could not be ensured at sign-in is refused here.
        let answer = client.ask("users:find", json!({"query": format!("newcomer-{n}")})).await;
        if answer["success"] == true { Ok(client) } else { Err(answer.to_string()) }
    };
    let came = join_all((0..1_000).map(come)).await;
    let refused: Vec<&String> = came.iter().filter_map(|came| came.as_ref().err()).collect();
    assert!(refused.is_empty(), "{} refused: {:?}", refused.len(), refused.first());
    server.database.url = plain;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_database_refuses_costs_a_large_batch_a_few_round_trips() {
    const SENT: usize = 200;
    let (mut server, proxy, mut clients, plain) = start(true, &[]).await;
    server.database.url = plain;
    server.database.execute(r#"ALTER TABLE "Message" ADD CHECK ("content" <> 'bad')"#).await;
    let alice = &mut clients[0];
    alice.say("room-0", "first").await;
    // While the writer waits for this lock, the others gather.
    let other = connect(&server.database.url).await;
    other.batch_execute(r#"BEGIN; SELECT 1 FROM "Room" WHERE "id" = 'room-0' FOR UPDATE"#).await.unwrap();
    let blocked = alice.begin("message:send", json!({"roomId": "room-0", "content": "second"})).await;
    let waiting = "SELECT count(*) FROM pg_stat_activity
                   WHERE datname = current_database() AND wait_event_type = 'Lock'";
    until("the writer waits", async || (server.database.select(waiting).await == ["1"]).then_some(())).await;
    let mut asked = Vec::new();
    for n in 0..SENT {
        let content = if n == 77 { "bad".to_owned() } else { n.to_string() };
        asked.push(alice.begin("message:send", json!({"roomId": "room-0", "content": content})).await);
    }
    until("all others wait behind it", async || {
        let metrics = http::get(server.address(), "/metrics").await.body;
        metrics.contains(&format!("chatoxide_write_queue {SENT}\n")).then_some(())
    })
    .await;
    let before = proxy.round_trips();
    other.batch_execute("ROLLBACK").await.unwrap();
    let alice = &mut clients[0];
    assert_eq!(alice.answer(blocked).await["success"], true);
    let mut stored = Vec::new();
    for (n, id) in asked.into_iter().enumerate() {
        if alice.answer(id).await["success"] == true {
            stored.push(n.to_string());
        }
    }
    let count = proxy.round_trips() - before;
    let expected: Vec<String> = (0..SENT).filter(|n| *n != 77).map(|n| n.to_string()).collect();
    assert_eq!(stored, expected);
    assert!(count < SENT as u64 / 2, "{count} round trips");
    let log = r#"SELECT message."content" FROM chatoxide.room_log JOIN "Message" AS message ON message."id" = message_id
                 WHERE room_id = 'room-0' AND seq > 5 ORDER BY seq"#;
    assert_eq!(server.database.select(log).await, expected, "in their order");
}
