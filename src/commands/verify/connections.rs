//! The websockets of a few users to one server: Engine.IO 4 and Socket.IO 5, as much as the chat's events need. Each wait
//! has a deadline, and so have the size and the number of packets, since the server may be anything.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use futures_util::{
    SinkExt, Stream, StreamExt,
    stream::{self, SelectAll, SplitSink},
};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use super::{
    endpoint::Endpoint,
    line::{Line, Who},
};
use crate::{chat::chained, http_client::tls_config};

/// The largest packet that is read, in bytes.
const MAX_PACKET: usize = 4 * 1_024 * 1_024;
/// The most packets that are read from one server.
const MAX_PACKETS: usize = 20_000;
/// The longest text of a server that is shown, in characters.
const MAX_SHOWN: usize = 300;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Incoming = std::pin::Pin<Box<dyn Stream<Item = (Who, Received)> + Send>>;

/// A packet of a websocket, or its end.
enum Received {
    Packet(String),
    /// It ended, for this reason.
    End(String),
}

/// An event that waits for its ack.
struct Asked {
    who: Who,
    event: &'static str,
    /// The ack is to be heard.
    is_recorded: bool,
}

/// The connections to one server.
pub(super) struct Connections<'a> {
    endpoint: &'a Endpoint,
    patience: Duration,
    sinks: HashMap<Who, SplitSink<Socket, Message>>,
    incoming: SelectAll<Incoming>,
    /// The events that wait for an ack, by its number.
    asked: HashMap<u64, Asked>,
    next_ack: u64,
    packets: usize,
    /// The lines that were not taken yet, oldest first.
    heard: VecDeque<Line>,
}

impl<'a> Connections<'a> {
    pub(super) fn new(endpoint: &'a Endpoint, patience: Duration) -> Self {
        Self {
            endpoint,
            patience,
            sinks: HashMap::new(),
            incoming: SelectAll::new(),
            asked: HashMap::new(),
            next_ack: 0,
            packets: 0,
            heard: VecDeque::new(),
        }
    }

