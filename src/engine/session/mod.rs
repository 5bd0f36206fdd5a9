//! A session over polling: what its client has posted and the Socket.IO library has not read yet, what the library has written
//! and no poll has taken yet, and the websocket that takes it over.

mod requests;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::{Buf, BytesMut};
use tokio::{io::ReadBuf, sync::Notify};

pub(super) use self::requests::{PollGuard, PostGuard};
use super::{EngineSettings, inbound::BEFORE_SIGN_IN, payload};
use crate::{
    connection::{ClientStream, SEND_LIMIT_BEFORE_SIGN_IN, SocketRoute},
    sync::lock,
};

/// A client that polls comes back within a round trip.
const BETWEEN_POLLS: Duration = Duration::from_secs(1);

/// How long a poll waits before it is let go for a websocket.
const RELEASE_AFTER: Duration = Duration::from_millis(100);

/// What a request does that Node's clients never do: the session ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misuse {
    /// The same is asked twice at once.
    Overlap,
    /// The session is over, or it is a websocket's.
    Gone,
    /// A packet is none.
    BadPacket,
}

/// A websocket that takes a session over, and what of it was read already.
pub(super) struct Handover {
    pub(super) stream: ClientStream,
    /// Bytes that the client sent behind its upgrade packet.
    pub(super) rest: BytesMut,
    /// Frames that came by polling and were not read.
    pub(super) inbox: BytesMut,
    /// Frames that no poll has taken.
    pub(super) outbox: BytesMut,
}

/// What the library reads from a session.
pub(super) enum Inbox {
    Bytes,
    Handover(Box<Handover>),
    /// The client has answered a ping.
    Pong,
    /// The client has closed the session; told once, before the end.
    Left,
    End,
}

pub(super) struct Session {
    pub(super) route: SocketRoute,
    settings: Arc<EngineSettings>,
    state: Mutex<State>,
    /// The poll that waits has something to take.
    sent: Notify,
}

#[derive(Default)]
struct State {
    phase: Phase,
    inbox: BytesMut,
    outbox: BytesMut,
    /// The largest write that may be among the outbox, in bytes.
    largest: usize,
    handover: Option<(ClientStream, BytesMut)>,
    reader: Option<Waker>,
    is_polled: bool,
    /// The end of the last poll.
    last_poll: Option<Instant>,
    is_posted: bool,
    is_probed: bool,
    /// The client has been answered that its websocket works: polls that wait are let go, each after a while.
    release_after: Option<Duration>,
    is_left_told: bool,
    has_ponged: bool,
    /// Bytes posted before the sign-in.
    before_sign_in: u64,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// A websocket has taken it over.
    Upgraded,
    /// The client has closed it.
    Left,
    /// It ended in another way.
    Over,
}

