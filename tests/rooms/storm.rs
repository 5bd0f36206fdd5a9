//! A storm: ten thousand clients come back at once. All are back with the right history, the database hardly notices, and
//! who comes and who goes never drowns the messages.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Instant};

use chatoxide::chat::room::RoomType;
use serde_json::{Value, json};
use tokio::{
    sync::{Barrier, Semaphore, watch},
    task::JoinSet,
};

use crate::support::{
    Backend, Client, Listener, TestDatabase, TestServer, moment,
    process::{ServerProcess, settings},
};

const CLIENTS: usize = 10_000;
const ROOMS: usize = 20;
const SEEDED: usize = 60;
/// Messages that are sent while all is calm, and again in the storm.
const MESSAGES: i64 = 20;
/// Packets of news that a room may send in a second.
const PRESENCE_RATE: usize = 1_000;

/// The last entry of each room, once it is known.
type Ends = BTreeMap<String, i64>;

/// The steps that all clients take together.
struct Moments {
    /// They come in their own time: it is coming back that they do at once.
    coming: Semaphore,
    here: Barrier,
    cut: Barrier,
    back: Barrier,
}

/// Joins, is cut off, joins again at once, and then hears on until the end of its room. Returns the packets of news that it
/// has heard since it came back.
async fn come_and_come_back(
    address: SocketAddr,
    token: String,
    room: String,
    moments: Arc<Moments>,
    mut ends: watch::Receiver<Ends>,
) -> usize {
    let coming = moments.coming.acquire().await.unwrap();
    let (listener, _) = Listener::enter(address, &token, &room).await;
    drop(coming);
    moments.here.wait().await;
    moments.cut.wait().await;
    drop(listener);

    let (mut listener, history) = Listener::enter(address, &token, &room).await;
    let mut seq = history["seq"].as_i64().unwrap();
    ensure_right(&history, &room, seq);
    moments.back.wait().await;
    let mut news = 0;
    while ends.borrow().get(&room) != Some(&seq) {
        tokio::select! {
            changed = ends.changed() => changed.unwrap(),
            packet = listener.hear() => match packet.event() {
                Some("message:new") => {
                    seq += 1;
                    assert_eq!(packet.seq(), Some(seq), "a gap, or a double");
                }
                Some("room:user-joined" | "room:user-left") => news += 1,
                _ => {}
            },
        }
    }
    news
}

/// History holds the room's newest messages up to an entry, a page of them at least.
fn ensure_right(history: &Value, room: &str, seq: i64) {
    let messages = history["messages"].as_array().unwrap();
    assert!(messages.len() >= 50, "{} messages", messages.len());
    let said = (1..=seq).rev().map(|seq| format!("{room} {seq}"));
    let seeded = (0..SEEDED).rev().map(|n| format!("{room}-{n:02}"));
    for (message, expected) in messages.iter().zip(said.chain(seeded)) {
        assert_eq!(message["content"], expected);
    }
}

/// Says something in the first room, so often.
async fn talk(alice: &mut Client, from: i64) {
    for seq in from..from + MESSAGES {
        assert_eq!(alice.say("room0", &format!("room0 {seq}")).await["seq"], seq);
    }
}

async fn story(backend: Backend) {
    let server = TestServer::start_with(TestDatabase::create(backend).await, &[]).await;
    let rooms: Vec<String> = (0..ROOMS).map(|n| format!("room{n}")).collect();
    for room in &rooms {
        server.make_room(room, RoomType::Public, &["alice"]).await;
        let seeds: Vec<_> = (0..SEEDED).map(|n| (format!("{room}-{n:02}"), moment(n))).collect();
        server.database.seed_messages(room, "alice", &seeds).await;
    }
    let tokens: Vec<String> = (0..CLIENTS).map(|n| server.token(&format!("user{n}"))).collect();
    let alices = server.token("alice");
    let database = server.stop().await;
    let rate = PRESENCE_RATE.to_string();
    // Members are looked up again with time, not with joins: not within this test.
    let more =
        [("METRICS", "true"), ("PRESENCE_RATE", &rate), ("MEMBERSHIP_TTL", "600000"), ("SEARCH", "off")];
    let settings = settings(&database, &more).await;
    let server = ServerProcess::start(&database, &settings).await;

    let all = || Barrier::new(CLIENTS + 1);
    let moments = Arc::new(Moments { coming: Semaphore::new(200), here: all(), cut: all(), back: all() });
    let (end, ends) = watch::channel(Ends::new());
    let mut clients = JoinSet::new();
    for (n, token) in tokens.into_iter().enumerate() {
        let (room, moments) = (rooms[n % ROOMS].clone(), Arc::clone(&moments));
        clients.spawn(come_and_come_back(server.address, token, room, moments, ends.clone()));
    }
    moments.here.wait().await;
    let mut alice = Client::connect(server.address, &alices).await.unwrap();
    // All is calm: their marks are stored, and what some messages cost is known.
    alice.ask("room:read", "room0".into()).await;
    let before = server.metric("chatoxide_database_statements_total").await;
    talk(&mut alice, 1).await;
    let calm = server.metric("chatoxide_database_statements_total").await;

    moments.cut.wait().await;
    let begun = Instant::now();
    talk(&mut alice, 1 + MESSAGES).await;
    moments.back.wait().await;
    let after = server.metric("chatoxide_database_statements_total").await;
    let mut last = Ends::new();
    for room in &rooms {
        let seq = if room == "room0" { 2 * MESSAGES + 1 } else { 1 };
        let said =
            alice.ask("message:send", json!({"roomId": room, "content": format!("{room} {seq}")})).await;
        assert_eq!(said["message"]["seq"], seq);
        last.insert(room.clone(), seq);
    }
    end.send_replace(last);
    let news: usize = clients.join_all().await.into_iter().sum();

    let spent = (after - calm) - (calm - before);
    assert!(spent <= CLIENTS as f64 / 100.0, "{spent} statements for {CLIENTS} joins");
    let allowed = PRESENCE_RATE * ROOMS * (begun.elapsed().as_secs() as usize + 2);
    assert!(news <= allowed, "{news} packets of news, of {allowed} at the most");
    let unbounded = 2 * CLIENTS * CLIENTS / ROOMS;
    assert!(allowed < unbounded / 2, "so slow that this shows nothing: {:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_clients_reconnect_at_once_sqlite() {
    story(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_clients_reconnect_at_once_postgres() {
    story(Backend::Postgres).await;
}
