//! Filters the bytes that a websocket's client sends, frame by frame, before the Socket.IO library reads them. Nearly
//! all pass unchanged. An event whose name the library cannot read is rewritten, packets that Node ignores are dropped,
//! and a client that has not signed in may send only a limited number of bytes.

mod judgement;

use std::io;

use bytes::{Buf, BytesMut};
use tokio::io::ReadBuf;
use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Data, OpCode},
};

use super::frame::{self, Parsed};
use judgement::{Judgement, Settled, judge, settle};

/// Bytes that a client may send before it has signed in: room for some tokens and a few packets.
pub(super) const BEFORE_SIGN_IN: u64 = 64 * 1_024;

#[derive(Default)]
pub(super) struct Inbound {
    /// Bytes of the current frame that still pass without inspection.
    passing: u64,
    /// The beginning of a frame that cannot be judged yet, or that must be complete to be decoded as a packet.
    held: BytesMut,
    /// The number of bytes that must be held before the next inspection.
    awaited: usize,
    /// The fragments so far of a message that is decoded as a packet when the last fragment has arrived.
    parts: Option<(FrameHeader, BytesMut)>,
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
            ensure_little(self.before_sign_in)?;
        }
        Ok(())
    }

    /// Decides on the frame that `bytes` begin with. A frame that is too long before the sign-in is refused before it
    /// has arrived.
    fn judge(&self, bytes: &[u8]) -> io::Result<Judgement> {
        let Some(parsed) = frame::parse(bytes)? else { return Ok(Judgement::Wait) };
        if !self.is_signed_in {
            ensure_little(parsed.length)?;
        }
        Ok(match &self.parts {
            None => judge(bytes, &parsed, self.max_frame),
            Some((_, before)) => self.judge_part(&parsed, before.len() as u64),
        })
    }

    /// Decides on a frame that continues a message of which `before` bytes are held.
    fn judge_part(&self, frame: &Parsed, before: u64) -> Judgement {
        let Parsed { header, start, length } = frame;
        let whole = length.saturating_add(*start as u64);
        let is_part = header.opcode == OpCode::Data(Data::Continue) && header.mask.is_some();
        if !is_part || before.saturating_add(*length) > self.max_frame {
            // A control frame, which may come between fragments, or a frame that the library refuses.
            return Judgement::Pass { whole };
        }
        Judgement::Take { whole: usize::try_from(whole).unwrap_or(usize::MAX) }
    }

    /// Inspects bytes that were not read into a read buffer.
    pub(super) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(bytes);
        self.look_at_held()
    }

    /// Inspects the bytes of `buf` after `before`. Bytes that must wait, or that are to be replaced, are removed from
    /// it.
    pub(super) fn inspect(&mut self, buf: &mut ReadBuf<'_>, before: usize) -> io::Result<()> {
        if !self.held.is_empty() || self.parts.is_some() {
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
                Judgement::Wait | Judgement::Take { .. } => {
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

    /// Moves decided bytes from `held` to `ready`.
    fn look_at_held(&mut self) -> io::Result<()> {
        // The bytes of an incomplete frame were judged before.
        while self.held.len() >= self.awaited {
            self.awaited = 0;
            let passing = self.held.len().min(usize::try_from(self.passing).unwrap_or(usize::MAX));
            self.passing -= passing as u64;
            self.ready.extend_from_slice(&self.held.split_to(passing));
            if self.held.is_empty() {
                self.held = BytesMut::new();
                return Ok(());
            }
            match self.judge(&self.held)? {
                Judgement::Pass { whole } => self.pass(whole)?,
                Judgement::Wait => return Ok(()),
                Judgement::Take { whole } if self.held.len() < whole => self.awaited = whole,
                Judgement::Take { .. } => self.take_frame()?,
            }
        }
        Ok(())
    }

    /// Passes the frame at the beginning of the held bytes.
    fn pass(&mut self, whole: u64) -> io::Result<()> {
        self.passing = whole;
        let is_control = |frame: Parsed| matches!(frame.header.opcode, OpCode::Control(_));
        if self.parts.is_some()
            && !frame::parse(&self.held)?.is_some_and(is_control)
            && let Some((header, packet)) = self.parts.take()
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
        let (mut header, packet) = match self.parts.take() {
            None => (header, payload),
            Some((first, mut packet)) => {
                packet.extend_from_slice(&payload);
                (first, packet)
            }
        };
        if !is_final {
            self.parts = Some((header, packet));
            return Ok(());
        }
        header.is_final = true;
        match settle(&packet)? {
            Settled::Packet(packet) => frame::put(&mut self.ready, header, &packet),
            Settled::Pong => self.has_ponged = true,
            Settled::Ignored => {}
        }
        Ok(())
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

#[cfg(test)]
mod tests;
