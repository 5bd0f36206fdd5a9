//! Filters the bytes that a websocket's client sends, frame by frame, before the Socket.IO library reads them. Nearly
//! all pass unchanged. An event whose name the library cannot read is rewritten, packets that Node ignores are dropped,
//! and a client that has not signed in may send only a limited number of bytes.

mod decision;

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::ReadBuf;
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Data, OpCode},
};

use super::frame::{self, Parsed};
use decision::{FrameAction, PacketAction, decide_frame, decide_packet};

/// Bytes that a client may send before it has signed in: room for some tokens and a few packets.
pub(super) const BEFORE_SIGN_IN: u64 = 64 * 1_024;

#[derive(Default)]
pub(super) struct Inbound {
    /// Bytes of the current frame that still pass without inspection.
    pass_through: u64,
    /// The beginning of a frame that cannot be judged yet, or that must be complete to be decoded as a packet.
    held: BytesMut,
    /// The number of bytes that must be held before the next inspection.
    needed: usize,
    /// The fragments so far of a message that is decoded as a packet when the last fragment has arrived.
    fragments: Option<(FrameHeader, BytesMut)>,
    /// Bytes for the library, to be read before any others.
    ready: BytesMut,
    /// Bytes received in all, counted until the client signs in.
    before_sign_in: u64,
    is_signed_in: bool,
    has_ponged: bool,
    max_frame: u64,
}

impl Inbound {
    pub(super) fn new(max_frame: usize) -> Self {
        Self { max_frame: max_frame as u64, ..Self::default() }
    }

    /// Puts bytes in front of everything that is read later. They are not inspected.
    pub(super) fn inject(&mut self, bytes: &[u8]) {
        self.ready.extend_from_slice(bytes);
    }

    /// Copies ready bytes into `buf`; true if there were any.
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

    /// True if the client has sent a pong since the last call.
    pub(super) fn take_pong(&mut self) -> bool {
        std::mem::take(&mut self.has_ponged)
    }

    /// Counts received bytes until the client has signed in; an error when they exceed the limit before that.
    pub(super) fn count(&mut self, bytes: usize, is_signed_in: bool) -> io::Result<()> {
        self.is_signed_in = is_signed_in;
        if !is_signed_in {
            self.before_sign_in += bytes as u64;
            ensure_within_limit(self.before_sign_in)?;
        }
        Ok(())
    }

    /// Decides on the frame that `bytes` begin with. A frame that is too long before the sign-in is refused before it
    /// has arrived.
    fn decide(&self, bytes: &[u8]) -> io::Result<FrameAction> {
        let Some(parsed) = frame::parse(bytes)? else { return Ok(FrameAction::Wait) };
        if !self.is_signed_in {
            ensure_within_limit(parsed.length)?;
        }
        Ok(match &self.fragments {
            None => decide_frame(bytes, &parsed, self.max_frame),
            Some((_, before)) => self.decide_fragment(&parsed, before.len() as u64),
        })
    }

    /// Decides on a frame that continues a message of which `before` bytes are held.
    fn decide_fragment(&self, frame: &Parsed, before: u64) -> FrameAction {
        let Parsed { header, start, length } = frame;
        let whole = length.saturating_add(*start as u64);
        let is_part = header.opcode == OpCode::Data(Data::Continue) && header.mask.is_some();
        if !is_part || before.saturating_add(*length) > self.max_frame {
            // A control frame, which may come between fragments, or a frame that the library refuses.
            return FrameAction::Pass { whole };
        }
        FrameAction::Buffer { whole: usize::try_from(whole).unwrap_or(usize::MAX) }
    }

    /// Inspects bytes that were not read into a read buffer.
    pub(super) fn inspect_unbuffered(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(bytes);
        self.inspect_held()
    }

    /// Inspects the bytes of `buf` after `before`. Bytes that must wait, or that are to be replaced, are removed from
    /// it.
    pub(super) fn inspect(&mut self, buf: &mut ReadBuf<'_>, before: usize) -> io::Result<()> {
        if !self.held.is_empty() || self.fragments.is_some() {
            let came = buf.filled().get(before..).unwrap_or_default();
            self.held.extend_from_slice(came);
            buf.set_filled(before);
            self.inspect_held()?;
            self.deliver(buf);
            return Ok(());
        }
        let mut position = before;
        loop {
            let rest = buf.filled().get(position..).unwrap_or_default();
            let passing = rest.len().min(usize::try_from(self.pass_through).unwrap_or(usize::MAX));
            self.pass_through -= passing as u64;
            position += passing;
            let Some(rest) = rest.get(passing..).filter(|rest| !rest.is_empty()) else { return Ok(()) };
            match self.decide(rest)? {
                FrameAction::Pass { whole } => self.pass_through = whole,
                FrameAction::Wait | FrameAction::Buffer { .. } => {
                    self.held.extend_from_slice(rest);
                    buf.set_filled(position);
                    self.inspect_held()?;
                    if position == before {
                        self.deliver(buf);
                    }
                    return Ok(());
                }
            }
        }
    }

    /// Moves decided bytes from `held` to `ready`.
    fn inspect_held(&mut self) -> io::Result<()> {
        // The bytes of an incomplete frame were judged before.
        while self.held.len() >= self.needed {
            self.needed = 0;
            let passing = self.held.len().min(usize::try_from(self.pass_through).unwrap_or(usize::MAX));
            self.pass_through -= passing as u64;
            self.ready.extend_from_slice(&self.held.split_to(passing));
            if self.held.is_empty() {
                self.held = BytesMut::new();
                return Ok(());
            }
            match self.decide(&self.held)? {
                FrameAction::Pass { whole } => self.pass(whole)?,
                FrameAction::Wait => return Ok(()),
                FrameAction::Buffer { whole } if self.held.len() < whole => self.needed = whole,
                FrameAction::Buffer { .. } => self.take_frame()?,
            }
        }
        Ok(())
    }

    /// Passes the frame at the beginning of the held bytes.
    fn pass(&mut self, whole: u64) -> io::Result<()> {
        self.pass_through = whole;
        let is_control = |frame: Parsed| matches!(frame.header.opcode, OpCode::Control(_));
        if self.fragments.is_some()
            && !frame::parse(&self.held)?.is_some_and(is_control)
            && let Some((header, packet)) = self.fragments.take()
        {
            // The message is malformed: pass it on, so that the library refuses it.
            frame::put(&mut self.ready, header, &packet);
        }
        Ok(())
    }

    /// Takes the frame at the beginning of the held bytes, and decodes the packet if this is its last fragment.
    fn take_frame(&mut self) -> io::Result<()> {
        let Some((header, payload)) = frame::split(&mut self.held)? else { return Ok(()) };
        let is_final = header.is_final;
        let (mut header, packet) = match self.fragments.take() {
            None => (header, payload),
            Some((first, mut packet)) => {
                packet.extend_from_slice(&payload);
                (first, packet)
            }
        };
        if !is_final {
            self.fragments = Some((header, packet));
            return Ok(());
        }
        header.is_final = true;
        match decide_packet(&packet)? {
            PacketAction::Deliver(packet) => frame::put(&mut self.ready, header, &packet),
            PacketAction::Pong => self.has_ponged = true,
            PacketAction::Ignore => {}
        }
        Ok(())
    }
}

fn ensure_within_limit(bytes: u64) -> io::Result<()> {
    if bytes > BEFORE_SIGN_IN {
        return Err(invalid("too much before the sign-in"));
    }
    Ok(())
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests;
