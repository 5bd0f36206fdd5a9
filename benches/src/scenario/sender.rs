//! A sender of `messages`: what it has to send, what became of it, and what is counted of both.

use std::{
    cell::{Ref, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use super::Run;
use crate::{
    checker::Fate, clock::Window, crowd::Bell, histogram::Histogram, packet::Mark, socket::Outbox,
    users::room_id,
};

#[derive(Default)]
pub struct Tally {
    pub acked: u64,
    pub deliveries: u64,
    pub ack: Histogram,
    pub delivery: Histogram,
    pub sent_late: Histogram,
    pub sent_in_all: u64,
    pub accepted_in_all: u64,
    pub refused_in_all: u64,
    pub heard_in_all: u64,
}

impl Tally {
    /// A listener heard at `now` a message that was due at `due`.
    pub fn heard(&mut self, due: u64, now: u64, window: Window) {
        self.heard_in_all += 1;
        self.deliveries += u64::from(window.holds(now));
        if window.holds(due) {
            self.delivery.record(now.saturating_sub(due));
        }
    }

    pub fn answered(&mut self, accepted: bool, due: u64, now: u64, window: Window) {
        if !accepted {
            self.refused_in_all += 1;
            return;
        }
        self.accepted_in_all += 1;
        self.acked += u64::from(window.holds(now));
        if window.holds(due) {
            self.ack.record(now.saturating_sub(due));
        }
    }
}

/// The state that a sender's task and the pacer share.
pub struct Sender {
    number: u64,
    room: String,
    /// The moments of messages that are to be sent.
    due: RefCell<VecDeque<u64>>,
    pub bell: Bell,
    /// The fates of all messages, in the order of sending.
    fates: RefCell<Vec<Fate>>,
}

impl Sender {
    pub fn new(number: u64, room: usize) -> Rc<Self> {
        Rc::new(Self {
            number,
            room: room_id(room),
            due: RefCell::default(),
            bell: Bell::default(),
            fates: RefCell::default(),
        })
    }

    /// Has a message sent in the sender's next turn.
    pub fn owe(&self, due: u64) {
        self.due.borrow_mut().push_back(due);
    }

    /// Writes every message that is due. Messages that are not sent when the run stops are never sent.
    pub fn send(&self, run: &Run<Tally>, tally: &mut Tally, outbox: &mut Outbox) {
        let (mut waiting, mut fates) = (self.due.borrow_mut(), self.fates.borrow_mut());
        if waiting.is_empty() {
            return;
        }
        let now = run.clock.now();
        for due in waiting.drain(..) {
            if run.stopping.get() {
                continue;
            }
            fates.push(Fate::Outstanding { due });
            let mark = Mark { sender: self.number, n: fates.len() as u64, due };
            outbox.push(|out| mark.write_message(out, &self.room));
            tally.sent_in_all += 1;
            if run.window.get().holds(due) {
                tally.sent_late.record(now.saturating_sub(due));
            }
        }
    }

    /// Notes the answer to a message, and tells when that was due; `None` when it was answered before.
    pub fn settle(&self, id: u64, accepted: bool) -> Option<u64> {
        let mut fates = self.fates.borrow_mut();
        let place = usize::try_from(id).ok()?.checked_sub(1)?;
        let fate = fates.get_mut(place)?;
        let Fate::Outstanding { due } = *fate else { return None };
        *fate = if accepted { Fate::Accepted } else { Fate::Refused };
        Some(due)
    }

    pub fn fates(&self) -> Ref<'_, [Fate]> {
        Ref::map(self.fates.borrow(), Vec::as_slice)
    }
}
