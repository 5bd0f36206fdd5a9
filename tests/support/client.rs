//! A client of the wire: Engine.IO 4 and Socket.IO 5 over a websocket, by hand, so that a test sees each packet as it is.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    net::SocketAddr,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        protocol::frame::{
            Frame,
            coding::{Data, OpCode},
        },
    },
};

use super::{fixture, soon};

pub struct Client {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Events that came while something else was awaited, oldest first.
    heard: VecDeque<(String, Value)>,
    /// Acks that came while another was awaited.
    answered: HashMap<u64, Value>,
    /// The events that were asked, by the number of their ack.
    asked: Vec<String>,
    /// The fixtures that what came was compared with.
    pub seen: BTreeSet<String>,
    /// Events whose names begin with this are not the server's: they and their acks have no fixtures.
    pub foreign: Option<&'static str>,
    /// The last packets of events, as they came.
    pub last_packets: VecDeque<String>,
}

impl Client {
    /// Signs in; the error is what `connect_error` says.
    pub async fn connect(address: SocketAddr, token: &str) -> Result<Self, String> {
        Self::connect_with(address, &json!({ "token": token }).to_string()).await
    }

    /// Signs in as a client that says that it knows this server's protocol.
    pub async fn connect_knowing(address: SocketAddr, token: &str) -> Self {
        let auth = json!({ "token": token, "protocol": 1 });
        Self::connect_with(address, &auth.to_string()).await.unwrap()
    }

    /// Signs in with any `auth`, as JSON text.
    pub async fn connect_with(address: SocketAddr, auth: &str) -> Result<Self, String> {
        let mut client = Self::open(address).await;
        client.sign_in(auth).await?;
        Ok(client)
    }

    /// Signs in on a transport that is open already.
    pub async fn sign_in(&mut self, auth: &str) -> Result<(), String> {
        self.write(&format!("40{auth}")).await;
        loop {
            let packet = self.read().await;
            if packet.starts_with("40") {
                return Ok(());
            }
            if let Some(refusal) = packet.strip_prefix("44") {
                return Err(refusal.to_owned());
            }
        }
    }

    /// Opens the transport and does not sign in.
    pub async fn open(address: SocketAddr) -> Self {
        Self::open_with(address, "", &[]).await
    }