impl Session {
    pub(super) fn new(settings: Arc<EngineSettings>) -> Arc<Self> {
        let route = SocketRoute::default();
        Arc::new(Self { route, settings, state: Mutex::default(), sent: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is left half done by a panic while it was held: each change is one assignment.
        lock(&self.state)
    }

    /// True if the session is over and there is nothing more to fetch. A client that has closed its session fetches nothing.
    pub(super) fn is_spent(&self) -> bool {
        let state = self.lock();
        state.phase == Phase::Left || (state.phase == Phase::Over && state.outbox.is_empty())
    }

    /// True if the client polls at this moment, or has done so just before it and will be back.
    pub(super) fn is_polling(&self, now: Instant) -> bool {
        let state = self.lock();
        let was_polled = |last: Instant| now.saturating_duration_since(last) < BETWEEN_POLLS;
        state.is_polled || state.last_poll.is_some_and(was_polled)
    }

    /// True if the session has ended, and takes nothing from its client any more.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.lock().phase, Phase::Left | Phase::Over)
    }

    /// Ends the session as a broken transport does.
    pub(super) fn fail(&self) {
        self.end(Phase::Over);
    }

    /// Nobody reads from the session or writes to it any more.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        if state.handover.take().is_some() {
            state.phase = Phase::Over;
        }
        drop(state);
        self.fail();
    }

    fn end(&self, phase: Phase) {
        let mut state = self.lock();
        if state.phase == Phase::Open {
            state.phase = phase;
        }
        wake_reader(&mut state);
        drop(state);
        self.sent.notify_one();
    }

    /// Begins a poll; a second one beside it ends the session, as does one that goes away unanswered.
    pub(super) fn begin_poll(self: &Arc<Self>) -> Result<PollGuard, Misuse> {
        let mut state = self.lock();
        if state.is_polled {
            drop(state);
            self.fail();
            return Err(Misuse::Overlap);
        }
        if state.phase == Phase::Upgraded {
            return Err(Misuse::Gone);
        }
        state.is_polled = true;
        Ok(PollGuard { session: Arc::clone(self), is_answered: false })
    }

    /// Takes a POST's packets to the library.
    pub(super) fn post(&self, body: &str) -> Result<(), Misuse> {
        let posted = payload::decode(body);
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Err(Misuse::Gone);
        }
        if !self.route.is_signed_in() {
            state.before_sign_in += body.len() as u64;
        }
        // The library reads at once; what waits here for long waits because it is gone.
        let is_too_much = state.before_sign_in > BEFORE_SIGN_IN
            || state.inbox.len() > 2 * self.settings.max_payload + BEFORE_SIGN_IN as usize;
        state.inbox.extend_from_slice(&posted.frames);
        state.has_ponged |= posted.has_ponged;
        wake_reader(&mut state);
        drop(state);
        if posted.closes {
            self.end(Phase::Left);
        } else if posted.is_bad || is_too_much {
            self.fail();
            return Err(Misuse::BadPacket);
        }
        Ok(())
    }

    /// Begins a POST; a second one beside it ends the session.
    pub(super) fn begin_post(self: &Arc<Self>) -> Result<PostGuard, Misuse> {
        let mut state = self.lock();
        if state.is_posted {
            drop(state);
            self.fail();
            return Err(Misuse::Overlap);
        }
        if state.phase != Phase::Open {
            return Err(Misuse::Gone);
        }
        state.is_posted = true;
        Ok(PostGuard { session: Arc::clone(self), is_done: false })
    }

    /// Begins an upgrade; false if another is under way, or the session is over or upgraded.
    pub(super) fn begin_probe(&self) -> bool {
        let mut state = self.lock();
        state.phase == Phase::Open && !std::mem::replace(&mut state.is_probed, true)
    }

    /// From now on polls that wait are let go: the client changes over when it has none under way. As in Node not at once, so
    /// that what the server is about to say goes with them.
    pub(super) fn release_polls(&self) {
        self.lock().release_after = Some(RELEASE_AFTER);
        self.sent.notify_one();
    }

    /// The upgrade has failed; polling goes on, and another may be tried.
    pub(super) fn cancel_probe(&self) {
        let mut state = self.lock();
        state.is_probed = false;
        state.release_after = None;
    }

    /// Hands the session over to a websocket; gives the stream back if the session is over.
    pub(super) fn hand_over(&self, stream: ClientStream, rest: BytesMut) -> Result<(), ClientStream> {
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Err(stream);
        }
        state.phase = Phase::Upgraded;
        state.handover = Some((stream, rest));
        wake_reader(&mut state);
        drop(state);
        self.sent.notify_one();
        Ok(())
    }

    /// Reads frames of the client's packets into `buf`, or waits for what else happens to the session.
    pub(super) fn poll_inbox(&self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<Inbox> {
        let mut state = self.lock();
        if std::mem::take(&mut state.has_ponged) {
            return Poll::Ready(Inbox::Pong);
        }
        if !state.inbox.is_empty() {
            let count = state.inbox.len().min(buf.remaining());
            buf.put_slice(state.inbox.get(..count).unwrap_or_default());
            state.inbox.advance(count);
            if state.inbox.is_empty() {
                state.inbox = BytesMut::new();
            }
            return Poll::Ready(Inbox::Bytes);
        }
        if let Some(handover) = take_handover(&mut state) {
            return Poll::Ready(Inbox::Handover(Box::new(handover)));
        }
        let phase = state.phase;
        match phase {
            Phase::Left if !std::mem::replace(&mut state.is_left_told, true) => Poll::Ready(Inbox::Left),
            Phase::Left | Phase::Over => Poll::Ready(Inbox::End),
            Phase::Open | Phase::Upgraded => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Takes frames that the library writes; gives the websocket if one has taken the session over.
    pub(super) fn push(&self, frames: &[u8]) -> io::Result<Option<Box<Handover>>> {
        let mut state = self.lock();
        match state.phase {
            Phase::Left | Phase::Over => return Err(io::ErrorKind::BrokenPipe.into()),
            Phase::Upgraded => return Ok(take_handover(&mut state).map(Box::new)),
            Phase::Open => {}
        }
        let limit =
            if self.route.is_signed_in() { self.settings.send_limit } else { SEND_LIMIT_BEFORE_SIGN_IN };
        // One large answer is no sign of a client that does not poll.
        if state.outbox.len() > limit.saturating_add(state.largest) {
            drop(state);
            tracing::debug!("a client does not poll: its session ends");
            self.fail();
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        state.largest = if state.outbox.is_empty() { 0 } else { state.largest }.max(frames.len());
        state.outbox.extend_from_slice(frames);
        drop(state);
        self.sent.notify_one();
        Ok(None)
    }
}

fn wake_reader(state: &mut State) {
    if let Some(reader) = state.reader.take() {
        reader.wake();
    }
}

fn take_handover(state: &mut State) -> Option<Handover> {
    let (stream, rest) = state.handover.take()?;
    let (inbox, outbox) = (std::mem::take(&mut state.inbox), std::mem::take(&mut state.outbox));
    Some(Handover { stream, rest, inbox, outbox })
}

#[cfg(test)]
mod tests;
