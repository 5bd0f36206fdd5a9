//! Looks through what a websocket's client sends, frame by frame, on its way to the Socket.IO library: nearly all passes as it
//! is. An event whose name the library cannot read is rewritten, packets that Node ignores are left out, and a client that
//! has not signed in may send only so much.

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::ReadBuf;

use super::{
    event_name::{self, Verdict},
    frame::{self, Parsed},
};

/// Bytes of a packet that are looked at before it passes as it is.
const PEEK: usize = 4_096;
/// Bytes that are enough for nearly all names.
const FEW: usize = 64;
/// Bytes that a client may send before it has signed in: some tokens and a few packets.
pub(super) const BEFORE_SIGN_IN: u64 = 64 * 1_024;

#[derive(Default)]
pub(super) struct Inbound {
    /// Bytes of the current frame that pass without a look.
    passing: u64,
    /// The beginning of a frame that cannot be judged yet, or that is to be rewritten.
    held: BytesMut,
    /// Bytes for the library, to be read before any others.
    ready: BytesMut,
    /// Bytes that have come in all, as long as the client has not signed in.
    before_sign_in: u64,
    is_signed_in: bool,
    has_ponged: bool,
    max_frame: u64,
}

/// What becomes of a frame.
enum Judgement {
    /// It passes as it is.
    Pass { whole: u64 },
    /// More of it has to be there first.
    Wait,
    /// This comes in its place, which has so many bytes.
    Replace { whole: usize, with: BytesMut },
    /// It answers a ping, which is not the library's.
    Pong { whole: usize },
}

impl Inbound {
    pub(super) fn new(max_frame: usize) -> Self {
        Self { max_frame: max_frame as u64, ..Self::default() }
    }

    /// Puts bytes before everything that is read later. They are not looked at.
    pub(super) fn inject(&mut self, bytes: &[u8]) {
        self.ready.extend_from_slice(bytes);
    }

    /// Hands out bytes that are ready; true if there were any.
    pub(super) fn deliver(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let count = self.ready.len().min(buf.remaining());
        let Some(bytes) = self.ready.get(..count).filter(|bytes| !bytes.is_empty()) else { return false };
        buf.put_slice(bytes);
        self.ready.advance(count);
        if self.ready.is_empty() {
            self.ready = BytesMut::new();
        }
        true
    }

    /// True if the client has answered a ping since this was asked last.
    pub(super) fn take_pong(&mut self) -> bool {
        std::mem::take(&mut self.has_ponged)
    }

    /// Counts bytes that came, until the client has signed in; an error when they are too many before that.
    pub(super) fn count(&mut self, bytes: usize, is_signed_in: bool) -> io::Result<()> {
        self.is_signed_in = is_signed_in;
        if !is_signed_in {
            self.before_sign_in += bytes as u64;
            ensure_little(self.before_sign_in)?;
        }
        Ok(())
    }

    /// Judges the frame that `bytes` begin with. One that is too long before the sign-in is not waited for.
    fn judge(&self, bytes: &[u8]) -> io::Result<Judgement> {
        let Some(parsed) = frame::parse(bytes)? else { return Ok(Judgement::Wait) };
        if !self.is_signed_in {
            ensure_little(parsed.length)?;
        }
        judge(bytes, parsed, self.max_frame)
    }

    /// Looks at bytes that came outside of a read buffer.
    pub(super) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(bytes);
        self.look_at_held()
    }

    /// Looks at what was read into `buf` behind `before`; what is not to be read yet, or otherwise, is taken out of it.
    pub(super) fn inspect(&mut self, buf: &mut ReadBuf<'_>, before: usize) -> io::Result<()> {
        if !self.held.is_empty() {
            let came = buf.filled().get(before..).unwrap_or_default();
            self.held.extend_from_slice(came);
            buf.set_filled(before);
            self.look_at_held()?;
            self.deliver(buf);
            return Ok(());
        }
        let mut position = before;
        loop {
            let rest = buf.filled().get(position..).unwrap_or_default();
            let passing = rest.len().min(usize::try_from(self.passing).unwrap_or(usize::MAX));
            self.passing -= passing as u64;
            position += passing;
            let Some(rest) = rest.get(passing..).filter(|rest| !rest.is_empty()) else { return Ok(()) };
            match self.judge(rest)? {
                Judgement::Pass { whole } => self.passing = whole,
                Judgement::Wait | Judgement::Replace { .. } | Judgement::Pong { .. } => {
                    self.held.extend_from_slice(rest);
                    buf.set_filled(position);
                    self.look_at_held()?;
                    if position == before {
                        self.deliver(buf);
                    }
                    return Ok(());
                }
            }
        }
    }

    /// Moves what can be judged from the held bytes to the ready ones.
    fn look_at_held(&mut self) -> io::Result<()> {
        loop {
            let passing = self.held.len().min(usize::try_from(self.passing).unwrap_or(usize::MAX));
            self.passing -= passing as u64;
            self.ready.extend_from_slice(&self.held.split_to(passing));
            if self.held.is_empty() {
                self.held = BytesMut::new();
                return Ok(());
            }
            match self.judge(&self.held)? {
                Judgement::Pass { whole } => self.passing = whole,
                Judgement::Wait => return Ok(()),
                Judgement::Replace { whole, with } => {
                    self.held.advance(whole);
                    self.ready.extend_from_slice(&with);
                }
                Judgement::Pong { whole } => {
                    self.held.advance(whole);
                    self.has_ponged = true;
                }
            }
        }
    }
}

