//! Decides what happens to a frame, from the first bytes of its payload, and to a whole packet.

use std::{borrow::Cow, io};

use super::{
    super::{
        event_name::{self, Verdict},
        frame::{self, Parsed},
    },
    invalid,
};

/// The first look at a packet, in bytes. It is enough for nearly all event names.
const FIRST_PEEK: usize = 64;
/// Bytes of a packet that are inspected before the whole packet is awaited.
const MAX_PEEK: usize = 4_096;

/// The decision on a frame.
pub(super) enum FrameAction {
    /// The frame passes unchanged.
    Pass { whole: u64 },
    /// More of the frame is needed.
    Wait,
    /// The frame must be complete; it is then decoded as a packet, or as a part of one.
    Buffer { whole: usize },
}

/// The decision on a packet.
pub(super) enum PacketAction<'a> {
    /// The library reads this packet.
    Deliver(Cow<'a, [u8]>),
    /// The packet is a pong. The library does not get it, because we keep the heartbeat.
    Pong,
    /// The packet is dropped: Node ignores it, but the library would close the connection.
    Ignore,
}

/// Decides on the first frame of a message.
pub(super) fn decide_frame(bytes: &[u8], frame: &Parsed, max_frame: u64) -> FrameAction {
    let Parsed { header, start, length } = frame;
    let pass = FrameAction::Pass { whole: length.saturating_add(*start as u64) };
    // The library itself refuses a frame that is too long, or one without a mask.
    let (frame::TEXT, Some(mask)) = (header.opcode, header.mask) else { return pass };
    if *length > max_frame {
        return pass;
    }
    let length = usize::try_from(*length).unwrap_or(usize::MAX);
    let there = bytes.get(*start..).unwrap_or_default();
    let there = there.get(..length).unwrap_or(there);
    let whole_length = if header.is_final { length } else { usize::MAX };
    let mut few = [0; FIRST_PEEK];
    let few = few.get_mut(..there.len().min(FIRST_PEEK)).unwrap_or_default();
    let mut verdict = peek_name(few, there, mask, whole_length);
    if verdict == Verdict::Unknown && there.len() > FIRST_PEEK {
        let mut more = vec![0; there.len().min(MAX_PEEK)];
        verdict = peek_name(&mut more, there, mask, whole_length);
    }
    match few {
        // These are read as whole packets: all that are no messages, acks, and an event without a payload.
        [b'0'..=b'3' | b'5' | b'6', ..] | [b'4', b'3', ..] | [b'4', b'2'] => {}
        _ if verdict == Verdict::Plain => return pass,
        _ => {}
    }
    if verdict == Verdict::Unknown && there.len() < length.min(MAX_PEEK) {
        return FrameAction::Wait;
    }
    FrameAction::Buffer { whole: start + length }
}

/// Unmasks the beginning of a payload into `peek` and inspects it.
fn peek_name(peek: &mut [u8], payload: &[u8], mask: [u8; 4], whole_length: usize) -> Verdict {
    peek.copy_from_slice(payload.get(..peek.len()).unwrap_or_default());
    frame::apply_mask(peek, mask, 0);
    event_name::inspect(peek, peek.len() == whole_length)
}

/// Decides on a whole packet. An error closes the connection, as in Node.
pub(super) fn decide_packet(packet: &[u8]) -> io::Result<PacketAction<'_>> {
    Ok(match packet {
        // Only the server pings.
        [b'2', ..] => return Err(invalid("a ping from a client")),
        [b'3', ..] => PacketAction::Pong,
        [b'0' | b'1' | b'5' | b'6', ..] => PacketAction::Ignore,
        _ => match std::str::from_utf8(packet) {
            Ok(text) if event_name::is_ignored(text) => PacketAction::Ignore,
            Ok(text) => PacketAction::Deliver(match event_name::rewrite(text) {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            }),
            // The library refuses it.
            Err(_) => PacketAction::Deliver(Cow::Borrowed(packet)),
        },
    })
}
