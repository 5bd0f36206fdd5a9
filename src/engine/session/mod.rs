//! A session over polling: the inbox of posted frames that the Socket.IO library has not read yet, the outbox of frames
//! that no poll has taken yet, and the websocket that the session is handed over to.

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

/// The longest gap between two polls of a client that is polling: a round trip.
const BETWEEN_POLLS: Duration = Duration::from_secs(1);

/// The time after which a waiting poll is released, so that the client can upgrade to a websocket.
const RELEASE_AFTER: Duration = Duration::from_millis(100);

/// A misuse of the transport that Node's clients never commit: it ends the session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Misuse {
    /// Two polls, or two POSTs, overlap.
    Overlap,
    /// The session is over, or has been upgraded to a websocket.
    Gone,
    /// A packet is malformed.
    BadPacket,
}

/// The websocket that takes a session over, with the bytes that were read already.
pub(super) struct Handover {
    pub(super) stream: ClientStream,
    /// Bytes that the client sent after its upgrade packet.
    pub(super) rest: BytesMut,
    /// Frames that were posted and not yet read.
    pub(super) inbox: BytesMut,
    /// Frames that no poll has taken.
    pub(super) outbox: BytesMut,
}

/// The result of reading from a session.
pub(super) enum Inbox {
    Bytes,
    Handover(Box<Handover>),
    /// The client has sent a pong.
    Pong,
    /// The client has closed the session; returned once, before the end of the stream.
    ClosedByClient,
    End,
}

pub(super) struct Session {
    pub(super) route: SocketRoute,
    settings: Arc<EngineSettings>,
    state: Mutex<State>,
    /// Notifies the waiting poll that there is something to take.
    sent: Notify,
}

#[derive(Default)]
struct State {
    phase: Phase,
    inbox: BytesMut,
    outbox: BytesMut,
    /// The size of the largest write in the outbox, in bytes.
    largest: usize,
    handover: Option<(ClientStream, BytesMut)>,
    reader: Option<Waker>,
    is_polled: bool,
    /// The time when the last poll ended.
    last_poll: Option<Instant>,
    is_posted: bool,
    is_probed: bool,
    /// The probe has been answered, so waiting polls are released, each after this delay.
    release_after: Option<Duration>,
    is_close_reported: bool,
    has_ponged: bool,
    /// Bytes posted before the sign-in.
    before_sign_in: u64,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Open,
    /// A websocket has taken the session over.
    Upgraded,
    /// The client has closed the session.
    ClosedByClient,
    /// The session ended in another way.
    Ended,
}

impl Session {
    pub(super) fn new(settings: Arc<EngineSettings>) -> Arc<Self> {
        let route = SocketRoute::default();
        Arc::new(Self { route, settings, state: Mutex::default(), sent: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of an earlier holder leaves nothing half done: each change is one assignment.
        lock(&self.state)
    }

    /// True if the session is over and has nothing left to fetch. A client that has closed its session fetches nothing.
    pub(super) fn is_drained(&self) -> bool {
        let state = self.lock();
        state.phase == Phase::ClosedByClient || (state.phase == Phase::Ended && state.outbox.is_empty())
    }

    /// True if a poll is waiting, or the last one ended so recently that the client is about to poll again.
    pub(super) fn is_polling(&self, now: Instant) -> bool {
        let state = self.lock();
        let was_polled = |last: Instant| now.saturating_duration_since(last) < BETWEEN_POLLS;
        state.is_polled || state.last_poll.is_some_and(was_polled)
    }

    /// True if the session has ended and accepts nothing from its client any more.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.lock().phase, Phase::ClosedByClient | Phase::Ended)
    }

    /// Ends the session as a broken transport would.
    pub(super) fn fail(&self) {
        self.end(Phase::Ended);
    }

    /// Ends the session because the library has dropped its stream.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        if state.handover.take().is_some() {
            state.phase = Phase::Ended;
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

    /// Begins a poll. A second concurrent poll ends the session, as does a client that disconnects before the answer.
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

    /// Queues the packets of a POST for the library.
    pub(super) fn post(&self, body: &str) -> Result<(), Misuse> {
        let posted = payload::decode(body);
        let mut state = self.lock();
        if state.phase != Phase::Open {
            return Err(Misuse::Gone);
        }
        if !self.route.is_signed_in() {
            state.before_sign_in += body.len() as u64;
        }
        // The library reads at once. Bytes that stay here for long stay because the library has dropped the stream.
        let is_too_much = state.before_sign_in > BEFORE_SIGN_IN
            || state.inbox.len() > 2 * self.settings.max_payload + BEFORE_SIGN_IN as usize;
        state.inbox.extend_from_slice(&posted.frames);
        state.has_ponged |= posted.has_ponged;
        wake_reader(&mut state);
        drop(state);
        if posted.closes {
            self.end(Phase::ClosedByClient);
        } else if posted.is_bad || is_too_much {
            self.fail();
            return Err(Misuse::BadPacket);
        }
        Ok(())
    }

    /// Begins a POST. A second concurrent POST ends the session.
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

    /// Begins an upgrade; false if another is under way, or the session is over or upgraded already.
    pub(super) fn begin_probe(&self) -> bool {
        let mut state = self.lock();
        state.phase == Phase::Open && !std::mem::replace(&mut state.is_probed, true)
    }

    /// Releases waiting polls from now on: the client completes its upgrade when it has no poll under way. As in Node
    /// there is a delay, so that packets that are about to be written still go out with the poll.
    pub(super) fn release_polls(&self) {
        self.lock().release_after = Some(RELEASE_AFTER);
        self.sent.notify_one();
    }

    /// Cancels a failed upgrade: polling goes on, and another upgrade may be tried.
    pub(super) fn cancel_probe(&self) {
        let mut state = self.lock();
        state.is_probed = false;
        state.release_after = None;
    }

    /// Hands the session over to a websocket. Returns the stream if the session is over.
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

    /// Reads the client's frames into `buf`, or waits for the next event of the session.
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
            Phase::ClosedByClient if !std::mem::replace(&mut state.is_close_reported, true) => {
                Poll::Ready(Inbox::ClosedByClient)
            }
            Phase::ClosedByClient | Phase::Ended => Poll::Ready(Inbox::End),
            Phase::Open | Phase::Upgraded => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Queues frames that the library writes. Returns the websocket if one has taken the session over.
    pub(super) fn push(&self, frames: &[u8]) -> io::Result<Option<Box<Handover>>> {
        let mut state = self.lock();
        match state.phase {
            Phase::ClosedByClient | Phase::Ended => return Err(io::ErrorKind::BrokenPipe.into()),
            Phase::Upgraded => return Ok(take_handover(&mut state).map(Box::new)),
            Phase::Open => {}
        }
        let limit =
            if self.route.is_signed_in() { self.settings.send_limit } else { SEND_LIMIT_BEFORE_SIGN_IN };
        // One large answer does not prove that the client has stopped polling.
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