    /// When a wait that begins now ends.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.patience
    }

    /// Connects a user and signs them in. The error is one sentence.
    pub(super) async fn connect(&mut self, who: Who, token: &str) -> Result<(), String> {
        let deadline = self.deadline();
        let limits =
            WebSocketConfig::default().max_message_size(Some(MAX_PACKET)).max_frame_size(Some(MAX_PACKET));
        let connector = Connector::Rustls(Arc::new(tls_config()?));
        let url = self.endpoint.websocket();
        let connect = connect_async_tls_with_config(url, Some(limits), true, Some(connector));
        let socket = match timeout_at(deadline, connect).await {
            Ok(Ok((socket, _))) => socket,
            Ok(Err(error)) => {
                return Err(format!("{} cannot be reached: {}", self.endpoint, chained(&error)));
            }
            Err(_) => return Err(format!("{} cannot be reached: {}", self.endpoint, self.late())),
        };
        let (sink, packets) = socket.split();
        let packets = packets.map(|packet| match packet {
            Ok(Message::Text(text)) => Received::Packet(text.as_str().to_owned()),
            Ok(Message::Close(_)) => Received::End("it was closed".to_owned()),
            // Attachments and control frames.
            Ok(_) => Received::Packet(String::new()),
            Err(error) => Received::End(chained(&error)),
        });
        let end = stream::once(async { Received::End("it was closed".to_owned()) });
        self.incoming.push(Box::pin(packets.chain(end).map(move |received| (who, received))));
        self.sinks.insert(who, sink);
        let namespace = self.endpoint.prefix();
        self.write(who, format!("40{namespace}{}", json!({ "token": token }))).await?;
        let (accepted, refused) = (format!("40{namespace}"), format!("44{namespace}"));
        loop {
            let Some((from, packet)) = self.read(deadline).await? else {
                return Err(format!("{} does not sign {who} in: {}", self.endpoint, self.late()));
            };
            if from == who && packet.starts_with(&accepted) {
                return Ok(());
            }
            if let (true, Some(why)) = (from == who, packet.strip_prefix(&refused)) {
                return Err(format!("{} does not sign {who} in: {}", self.endpoint, shortened(why)));
            }
            self.keep(from, &packet);
        }
    }

    /// Ends a user's connection.
    pub(super) async fn disconnect(&mut self, who: Who) {
        if let Some(mut sink) = self.sinks.remove(&who) {
            let _gone = timeout_at(self.deadline(), sink.close()).await;
        }
    }

    /// The users who are connected.
    pub(super) fn present(&self) -> Vec<Who> {
        Who::ALL.into_iter().filter(|who| self.sinks.contains_key(who)).collect()
    }

    /// Emits an event without an ack callback.
    pub(super) async fn tell(&mut self, who: Who, event: &str, argument: &Value) -> Result<(), String> {
        let packet = format!("42{}{}", self.endpoint.prefix(), json!([event, argument]));
        self.write(who, packet).await
    }

    /// Emits an event with an ack callback. Returns the ack; none if it does not come in time. It is among what was heard only
    /// if `is_recorded`.
    pub(super) async fn ask(
        &mut self,
        who: Who,
        event: &'static str,
        argument: &Value,
        is_recorded: bool,
    ) -> Result<Option<Value>, String> {
        let id = self.next_ack;
        self.next_ack += 1;
        self.asked.insert(id, Asked { who, event, is_recorded });
        let packet = format!("42{}{id}{}", self.endpoint.prefix(), json!([event, argument]));
        self.write(who, packet).await?;
        let deadline = self.deadline();
        while let Some((from, packet)) = self.read(deadline).await? {
            if let Some((answered, value)) = self.keep(from, &packet)
                && answered == id
            {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Waits until a user has heard the event, among what was not taken yet. Returns whether it came in time.
    pub(super) async fn hear(&mut self, who: Who, event: &str, deadline: Instant) -> Result<bool, String> {
        let is_it = |line: &Line| line.who == who && line.name == event;
        while !self.heard.iter().any(is_it) {
            let Some((from, packet)) = self.read(deadline).await? else { return Ok(false) };
            self.keep(from, &packet);
        }
        Ok(true)
    }

    /// Takes all that was heard since the last time, oldest first.
    pub(super) fn take_heard(&mut self) -> Vec<Line> {
        self.heard.drain(..).collect()
    }

    fn late(&self) -> String {
        format!("no answer within {} s", self.patience.as_secs())
    }

    async fn write(&mut self, who: Who, packet: String) -> Result<(), String> {
        let deadline = self.deadline();
        let Some(sink) = self.sinks.get_mut(&who) else { return Err(format!("{who} is not connected")) };
        match timeout_at(deadline, sink.send(Message::text(packet))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                Err(format!("{} closed the connection of {who}: {}", self.endpoint, chained(&error)))
            }
            Err(_) => Err(format!("{} takes nothing from {who}: {}", self.endpoint, self.late())),
        }
    }

    /// The next packet that is not a ping, which is answered; none at the deadline.
    async fn read(&mut self, deadline: Instant) -> Result<Option<(Who, String)>, String> {
        loop {
            let received = match timeout_at(deadline, self.incoming.next()).await {
                Err(_) | Ok(None) => return Ok(None),
                Ok(Some(received)) => received,
            };
            self.packets += 1;
            if self.packets > MAX_PACKETS {
                return Err(format!("{} sends more than {MAX_PACKETS} packets", self.endpoint));
            }
            match received {
                (who, Received::Packet(packet)) if packet == "2" => self.write(who, "3".to_owned()).await?,
                (who, Received::Packet(packet)) => return Ok(Some((who, packet))),
                (who, Received::End(why)) if self.sinks.contains_key(&who) => {
                    return Err(format!("{} closed the connection of {who}: {why}", self.endpoint));
                }
                (_, Received::End(_)) => {}
            }
        }
    }

    /// Keeps an event, or the ack of one, as a line; returns the number and the value of an ack.
    fn keep(&mut self, who: Who, packet: &str) -> Option<(u64, Value)> {
        // A user who is gone hears nothing more.
        let body = packet.get(2..).filter(|_| self.sinks.contains_key(&who))?;
        let body = body.strip_prefix(self.endpoint.prefix())?;
        match packet.get(..2)? {
            "42" => {
                let mut event: Value = serde_json::from_str(body).ok()?;
                let name = event.get(0)?.as_str()?.to_owned();
                let value = event.get_mut(1).map_or(Value::Null, Value::take);
                self.heard.push_back(Line { who, name, value });
                None
            }
            "43" => {
                let (id, answer) = body.split_at_checked(body.find('[')?)?;
                let id = id.parse().ok()?;
                let mut answer: Value = serde_json::from_str(answer).ok()?;
                let value = answer.get_mut(0).map_or(Value::Null, Value::take);
                let Asked { who, event, is_recorded } = self.asked.remove(&id)?;
                if is_recorded {
                    self.heard.push_back(Line { who, name: format!("ack {event}"), value: value.clone() });
                }
                Some((id, value))
            }
            _ => None,
        }
    }
}

/// A text of a server, as far as it is shown.
pub(super) fn shortened(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_SHOWN).collect()
}
