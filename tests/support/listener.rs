//! A client that costs little, for crowds and floods: it hands on what it hears as text. One story's
//! hundreds of thousands of packets are not decoded; [`super::Client`] does that for the others.

use std::{collections::VecDeque, net::SocketAddr};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, Utf8Bytes, protocol::WebSocketConfig},
};

use super::{http::Polling, soon};

pub struct Listener {
    stream: WebSocketStream<TcpStream>,
    /// Events of rooms that were received while an answer was awaited.
    meanwhile: VecDeque<Heard>,
}

/// A Socket.IO packet as it came.
#[derive(Clone, Debug)]
pub struct Heard(Utf8Bytes);

impl Listener {
    /// Signs in.
    pub async fn connect(address: SocketAddr, token: &str) -> Self {
        let mut listener = Self::open(address, "").await;
        listener.send(&format!(r#"40{{"token":"{token}"}}"#)).await;
        while !listener.hear().await.text().starts_with("40") {}
        listener
    }

    /// Signs in over polling, and changes over to a websocket, as a client with the default transports does.
    pub async fn upgrade(address: SocketAddr, token: &str) -> Self {
        let polling = Polling::connect(address, token).await;
        let sid = polling.open["sid"].as_str().unwrap();
        let mut listener = Self::open(address, &format!("&sid={sid}")).await;
        listener.send("2probe").await;
        while listener.hear().await.text() != "3probe" {}
        listener.send("5").await;
        listener
    }

    async fn open(address: SocketAddr, query: &str) -> Self {
        let socket = soon("the connection", TcpStream::connect(address)).await.unwrap();
        socket.set_nodelay(true).unwrap();
        // Ten thousand of these fit into a test.
        let config = WebSocketConfig::default().read_buffer_size(2_048).write_buffer_size(0);
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket{query}");
        let upgrade = client_async_with_config(url, socket, Some(config));
        let (stream, _) = soon("the websocket", upgrade).await.unwrap();
        Self { stream, meanwhile: VecDeque::new() }
    }

    /// Signs in and joins the room; its history. Asks as soon as the client of Socket.IO would.
    pub async fn enter(address: SocketAddr, token: &str, room: &str) -> (Self, Value) {
        let mut listener = Self::connect(address, token).await;
        let history = listener.join(room).await;
        (listener, history)
    }

    /// Joins the room; its history. Events in rooms before the ack are read afterwards.
    pub async fn join(&mut self, room: &str) -> Value {
        self.send(&format!(r#"420["room:join","{room}"]"#)).await;
        let mut history = None;
        let mut meanwhile = VecDeque::new();
        loop {
            let heard = self.hear().await;
            if heard.event() == Some("room:history") {
                history = Some(heard.argument());
            } else if let Some((0, ack)) = heard.ack() {
                assert!(ack.starts_with(r#"[{"success":true"#), "{ack}");
                self.meanwhile = meanwhile;
                return history.expect("history comes before the ack");
            } else if heard.seq().is_some() {
                meanwhile.push_back(heard);
            }
        }
    }

    pub async fn send(&mut self, packet: &str) {
        assert!(self.try_send(packet).await, "the connection is over");
    }

    /// False if the connection is over.
    pub async fn try_send(&mut self, packet: &str) -> bool {
        self.stream.send(Message::text(packet)).await.is_ok()
    }

    /// The next packet that is not a ping, which is answered.
    pub async fn hear(&mut self) -> Heard {
        soon("a packet", self.hear_or_end()).await.expect("the connection is over")
    }

    /// The same, or nothing when the connection is over; waits for ever.
    pub async fn hear_or_end(&mut self) -> Option<Heard> {
        if let Some(heard) = self.meanwhile.pop_front() {
            return Some(heard);
        }
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) if text == "2" => {
                    // If it is over, the next turn finds out.
                    let _is_open = self.try_send("3").await;
                }
                Some(Ok(Message::Text(text))) => return Some(Heard(text)),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }
}

impl Heard {
    /// The event's name, if this is one.
    pub fn event(&self) -> Option<&str> {
        self.0.strip_prefix("42[\"")?.split('"').next()
    }

    /// The event's argument.
    pub fn argument(&self) -> Value {
        let mut packet: Value = serde_json::from_str(self.0.trim_start_matches("42")).unwrap();
        packet[1].take()
    }

    /// Number and text of an answer, if this is one.
    pub fn ack(&self) -> Option<(u64, &str)> {
        let ack = self.0.strip_prefix("43")?;
        let (id, answer) = ack.split_at(ack.find('[')?);
        Some((id.parse().ok()?, answer))
    }

    /// The value of the first key of this name, as it stands up to the next comma or brace; a text comes without its quotes.
    pub fn field(&self, key: &str) -> Option<&str> {
        let (_, rest) = self.0.split_once(&format!("\"{key}\":"))?;
        match rest.strip_prefix('"') {
            Some(text) => text.split('"').next(),
            None => rest.split([',', '}', ']']).next(),
        }
    }

    /// The place in the room's log that the event tells of.
    pub fn seq(&self) -> Option<i64> {
        let (_, rest) = self.0.rsplit_once("\"seq\":")?;
        rest.split([',', '}', ']']).next()?.parse().ok()
    }

    pub fn text(&self) -> &str {
        &self.0
    }
}