    /// Opens the transport by a request with these parameters (`&name=value`) and headers.
    pub async fn open_with(address: SocketAddr, query: &str, headers: &[(&'static str, &str)]) -> Self {
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket{query}");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, value.parse().unwrap());
        }
        let (stream, _) = soon("the websocket", connect_async(request)).await.unwrap();
        Self {
            stream,
            heard: VecDeque::new(),
            answered: HashMap::new(),
            asked: Vec::new(),
            seen: BTreeSet::new(),
            foreign: None,
            last_packets: VecDeque::new(),
        }
    }

    pub async fn write(&mut self, packet: &str) {
        self.stream.send(Message::text(packet)).await.unwrap();
    }

    /// Writes a packet in frames of `length` bytes each.
    pub async fn write_in_frames(&mut self, packet: &str, length: usize) {
        let parts = packet.len().div_ceil(length);
        for (position, part) in packet.as_bytes().chunks(length).enumerate() {
            let opcode = OpCode::Data(if position == 0 { Data::Text } else { Data::Continue });
            let frame = Frame::message(part.to_vec(), opcode, position + 1 == parts);
            self.stream.send(Message::Frame(frame)).await.unwrap();
        }
    }

    /// Writes the same packet again and again, and reads the answers, until the server ends the connection.
    pub async fn repeat_to_the_end(self, packet: &str) {
        let (mut sink, mut stream) = self.stream.split();
        let write = async { while sink.send(Message::text(packet)).await.is_ok() {} };
        let read = async { while let Some(Ok(_)) = stream.next().await {} };
        soon("the end", futures_util::future::join(write, read)).await;
    }

    /// The next packet that is not a ping, which is answered.
    async fn read(&mut self) -> String {
        loop {
            let message =
                soon("a packet", self.stream.next()).await.expect("the connection was closed").unwrap();
            match message {
                Message::Text(text) if text.as_str() == "2" => self.write("3").await,
                Message::Text(text) => return text.to_string(),
                Message::Close(frame) => panic!("the server closed the connection: {frame:?}"),
                _ => {}
            }
        }
    }

    /// Emits an event and waits for nothing.
    pub async fn emit(&mut self, event: &str, argument: Value) {
        self.write(&format!("42{}", json!([event, argument]))).await;
    }

    /// Emits an event and waits for its ack. Events that come meanwhile wait for [`Self::hear`].
    pub async fn ask(&mut self, event: &str, argument: Value) -> Value {
        let id = self.begin(event, argument).await;
        self.answer(id).await
    }

    /// Emits an event with an ack that [`Self::answer`] waits for later.
    pub async fn begin(&mut self, event: &str, argument: Value) -> u64 {
        let id = self.next_id(event);
        self.write(&format!("42{id}{}", json!([event, argument]))).await;
        id
    }

    fn next_id(&mut self, event: &str) -> u64 {
        self.asked.push(event.to_owned());
        self.asked.len() as u64 - 1
    }

    /// As [`Self::emit`], with the argument as the JSON text that travels; an empty text is no argument at all.
    pub async fn emit_text(&mut self, event: &str, argument: &str) {
        self.write(&format!("42{}", packet_of(event, argument))).await;
    }

    /// As [`Self::ask`], with the argument as the JSON text that travels; an empty text is no argument at all.
    pub async fn ask_text(&mut self, event: &str, argument: &str) -> Value {
        let id = self.next_id(event);
        self.write(&format!("42{id}{}", packet_of(event, argument))).await;
        self.answer(id).await
    }

    /// As [`Self::ask_text`], with binary attachments, which the argument names by placeholders.
    pub async fn ask_binary(&mut self, event: &str, argument: &str, attachments: &[&[u8]]) -> Value {
        let id = self.next_id(event);
        self.write(&format!("45{}-{id}{}", attachments.len(), packet_of(event, argument))).await;
        for attachment in attachments {
            self.stream.send(Message::binary(attachment.to_vec())).await.unwrap();
        }
        self.answer(id).await
    }

    /// Sends a message and returns it as the ack has it.
    pub async fn say(&mut self, room: &str, content: &str) -> Value {
        let mut ack = self.ask("message:send", json!({ "roomId": room, "content": content })).await;
        assert_eq!(ack["success"], true, "{ack}");
        ack["message"].take()
    }

    pub async fn answer(&mut self, id: u64) -> Value {
        loop {
            if let Some(answer) = self.answered.remove(&id) {
                return answer;
            }
            let packet = self.read().await;
            self.keep(&packet);
        }
    }

    fn is_foreign(&self, event: &str) -> bool {
        self.foreign.is_some_and(|prefix| event.starts_with(prefix))
    }

    fn keep(&mut self, packet: &str) {
        if let Some(event) = packet.strip_prefix("42") {
            let mut event: Value = serde_json::from_str(event).unwrap();
            let (name, argument) = (event[0].as_str().unwrap().to_owned(), event[1].take());
            self.last_packets.push_back(packet.to_owned());
            if self.last_packets.len() > 16 {
                self.last_packets.pop_front();
            }
            if !self.is_foreign(&name) {
                self.seen.insert(fixture::check_event(&name, &argument));
            }
            self.heard.push_back((name, argument));
        }
        if let Some(ack) = packet.strip_prefix("43") {
            let (id, answer) = ack.split_at(ack.find('[').unwrap());
            let mut answer: Value = serde_json::from_str(answer).unwrap();
            let (id, answer): (u64, Value) = (id.parse().unwrap(), answer[0].take());
            let event = &self.asked[id as usize];
            if !self.is_foreign(event) {
                self.seen.insert(fixture::check_ack(event, &answer));
            }
            self.answered.insert(id, answer);
        }
    }

    /// The next event heard, whatever it is.
    pub async fn next(&mut self) -> (String, Value) {
        while self.heard.is_empty() {
            let packet = self.read().await;
            self.keep(&packet);
        }
        self.heard.pop_front().unwrap()
    }

    /// The argument of the next event of this name; events of other names before it are passed over.
    pub async fn hear(&mut self, event: &str) -> Value {
        loop {
            let (name, argument) = self.next().await;
            if name == event {
                return argument;
            }
        }
    }

    /// All that came before what was awaited last: after [`Self::ask`], what the server said before its ack.
    pub fn heard_before(&mut self) -> Vec<(String, Value)> {
        self.heard.drain(..).collect()
    }

    /// All that was heard up to now: whatever the server had said before it answered this.
    pub async fn heard(&mut self) -> Vec<(String, Value)> {
        // An event that does nothing and is answered in order.
        self.ask("room:leave", "a room that nobody is in".into()).await;
        self.heard.drain(..).collect()
    }

    pub async fn heard_names(&mut self) -> Vec<String> {
        self.heard().await.into_iter().map(|(name, _)| name).collect()
    }

    /// All that is still heard until the server ends the connection.
    pub async fn hear_to_the_end(mut self) -> Vec<(String, Value)> {
        while let Some(Ok(message)) = soon("the end", self.stream.next()).await {
            if let Message::Text(packet) = message {
                self.keep(&packet);
            }
        }
        self.heard.into()
    }

    /// The next packet of Socket.IO; none when the server has closed the connection without one.
    pub async fn packet(&mut self) -> Option<String> {
        while let Some(Ok(message)) = soon("a packet or the end", self.stream.next()).await {
            if let Message::Text(text) = message
                && text.starts_with('4')
            {
                return Some(text.to_string());
            }
        }
        None
    }

    /// Says nothing and answers pings, as a tab that nobody looks at.
    pub async fn idle(mut self) {
        loop {
            let packet = self.read().await;
            self.keep(&packet);
        }
    }

    /// Ends the connection as a closed tab does.
    pub async fn close(mut self) {
        let _gone = self.stream.close(None).await;
    }
}

fn packet_of(event: &str, argument: &str) -> String {
    let name = json!(event);
    if argument.is_empty() { format!("[{name}]") } else { format!("[{name},{argument}]") }
}
