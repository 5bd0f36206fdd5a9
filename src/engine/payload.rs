//! Engine.IO payloads: the packets of one poll or POST, separated by U+001E.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::BytesMut;
use tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{event_name, frame};

pub(super) const SEPARATOR: char = '\u{1e}';

/// The decoded packets of a POST.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Posted {
    /// Frames for the Socket.IO library.
    pub(super) frames: BytesMut,
    /// The client closes the session; later packets are ignored.
    pub(super) closes: bool,
    /// A packet is malformed: the session ends there.
    pub(super) is_bad: bool,
    /// The client has sent a pong.
    pub(super) has_ponged: bool,
}

/// Decodes the packets of a POST into frames, up to one that closes the session.
pub(super) fn decode(payload: &str) -> Posted {
    let mut posted = Posted::default();
    for packet in payload.split(SEPARATOR) {
        match packet.as_bytes().first() {
            Some(b'4') if event_name::is_ignored(packet) => {}
            Some(b'4') => {
                let packet = event_name::rewrite(packet);
                frame::put_from_client(&mut posted.frames, frame::TEXT, packet.as_bytes());
            }
            Some(b'3') => posted.has_ponged = true,
            Some(b'b') => match BASE64_STANDARD.decode(packet.get(1..).unwrap_or_default()) {
                Ok(data) => frame::put_from_client(&mut posted.frames, frame::BINARY, &data),
                Err(_) => posted.is_bad = true,
            },
            Some(b'1') => posted.closes = true,
            // Node accepts these and ignores them.
            Some(b'0' | b'5' | b'6') => {}
            // A ping is invalid too: only the server pings.
            _ => posted.is_bad = true,
        }
        if posted.closes || posted.is_bad {
            break;
        }
    }
    posted
}

/// Takes packets from the library's frames, up to about `max` bytes. The payload is empty if there are none.
pub(super) fn take(frames: &mut BytesMut, max: usize) -> String {
    let mut payload = String::new();
    while payload.len() < max {
        // The library writes whole and valid frames only.
        let Ok(Some((header, data))) = frame::split(frames) else { break };
        let packet = match header.opcode {
            OpCode::Data(Data::Text) => String::from_utf8_lossy(&data).into_owned(),
            OpCode::Data(Data::Binary) => format!("b{}", BASE64_STANDARD.encode(&data)),
            _ => continue,
        };
        if !payload.is_empty() {
            payload.push(SEPARATOR);
        }
        payload.push_str(&packet);
    }
    if frames.is_empty() {
        *frames = BytesMut::new();
    }
    payload
}

#[cfg(test)]
mod tests {
    use super::*;
    use tungstenite::protocol::frame::FrameHeader;

    fn frames(mut bytes: BytesMut) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while let Some((_, payload)) = frame::split(&mut bytes).unwrap() {
            frames.push(payload.to_vec());
        }
        frames
    }

    #[test]
    fn a_posts_packets_become_frames_in_their_order() {
        let posted = decode("40{\"token\":\"é\"}\u{1e}3\u{1e}6\u{1e}b3q2+7w==\u{1e}42[\"\\u0041\"]");
        assert!(!posted.closes && !posted.is_bad && posted.has_ponged);
        assert_eq!(
            frames(posted.frames),
            ["40{\"token\":\"é\"}".as_bytes(), &[0xde, 0xad, 0xbe, 0xef], b"42[\"A\"]"]
        );
    }

    #[test]
    fn a_packet_that_closes_or_is_none_is_the_last() {
        let posted = decode("42[\"a\"]\u{1e}1\u{1e}42[\"b\"]");
        assert!(posted.closes && !posted.is_bad);
        assert_eq!(frames(posted.frames).len(), 1);
        for bad in ["", "2", "x", "abc", "42[\"a\"]\u{1e}", "b!", "é"] {
            assert!(decode(bad).is_bad, "{bad}");
        }
    }

    #[test]
    fn a_poll_takes_packets_up_to_a_limit_and_leaves_the_rest() {
        let mut written = BytesMut::new();
        for (opcode, data) in [
            (frame::TEXT, b"42[1]".as_slice()),
            (frame::BINARY, &[0xde, 0xad, 0xbe, 0xef]),
            (OpCode::Control(tungstenite::protocol::frame::coding::Control::Close), b""),
            (frame::TEXT, b"2"),
        ] {
            frame::put(&mut written, FrameHeader { opcode, ..FrameHeader::default() }, data);
        }
        let mut all = written.clone();
        assert_eq!(take(&mut all, 1_000), "42[1]\u{1e}b3q2+7w==\u{1e}2");
        assert_eq!(take(&mut all, 1_000), "");
        assert_eq!(take(&mut written, 1), "42[1]");
        assert_eq!(take(&mut written, 10), "b3q2+7w==\u{1e}2");
    }
}
