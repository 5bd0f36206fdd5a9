//! Clients that have not signed in: whatever they do is bounded in bytes, time and number, and signed-in users do not notice.

use std::time::{Duration, Instant};

use futures_util::SinkExt;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    Backend, Client, Listener, TestDatabase,
    http::{self, Polling, Websocket},
    process::{self, ServerProcess},
    server::token,
    soon, until,
};

/// Memory that an attack may take, in bytes; a build without optimisation takes more than another.
const MEMORY: i64 = 60_000_000;

/// A server, and alice on it, who talks to herself while others attack.
struct Attacked {
    server: ServerProcess,
    alice: Client,
    /// Memory and open files before the attack.
    before: (i64, usize),
    _database: TestDatabase,
}

impl Attacked {
    async fn start(settings: &[(&str, &str)]) -> Self {
        let database = TestDatabase::create(Backend::Sqlite).await;
        let settings = process::settings(&database, settings).await;
        let server = ServerProcess::start(&database, &settings).await;
        let mut alice = Client::connect(server.address, &token("alice")).await.unwrap();
        let made = alice.ask("room:create", json!({"name": "general"})).await;
        assert_eq!(made["success"], true, "{made}");
        let room = made["room"]["id"].as_str().unwrap().to_owned();
        alice.ask("room:join", json!(room)).await;
        let mut attacked = Self { server, alice, before: (i64::MAX / 2, 0), _database: database };
        attacked.is_unharmed().await;
        attacked.before = (attacked.server.resident_bytes(), attacked.server.open_files());
        attacked
    }

