//! Socket.IO packets as far as a generator has to understand them: told apart by their first bytes, never parsed as JSON.

use std::io::Write;

use memchr::memmem;

/// The kind of a packet from the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// `0{..}`: the engine's session is open.
    Open,
    /// `40{..}`
    Connected,
    /// `44{..}`, or the namespace was closed.
    Refused,
    /// `43<id>[..]`, with the arguments as JSON.
    Ack {
        id: u64,
        arguments: &'a [u8],
    },
    /// `42["name",..]`, with all of the JSON.
    Event {
        name: &'a [u8],
        json: &'a [u8],
    },
    Other,
}

impl<'a> Packet<'a> {
    pub fn of(text: &'a [u8]) -> Self {
        match text {
            [b'4', b'2', json @ ..] => match json {
                [b'[', b'"', rest @ ..] => {
                    let end = memchr::memchr(b'"', rest).unwrap_or(rest.len());
                    Self::Event { name: rest.get(..end).unwrap_or_default(), json }
                }
                _ => Self::Other,
            },
            [b'4', b'3', rest @ ..] => {
                let (id, arguments) = leading_number(rest);
                Self::Ack { id, arguments }
            }
            [b'4', b'0', ..] => Self::Connected,
            [b'4', b'4' | b'1', ..] => Self::Refused,
            [b'0', ..] => Self::Open,
            _ => Self::Other,
        }
    }
}

/// Whether the arguments of an ack say that all went well.
pub fn succeeded(arguments: &[u8]) -> bool {
    const SUCCESS: &[u8] = b"\"success\":true";
    arguments.get(2..2 + SUCCESS.len()) == Some(SUCCESS) || memmem::find(arguments, SUCCESS).is_some()
}

/// How many messages a `room:history` holds. Nothing but a message has a content.
pub fn count_messages(json: &[u8]) -> usize {
    memmem::find_iter(json, CONTENT).count()
}

const CONTENT: &[u8] = b"\"content\":\"";
/// The average length of a message that people write.
const CONTENT_LENGTH: usize = 60;
const PADDING: &[u8; CONTENT_LENGTH] = b"the quick brown fox jumps over the lazy dog, and once again ";

/// The mark that the generator writes into the content of a message, to recognise it when it is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Counted over all rooms.
    pub sender: u64,
    /// From 1 on, and the id of the ack.
    pub n: u64,
    /// The moment at which it was to be sent, in microseconds of the generator's clock.
    pub due: u64,
}

impl Mark {
    pub fn write_message(&self, out: &mut Vec<u8>, room: &str) {
        let Self { sender, n, due } = self;
        // A write into a Vec cannot fail.
        let _written = write!(out, "42{n}[\"message:send\",{{\"roomId\":\"{room}\",\"content\":\"");
        let start = out.len();
        let _written = write!(out, "{sender}.{n}.{due}.");
        let length = out.len() - start;
        out.extend_from_slice(PADDING.get(length..).unwrap_or_default());
        out.extend_from_slice(b"\"}]");
    }

    /// Reads the mark of a `message:new`. Its place hardly changes from one message to the next: `place` remembers it.
    pub fn find(json: &[u8], place: &mut usize) -> Option<Self> {
        let here = json.get(*place..*place + CONTENT.len()) == Some(CONTENT);
        if !here {
            *place = memmem::find(json, CONTENT)?;
        }
        let (sender, rest) = number_and_dot(json.get(*place + CONTENT.len()..)?)?;
        let (n, rest) = number_and_dot(rest)?;
        let (due, _) = number_and_dot(rest)?;
        Some(Self { sender, n, due })
    }
}

fn number_and_dot(bytes: &[u8]) -> Option<(u64, &[u8])> {
    match leading_number(bytes) {
        (number, [b'.', rest @ ..]) if rest.len() + 1 < bytes.len() => Some((number, rest)),
        _ => None,
    }
}

fn leading_number(mut bytes: &[u8]) -> (u64, &[u8]) {
    let mut number = 0_u64;
    while let [digit @ b'0'..=b'9', rest @ ..] = bytes {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        bytes = rest;
    }
    (number, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_told_apart() {
        assert_eq!(Packet::of(b"0{\"sid\":\"x\"}"), Packet::Open);
        assert_eq!(Packet::of(b"40{\"sid\":\"x\"}"), Packet::Connected);
        assert_eq!(Packet::of(b"44{\"message\":\"no\"}"), Packet::Refused);
        assert_eq!(Packet::of(b"4317[{}]"), Packet::Ack { id: 17, arguments: b"[{}]" });
        assert_eq!(Packet::of(b"42[\"a:b\",1]"), Packet::Event { name: b"a:b", json: b"[\"a:b\",1]" });
        assert_eq!(Packet::of(b"6"), Packet::Other);
    }

    #[test]
    fn acks_are_read() {
        assert!(succeeded(b"[{\"success\":true,\"message\":{}}]"));
        assert!(succeeded(b"[{\"message\":{},\"success\":true}]"));
        assert!(!succeeded(b"[{\"success\":false,\"error\":\"busy\"}]"));
    }

    #[test]
    fn a_mark_is_found_again_wherever_the_content_is() {
        let mark = Mark { sender: 3, n: 12, due: 4_567_890 };
        let mut sent = Vec::new();
        mark.write_message(&mut sent, "room0");
        let text = String::from_utf8(sent.clone()).unwrap();
        let json = text.strip_prefix("4212").unwrap();
        let [_, message]: [serde_json::Value; 2] = serde_json::from_str(json).unwrap();
        assert_eq!(message["content"].as_str().unwrap().len(), CONTENT_LENGTH);
        let mut place = 0;
        assert_eq!(Mark::find(&sent, &mut place), Some(mark));
        assert_eq!(place, text.find("\"content").unwrap());
        assert_eq!(Mark::find(&sent, &mut place), Some(mark));
        place = 5_000;
        assert_eq!(Mark::find(&sent, &mut place), Some(mark));
        assert_eq!(Mark::find(b"[\"message:new\",{\"content\":\"hello\"}]", &mut place), None);
    }

    #[test]
    fn messages_of_a_history_are_counted() {
        let json = br#"["room:history",{"messages":[{"content":"a \"content\":\"b"},{"content":"","metadata":{}}]}]"#;
        assert_eq!(count_messages(json), 2);
    }
}