fn ensure_little(bytes: u64) -> io::Result<()> {
    if bytes > BEFORE_SIGN_IN {
        return Err(invalid("too much before the sign-in"));
    }
    Ok(())
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn judge(bytes: &[u8], frame: Parsed, max_frame: u64) -> io::Result<Judgement> {
    let Parsed { header, start, length } = frame;
    let whole = length.saturating_add(start as u64);
    let pass = Judgement::Pass { whole };
    // A frame that is too long is refused by the library, and so is one without a mask.
    let (frame::TEXT, Some(mask)) = (header.opcode, header.mask) else { return Ok(pass) };
    if length > max_frame {
        return Ok(pass);
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let there = bytes.get(start..).unwrap_or_default();
    let there = there.get(..length).unwrap_or(there);
    let whole_length = if header.is_final { length } else { usize::MAX };
    let mut few = [0; FEW];
    let peek = few.get_mut(..there.len().min(FEW)).unwrap_or_default();
    let mut verdict = look(peek, there, mask, whole_length);
    if verdict == Verdict::Unknown && there.len() > FEW {
        let mut more = vec![0; there.len().min(PEEK)];
        verdict = look(&mut more, there, mask, whole_length);
    }
    if header.is_final && there.len() == length {
        let whole = start + length;
        match few {
            // It is the server that pings: Node ends the session for this.
            [b'2', ..] if length > 0 => return Err(invalid("a ping from a client")),
            [b'3', ..] if length > 0 => return Ok(Judgement::Pong { whole }),
            // Packets that Node takes and ignores, and that the library closes the connection for.
            [b'5' | b'6', ..] if length == 1 => {
                return Ok(Judgement::Replace { whole, with: BytesMut::new() });
            }
            _ => {}
        }
    }
    Ok(match verdict {
        Verdict::Plain => pass,
        Verdict::Odd => replace(bytes, start, length),
        Verdict::Unknown if there.len() >= PEEK || there.len() == length => pass,
        Verdict::Unknown => Judgement::Wait,
    })
}

/// Unmasks the beginning of a packet's payload into `peek` and looks at it.
fn look(peek: &mut [u8], payload: &[u8], mask: [u8; 4], whole_length: usize) -> Verdict {
    peek.copy_from_slice(payload.get(..peek.len()).unwrap_or_default());
    frame::apply_mask(peek, mask, 0);
    event_name::inspect(peek, peek.len() == whole_length)
}

/// The frame with an event's name that the library can read, once all of it is there.
fn replace(bytes: &[u8], start: usize, length: usize) -> Judgement {
    let Some(payload) = bytes.get(start..start + length) else { return Judgement::Wait };
    let mut frame = BytesMut::from(bytes);
    let with = match frame::split(&mut frame) {
        Ok(Some((header, text))) => match std::str::from_utf8(&text) {
            Ok(text) => {
                let mut with = BytesMut::new();
                frame::put(&mut with, header, event_name::rewrite(text).as_bytes());
                with
            }
            Err(_) => return Judgement::Pass { whole: (start + payload.len()) as u64 },
        },
        _ => return Judgement::Wait,
    };
    Judgement::Replace { whole: start + length, with }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tungstenite::protocol::frame::{FrameHeader, coding::OpCode};

    const MASK: [u8; 4] = [3, 141, 59, 26];

    fn frame(opcode: OpCode, is_final: bool, payload: &[u8]) -> BytesMut {
        let mut bytes = BytesMut::new();
        let header = FrameHeader { opcode, is_final, mask: Some(MASK), ..FrameHeader::default() };
        frame::put(&mut bytes, header, payload);
        bytes
    }

    fn text(packet: &str) -> BytesMut {
        frame(frame::TEXT, true, packet.as_bytes())
    }

    /// What the library reads when the bytes come in pieces of `size`, into a buffer of as many.
    fn read(bytes: &[u8], size: usize) -> BytesMut {
        let mut inbound = Inbound::new(1_000_000);
        inbound.count(0, true).unwrap();
        let mut read = BytesMut::new();
        let mut store = vec![0; size];
        for piece in bytes.chunks(size) {
            let mut buf = ReadBuf::new(&mut store);
            buf.put_slice(piece);
            inbound.inspect(&mut buf, 0).unwrap();
            read.extend_from_slice(buf.filled());
            loop {
                let mut buf = ReadBuf::new(&mut store);
                if !inbound.deliver(&mut buf) {
                    break;
                }
                read.extend_from_slice(buf.filled());
            }
        }
        read
    }

    fn packets(mut bytes: BytesMut) -> Vec<String> {
        let mut packets = Vec::new();
        while let Some((_, payload)) = frame::split(&mut bytes).unwrap() {
            packets.push(String::from_utf8(payload.to_vec()).unwrap());
        }
        assert!(bytes.is_empty(), "{bytes:?}");
        packets
    }

    #[test]
    fn what_is_ordinary_passes_untouched_however_it_comes() {
        let long = format!(r#"42["message:send",{{"content":"{}"}}]"#, "é\\\"".repeat(5_000));
        let mut bytes = text(r#"40{"token":"t"}"#);
        bytes.extend(text(r#"4217["message:send",{"content":"\""}]"#));
        bytes.extend(frame(frame::BINARY, true, b"42[\"\\"));
        bytes.extend(text(""));
        bytes.extend(text(&long));
        bytes.extend(frame(frame::TEXT, false, br#"42["a","#));
        bytes.extend(frame(
            OpCode::Data(tungstenite::protocol::frame::coding::Data::Continue),
            true,
            br#""\"5"]"#,
        ));
        bytes.extend(text(&format!(r#"42["{}"#, "x".repeat(100_000))));
        for size in [1, 2, 3, 7, 64, 2_048, bytes.len()] {
            assert_eq!(read(&bytes, size), bytes, "{size}");
        }
    }

    #[test]
    fn odd_names_are_rewritten_and_ignored_packets_left_out_however_they_come() {
        let mut bytes = text("40");
        bytes.extend(text(r#"42["q\"uote",{"a":"\\"}]"#));
        bytes.extend(text("6"));
        bytes.extend(text("420[7]"));
        bytes.extend(text("5"));
        bytes.extend(text("5probe"));
        bytes.extend(text(&format!(r#"42["\u0041",{}]"#, "1".repeat(10_000))));
        bytes.extend(text("3"));
        let long = format!(r#"42["A",{}]"#, "1".repeat(10_000));
        for size in [1, 2, 5, 64, 2_048, bytes.len()] {
            assert_eq!(
                packets(read(&bytes, size)),
                ["40", "42[\"q\u{fffd}uote\",{\"a\":\"\\\\\"}]", "420[\"7\"]", "5probe", &long],
                "{size}"
            );
        }
    }

    #[test]
    fn a_first_part_of_a_message_is_rewritten_too() {
        let mut bytes = frame(frame::TEXT, false, br#"42["q\"uote","par"#);
        let rest = frame(OpCode::Data(tungstenite::protocol::frame::coding::Data::Continue), true, br#"t"]"#);
        bytes.extend(&rest);
        for size in [1, 16, bytes.len()] {
            assert_eq!(packets(read(&bytes, size)), ["42[\"q\u{fffd}uote\",\"par", "t\"]"], "{size}");
        }
    }

    #[test]
    fn an_answer_to_a_ping_is_noted_and_kept_from_the_library_and_a_ping_is_an_error() {
        for size in [1, 3, 100] {
            let mut inbound = Inbound::new(1_000);
            let mut store = [0; 100];
            for piece in text("3").chunks(size) {
                assert!(!inbound.take_pong());
                let mut buf = ReadBuf::new(&mut store);
                buf.put_slice(piece);
                inbound.inspect(&mut buf, 0).unwrap();
                assert!(buf.filled().is_empty());
            }
            assert!(inbound.take_pong() && !inbound.take_pong());
        }
        assert!(Inbound::new(1_000).take(&text("2")).is_err());
    }

    #[test]
    fn what_is_no_frame_is_an_error_and_too_much_before_the_sign_in_is_one() {
        let mut inbound = Inbound::new(1_000);
        assert!(inbound.take(&[0x83, 0x80, 0, 0, 0, 0]).is_err());
        let mut inbound = Inbound::new(1_000);
        inbound.count(64 * 1_024, false).unwrap();
        inbound.count(1_000_000, true).unwrap();
        assert!(inbound.count(1, false).is_err());
        // A length that no frame has is left to the library, which refuses it.
        let mut inbound = Inbound::new(1_000);
        inbound.count(0, true).unwrap();
        inbound.take(&[0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]).unwrap();
        // The header tells.
        let mut inbound = Inbound::new(1_000_000);
        assert!(inbound.take(&[0x81, 0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]).is_err());
    }
}
