//! The Socket.IO library alone, as chatoxide sets it up: no sign-in, no database, no membership. Its cost is
//! the library's share of chatoxide's; the rest is chatoxide's own.

use std::{
    io::{self, Write},
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
    time::SystemTime,
};

use axum::serve::ListenerExt;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::Parser;
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};
use socketioxide::{
    SocketIo,
    extract::{AckSender, SocketRef, TryData},
    handler::ConnectHandler,
};
use tokio::net::TcpSocket;

const BACKLOG: u32 = 4_096;
const SEND_BUFFER: usize = 16_384;
const MAX_PAYLOAD: usize = 1_000_000;

/// Socket.IO alone: a floor to compare chatoxide with. Prints `listening <port>`.
#[derive(Parser)]
#[command(name = "bare")]
struct Options {
    /// Where to listen, host:port; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    address: SocketAddr,

    /// Threads that serve [default: one for each CPU, as chatoxide]
    #[arg(long)]
    workers: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ask {
    room_id: String,
    content: String,
    #[serde(rename = "type")]
    kind: Option<String>,
    metadata: Option<Box<RawValue>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    id: String,
    room_id: String,
    sender_id: String,
    sender_name: &'static str,
    content: String,
    #[serde(rename = "type")]
    kind: String,
    metadata: Option<Box<RawValue>>,
    created_at: String,
    seq: u64,
}

#[derive(Serialize)]
struct Sent<'a> {
    success: bool,
    message: &'a Message,
}

/// The number of the last message.
static LAST: AtomicU64 = AtomicU64::new(0);

fn main() -> io::Result<()> {
    let options = Options::parse();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(workers) = options.workers {
        builder.worker_threads(workers);
    }
    builder.enable_all().build()?.block_on(serve(options.address))
}

async fn serve(address: SocketAddr) -> io::Result<()> {
    let (layer, io) = SocketIo::builder()
        .max_payload(MAX_PAYLOAD as u64)
        .ws_max_message_size(MAX_PAYLOAD)
        .ws_max_frame_size(MAX_PAYLOAD)
        .max_buffer_size(SEND_BUFFER)
        .build_layer();
    // In the middleware, before the client is told that it is connected: no event can come too early.
    io.ns("/", (async |_: SocketRef| {}).with(register));

    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener = socket.listen(BACKLOG)?;
    writeln!(io::stdout(), "listening {}", listener.local_addr()?.port())?;
    let listener = listener.tap_io(|stream| {
        // A connection that cannot be tuned is served all the same.
        let _tuned = stream.set_nodelay(true);
    });
    axum::serve(listener, axum::Router::new().layer(layer)).await
}

async fn register(socket: SocketRef) -> Result<(), std::convert::Infallible> {
    socket.on("room:join", async |socket: SocketRef, TryData::<String>(room), ack: AckSender| {
        let joined = room.is_ok();
        if let Ok(room) = room {
            socket.join(room);
        }
        let _told = ack.send(&json!({ "success": joined }));
    });
    socket.on("typing:start", async |socket: SocketRef, TryData::<String>(room)| {
        let Ok(room) = room else { return };
        let view = json!({ "roomId": room, "userId": socket.id, "userName": NAME });
        let _told = socket.to(room).emit("typing:user", &view).await;
    });
    socket.on("message:send", send);
    Ok(())
}

const NAME: &str = "Somebody";

async fn send(socket: SocketRef, TryData(ask): TryData<Ask>, ack: AckSender) {
    let Ask { room_id, content, kind, metadata } = match ask {
        Ok(ask) => ask,
        Err(error) => {
            let _told = ack.send(&json!({ "success": false, "error": error.to_string() }));
            return;
        }
    };
    let seq = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    let message = Message {
        id: format!("00000000-0000-7000-8000-{seq:012x}"),
        room_id,
        sender_id: socket.id.to_string(),
        sender_name: NAME,
        content,
        kind: kind.unwrap_or_else(|| "text".to_owned()),
        metadata: metadata.or_else(|| RawValue::from_string("{}".to_owned()).ok()),
        created_at: now(),
        seq,
    };
    let _told = socket.within(message.room_id.clone()).emit("message:new", &message).await;
    let _told = ack.send(&Sent { success: true, message: &message });
}

#[expect(clippy::disallowed_methods, reason = "this program has no clock of its own")]
fn now() -> String {
    DateTime::<Utc>::from(SystemTime::now()).to_rfc3339_opts(SecondsFormat::Millis, true)
}