    /// Alice is answered, and so is whoever asks for the server's health; and the server has not grown by much.
    async fn is_unharmed(&mut self) {
        let grown = self.server.resident_bytes() - self.before.0;
        assert!(grown < MEMORY, "{grown} bytes more");
        let begun = Instant::now();
        let listed = self.alice.ask("rooms:list", json!({})).await;
        let room = listed["rooms"][0]["id"].as_str().unwrap().to_owned();
        self.alice.say(&room, "hello").await;
        assert_eq!(http::get(self.server.address, "/healthz").await.status, 200);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}

impl Attacked {
    /// The attack is over: alice was there all the time, and the server has closed what strangers had opened.
    async fn recovers(mut self) {
        self.is_unharmed().await;
        until("all that strangers had opened is closed", async || {
            // Some connections of the database's may have been opened meanwhile.
            (self.server.open_files() <= self.before.1 + 8).then_some(())
        })
        .await;
    }
}

/// The server has closed the connection: whatever it still says is passed over.
async fn is_closed(stream: &mut TcpStream) {
    let mut sink = Vec::new();
    let _reset = soon("the end of the connection", stream.read_to_end(&mut sink)).await;
}

/// A text or control frame under a mask of zeros.
fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match u8::try_from(payload.len()) {
        Ok(length @ 0..=125) => frame.push(0x80 | length),
        _ => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

#[tokio::test(flavor = "multi_thread")]
async fn unread_pongs_take_no_memory() {
    let mut attacked = Attacked::start(&[]).await;
    let before = attacked.server.resident_bytes();
    let upgrade = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n\
        Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let sign_in = format!("40{}", json!({"token": token("mallory")}));
    let pings = masked(9, &[7; 125]).repeat(1_000);
    // A stranger, and somebody who has signed in.
    for first in [Vec::new(), masked(1, sign_in.as_bytes())] {
        let mut mallory = TcpStream::connect(attacked.server.address).await.unwrap();
        mallory.write_all(upgrade.as_bytes()).await.unwrap();
        mallory.write_all(&first).await.unwrap();
        if !first.is_empty() {
            let mut heard = Vec::new();
            while !String::from_utf8_lossy(&heard).contains("40{\"sid\"") {
                soon("the answer", mallory.read_buf(&mut heard)).await.unwrap();
            }
        }
        let begun = Instant::now();
        let mut sent = 0_u64;
        while begun.elapsed() < Duration::from_secs(3) {
            match tokio::time::timeout(Duration::from_millis(500), mallory.write(&pings)).await {
                Ok(Ok(written)) => sent += written as u64,
                // Nobody reads any more, or the connection has ended.
                Ok(Err(_)) | Err(_) => break,
            }
        }
        attacked.is_unharmed().await;
        let grown = attacked.server.resident_bytes() - before;
        assert!(grown < 30_000_000, "{grown} bytes more after {sent} bytes of pings");
    }
    attacked.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_and_half_sent_requests_are_closed_after_a_time() {
    let attacked = Attacked::start(&[("HEADER_TIMEOUT", "1000"), ("BODY_TIMEOUT", "1000")]).await;
    let address = attacked.server.address;
    let polling = Polling::open(address).await;
    let half_body = format!("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n42[", polling.path);
    let half_sign_in = "POST /demo/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    for half in ["", "GET / HTTP/1.1\r\nHost:", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", &half_body, half_sign_in]
    {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        is_closed(&mut stream).await;
    }
    attacked.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_drips_its_headers_is_closed_too() {
    let attacked = Attacked::start(&[("HEADER_TIMEOUT", "1000")]).await;
    let mut stream = TcpStream::connect(attacked.server.address).await.unwrap();
    let begun = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_millis(100));
    while stream.write_all(b"X").await.is_ok() {
        tick.tick().await;
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
    attacked.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_before_the_sign_in_take_little_memory_whatever_their_announced_length() {
    let mut attacked = Attacked::start(&[]).await;
    let address = attacked.server.address;
    let body = vec![b'4'; 900_000];
    let mut half = Vec::new();
    for _ in 0..200 {
        let polling = Polling::open(address).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 999000\r\n\r\n", polling.path);
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server answers before all of it has come, and reads no more.
        let _refused = tokio::time::timeout(Duration::from_millis(200), stream.write_all(&body)).await;
        half.push(stream);
    }
    attacked.is_unharmed().await;
    drop(half);
    attacked.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_above_the_limit_leave_signed_in_clients_and_health_checks_alone() {
    let mut attacked = Attacked::start(&[("MAX_CONNECTIONS", "50")]).await;
    let address = attacked.server.address;
    let mut bob = Listener::connect(address, &token("bob")).await;
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    assert!(attacked.server.open_files() < 50 + 64 + 60, "{}", attacked.server.open_files());
    for _ in 0..5 {
        attacked.is_unharmed().await;
    }
    // Others still come in: the oldest who have not signed in make room.
    let carol = Client::connect(address, &token("carol")).await;
    assert!(carol.is_ok());
    bob.send("420[\"room:leave\",\"nowhere\"]").await;
    while bob.hear().await.ack().is_none() {}
    drop((silent, carol, bob));
    attacked.recovers().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_have_not_signed_in_are_bounded_in_number_and_bytes() {
    let attacked = Attacked::start(&[("MAX_UNSIGNED", "20")]).await;
    let address = attacked.server.address;
    let oldest = Polling::open(address).await;
    let mut websocket = Websocket::open(address, "").await;
    assert!(websocket.next().await.unwrap().starts_with("0{"));
    for _ in 0..40 {
        Polling::open(address).await;
    }
    assert_eq!(websocket.next().await, None);
    assert_eq!(http::get(address, &oldest.path).await.status, 400);

    // More than signing in takes.
    let polling = Polling::open(address).await;
    let much = format!("40{}", json!({"token": "x".repeat(30_000)}));
    assert_eq!(polling.post(&much).await.status, 200);
    assert_eq!(polling.post(&much).await.status, 200);
    assert_eq!(polling.post(&much).await.status, 400);
    let large = format!("40{}", json!({"token": "x".repeat(70_000)}));
    assert_eq!(Polling::open(address).await.post(&large).await.status, 413);
    // Packets that are taken and ignored: two are not too much, a third is.
    let mut websocket = Websocket::open(address, "").await;
    assert!(websocket.next().await.unwrap().starts_with("0{"));
    let ignored = format!("3{}", "x".repeat(30_000));
    websocket.send(&ignored).await;
    websocket.send(&ignored).await;
    websocket.send("40{}").await;
    assert!(websocket.next().await.unwrap().starts_with("44{"));
    let _closing = websocket.stream().send(Message::text(ignored.as_str())).await;
    assert_eq!(websocket.next().await, None);
    drop(websocket);
    attacked.recovers().await;
}
