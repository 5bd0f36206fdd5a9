//! Requests of HTTP/1.1 by hand, so that a test sees each answer as it is.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::soon;

pub struct Response {
    pub status: u16,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(there, _)| there == name).map(|(_, value)| value.as_str())
    }

    /// Each line of a header that may come more than once.
    pub fn header_lines(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(there, _)| there == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

pub async fn get(address: SocketAddr, path: &str) -> Response {
    request(address, "GET", path, &[], "").await
}

/// A value of a server's metrics.
pub async fn metric(address: SocketAddr, name: &str) -> f64 {
    let text = get(address, "/metrics").await.body;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in {text}"))
}

pub async fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    exchange(address, &text).await
}

/// As a browser asks that was told that `host` is here.
pub async fn request_to(address: SocketAddr, host: &str, method: &str, path: &str) -> Response {
    exchange(address, &format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await
}

/// In a version of the protocol, such as `HTTP/1.0`.
pub async fn request_in(address: SocketAddr, version: &str, method: &str, path: &str) -> Response {
    exchange(address, &format!("{method} {path} {version}\r\nHost: {address}\r\nConnection: close\r\n\r\n"))
        .await
}

/// Only the head of an answer to a GET, as of an upgrade, after which the connection stays open.
pub async fn head_of(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut text = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon("the head", stream.read_u8()).await.unwrap());
    }
    parse(std::str::from_utf8(&head).unwrap())
}

/// An answer whose body may be no text: its head, and the body as it came.
pub async fn request_bytes(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (Response, Vec<u8>) {
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut answer = exchange_bytes(address, &format!("{text}\r\n")).await;
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("no answer") + 4;
    let body = answer.split_off(end);
    (parse(std::str::from_utf8(&answer).unwrap()), body)
}

async fn exchange(address: SocketAddr, text: &str) -> Response {
    parse(&String::from_utf8(exchange_bytes(address, text).await).unwrap())
}

/// Sends these bytes and reads until the server closes.
pub async fn exchange_bytes(address: SocketAddr, text: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon("the answer", stream.read_to_end(&mut answer)).await.unwrap();
    answer
}

/// Sends these bytes and reads the first line of the answer.
pub async fn first_line(address: SocketAddr, text: &str) -> String {
    let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut line = String::new();
    soon("the answer", stream.read_line(&mut line)).await.unwrap();
    line.trim_end().to_owned()
}

/// A connection that serves one request after another.
pub struct KeepAlive(BufReader<TcpStream>);

impl KeepAlive {
    pub async fn open(address: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // A buffer that the system enlarges takes in a whole page that nobody reads.
        socket.set_recv_buffer_size(65_536).unwrap();
        Self(BufReader::new(socket.connect(address).await.unwrap()))
    }

    pub async fn request(&mut self, method: &str, path: &str, body: &str) -> Response {
        let length = body.len();
        self.write(&format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}"))
            .await;
        self.answer().await
    }

    pub async fn write(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).await.unwrap();
    }

    /// The answer to what was written, whose head says how long it is.
    pub async fn answer(&mut self) -> Response {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = soon("a line of the answer", self.0.read_line(&mut head)).await.unwrap();
            assert!(read > 0, "the connection was closed");
        }
        let mut answer = parse(&head);
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        soon("the body", self.0.read_exact(&mut body)).await.unwrap();
        answer.body = String::from_utf8(body).unwrap();
        answer
    }

    /// The server closes the connection: whatever it still says is passed over.
    pub async fn is_closed(&mut self) {
        let _reset = soon("the end of the connection", self.0.read_to_end(&mut Vec::new())).await;
    }
}

/// A session of Engine.IO over polling.
pub struct Polling {
    pub address: SocketAddr,
    pub path: String,
    /// The open packet of the session.
    pub open: Value,
}

impl Polling {
    pub async fn open(address: SocketAddr) -> Self {
        let path = "/socket.io/?EIO=4&transport=polling";
        let answer = get(address, path).await;
        let open: Value = serde_json::from_str(answer.body.strip_prefix('0').unwrap()).unwrap();
        Self { address, path: format!("{path}&sid={}", open["sid"].as_str().unwrap()), open }
    }

    /// Opens a session and signs in.
    pub async fn connect(address: SocketAddr, token: &str) -> Self {
        let session = Self::open(address).await;
        let answer = session.post(&format!("40{}", json!({ "token": token }))).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
        session.packets_until("40{").await;
        session
    }

    /// Where it asks.
    pub fn path(&self) -> String {
        self.path.clone()
    }

    /// Sends packets, between which stands U+001E.
    pub async fn post(&self, packets: &str) -> Response {
        let headers = [("Content-Type", "text/plain;charset=UTF-8")];
        request(self.address, "POST", &self.path, &headers, packets).await
    }

    /// The packets of one poll.
    pub async fn poll(&self) -> Vec<String> {
        let answer = get(self.address, &self.path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body.split('\u{1e}').map(str::to_owned).collect()
    }

    /// Opens a websocket for this session.
    pub async fn websocket(&self) -> Websocket {
        Websocket::open(self.address, &format!("&sid={}", self.open["sid"].as_str().unwrap())).await
    }

    /// All packets that come up to the one that begins so, without pings.
    pub async fn packets_until(&self, beginning: &str) -> Vec<String> {
        let mut packets: Vec<String> = Vec::new();
        while !packets.iter().any(|packet| packet.starts_with(beginning)) {
            let answer = get(self.address, &self.path).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            let came = answer.body.split('\u{1e}').filter(|packet| *packet != "2");
            packets.extend(came.map(str::to_owned));
        }
        packets
    }
}

/// A websocket of Engine.IO whose frames the test sees as they are.
pub struct Websocket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Websocket {
    pub async fn open(address: SocketAddr, query: &str) -> Self {
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket{query}");
        Self(soon("the websocket", connect_async(url)).await.unwrap().0)
    }

    pub async fn send(&mut self, packet: &str) {
        self.0.send(Message::text(packet)).await.unwrap();
    }

    /// The next packet; none when the server has ended the connection.
    pub async fn next(&mut self) -> Option<String> {
        match soon("a packet", self.0.next()).await {
            Some(Ok(Message::Text(text))) => Some(text.to_string()),
            _ => None,
        }
    }

    /// Sends an event and waits for its ack; packets before it are passed over.
    pub async fn ask(&mut self, event: &str, argument: &Value) -> Value {
        self.send(&format!("420{}", json!([event, argument]))).await;
        loop {
            let packet = self.next().await.expect("the connection was closed");
            if let Some(answer) = packet.strip_prefix("430") {
                return serde_json::from_str::<Value>(answer).unwrap()[0].take();
            }
        }
    }

    pub fn stream(&mut self) -> &mut WebSocketStream<MaybeTlsStream<TcpStream>> {
        &mut self.0
    }
}

fn parse(answer: &str) -> Response {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer}"));
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    let headers: Vec<_> = lines.map(header).collect();
    assert!(headers.iter().all(|(name, _)| name != "transfer-encoding"), "in pieces: {head}");
    Response { status, headers, body: body.to_owned() }
}
