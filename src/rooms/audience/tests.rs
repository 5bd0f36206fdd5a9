//! A model of a room: thousands of random histories, in which each socket gets exactly what was pushed while it was in the room,
//! in order, once.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use serde_json::{Value, value::RawValue};

use super::*;

const USERS: usize = 12;
/// The longest that a packet may wait.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// What a model's socket was sent, or should have been.
type Mailbox = Vec<String>;

struct ModelSocket {
    sid: Sid,
    user: usize,
    /// A client that does not read gets nothing more, and its connection is closed at some later time.
    is_slow: bool,
    expected: Vec<(Instant, String)>,
    got: Mailbox,
    /// Users who are here as this client believes.
    believed_here: BTreeSet<String>,
}

struct Model {
    rng: Rng,
    audience: Audience,
    now: Instant,
    /// Those in the room.
    sockets: Vec<ModelSocket>,
    timers: Vec<Instant>,
    /// Flushes that come after an ack.
    after_ack: usize,
    count: usize,
    /// No join or leave is ever deferred, so that which are sent is known.
    is_exact: bool,
}

fn user(number: usize) -> TokenUserView {
    TokenUserView { id: format!("user-{number}").as_str().into(), name: None }
}

fn text(packet: &Encoded) -> String {
    let data: &RawValue = packet.data();
    format!("{} {}", packet.event(), data.get())
}

impl Model {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (now, is_exact) = (Instant::now(), rng.bool());
        let settings = LiveSettings {
            messages: 1,
            history: 1,
            doubt: Duration::ZERO,
            presence_rate: if is_exact { 1_000_000 } else { 30 },
            ephemeral_rate: 10,
            flush_interval: if rng.u8(..8) == 0 { Duration::ZERO } else { Duration::from_millis(20) },
            compared_for: Duration::ZERO,
            idle: Duration::ZERO,
            idle_memory: 0,
            memory: 0,
        };
        let audience = Audience::new("room".into(), &settings, now);
        let (sockets, timers) = (Vec::new(), Vec::new());
        Self { rng, audience, now, sockets, timers, after_ack: 0, count: 0, is_exact }
    }

    fn carry_out(&mut self, outgoing: Outgoing) {
        for send in outgoing.sends {
            let (packet, sids): (Encoded, Vec<Sid>) = match send {
                Send::ToSockets(sids, packet) => (packet, sids),
                Send::ToRoom(delivery) => {
                    let is_for = |socket: &&ModelSocket| {
                        !delivery.except_users.contains(&user(socket.user).id)
                            && delivery.except_socket != Some(socket.sid)
                    };
                    let sids = self.sockets.iter().filter(is_for).map(|socket| socket.sid).collect();
                    (delivery.packet, sids)
                }
            };
            for sid in sids {
                let socket = self.sockets.iter_mut().find(|socket| socket.sid == sid).unwrap();
                socket.get(&packet);
            }
        }
        match outgoing.next {
            Next::Nothing => {}
            Next::Timer(time) => self.timers.push(time),
            Next::AfterAck => self.after_ack += 1,
        }
    }

    /// A packet is pushed that these sockets are to get.
    fn expect(&mut self, text: &str, is_for: impl Fn(&ModelSocket) -> bool) {
        let now = self.now;
        for socket in self.sockets.iter_mut().filter(|socket| is_for(socket)) {
            socket.expected.push((now, text.to_owned()));
        }
    }

    fn expect_presence(&mut self, event: &str, number: usize) {
        let view = match event {
            event::ROOM_USER_JOINED => serde_json::json!({ "roomId": "room", "user": user(number) }),
            _ => serde_json::json!({ "roomId": "room", "userId": user(number).id }),
        };
        if self.is_exact {
            self.expect(&format!("{event} {view}"), |socket| socket.user != number);
        }
    }

    fn packet(&mut self, event: &'static str) -> Encoded {
        self.count += 1;
        Encoded::new(event, &self.count).unwrap()
    }

    fn is_present(&self, number: usize) -> bool {
        self.sockets.iter().any(|socket| socket.user == number)
    }

    fn some_socket(&mut self) -> Option<usize> {
        (!self.sockets.is_empty()).then(|| self.rng.usize(..self.sockets.len()))
    }

    fn join(&mut self) {
        let number = self.rng.usize(..USERS);
        let sid = Sid::new();
        let announce = if self.rng.u8(..6) == 0 { Announce::No } else { Announce::Yes };
        let was_announced = self.is_announced(number);
        let outgoing = self.audience.arrive(&user(number), sid, announce, self.now);
        if announce == Announce::Yes && !was_announced {
            self.expect_presence(event::ROOM_USER_JOINED, number);
        }
        self.carry_out(outgoing);
        // The client is shown who is here, and all messages that were pushed until now.
        let believed_here = self.audience.presence.announced().map(ToString::to_string).collect();
        let (expected, got, is_slow) = (Vec::new(), Vec::new(), false);
        self.sockets.push(ModelSocket { sid, user: number, is_slow, expected, got, believed_here });
        self.ensure_caught_up(number);
    }

    fn is_announced(&self, number: usize) -> bool {
        let user_id = user(number).id;
        self.audience.presence.announced().any(|announced| *announced == user_id)
    }

    fn leave(&mut self) {
        let Some(index) = self.some_socket() else { return };
        let (sid, number) = (self.sockets[index].sid, self.sockets[index].user);
        let (was_here, outgoing) = self.audience.depart(&user(number), sid, self.now);
        assert!(was_here);
        // As in the original, also of a user of whose coming nobody was told.
        if self.audience.presence.sockets_of(&user(number).id).is_empty() {
            self.expect_presence(event::ROOM_USER_LEFT, number);
        }
        self.carry_out(outgoing);
        let left = self.sockets.remove(index);
        left.ensure_complete(self.is_exact);
        if self.sockets.is_empty() {
            assert_eq!(self.audience.outbox.pending(Class::Entry), 0, "nobody is left to be sent it");
        }
    }

    fn evict(&mut self) {
        let number = self.rng.usize(..USERS);
        let (evicted, outgoing) = self.audience.evict(|user_id| *user_id != user(number).id);
        self.carry_out(outgoing);
        assert_eq!(evicted.len(), usize::from(self.is_present(number)));
        for left in self.sockets.extract_if(.., |socket| socket.user == number) {
            left.ensure_complete(self.is_exact);
        }
        if !evicted.is_empty() {
            self.expect_presence(event::ROOM_USER_LEFT, number);
        }
        let user_ids: Vec<UserId> = evicted.into_iter().map(|(user_id, _)| user_id).collect();
        let outgoing = self.audience.evicted(user_ids.into_iter(), self.now);
        self.carry_out(outgoing);
    }

    fn send_message(&mut self) {
        let author = self.rng.usize(..USERS);
        let packet = self.packet(event::MESSAGE_NEW);
        self.expect(&text(&packet), |_| true);
        let outgoing = self.audience.push_message(&user(author).id, packet, self.now);
        self.carry_out(outgoing);
        // The author's ack is next.
        self.ensure_caught_up(author);
    }

    fn edit(&mut self) {
        let packet = self.packet(event::MESSAGE_UPDATED);
        self.expect(&text(&packet), |_| true);
        let outgoing = self.audience.push_entry(packet);
        self.carry_out(outgoing);
        (0..USERS).for_each(|number| self.ensure_caught_up(number));
    }

    /// By somebody in the room, or by somebody who is not.
    fn push_ephemeral(&mut self) {
        let from = self.some_socket().map_or_else(Sid::new, |index| self.sockets[index].sid);
        let packet = self.packet(event::TYPING_USER);
        self.expect(&text(&packet), |socket| socket.sid != from);
        let outgoing = self.audience.push_ephemeral(from, packet, self.now);
        self.carry_out(outgoing);
    }

    /// What `messages:sync` and `room:presence` do.
    fn catch_up(&mut self) {
        let number = self.rng.usize(..USERS);
        let outgoing = self.audience.catch_up(&user(number).id);
        self.carry_out(outgoing);
        self.ensure_caught_up(number);
    }

    fn stall(&mut self) {
        if let Some(index) = self.some_socket() {
            self.sockets[index].is_slow = true;
        }
    }

    fn run_after_ack(&mut self) {
        for _ in 0..std::mem::take(&mut self.after_ack) {
            let outgoing = self.audience.flush();
            self.carry_out(outgoing);
        }
    }

    fn pass(&mut self, time: Duration) {
        self.run_after_ack();
        let until = self.now + time;
        loop {
            self.timers.sort();
            if self.timers.first().is_none_or(|first| *first > until) {
                break;
            }
            let timer = self.timers.remove(0);
            self.now = self.now.max(timer);
            let outgoing = self.audience.wake(timer, self.now);
            self.carry_out(outgoing);
        }
        self.now = until;
        let late = until - LONGEST_WAIT;
        for socket in self.sockets.iter().filter(|socket| !socket.is_slow) {
            let missing = socket.expected.get(socket.got(self.is_exact).len());
            assert!(missing.is_none_or(|(pushed, _)| *pushed > late), "{missing:?} is late");
        }
    }

    fn ensure_caught_up(&self, number: usize) {
        self.sockets.iter().filter(|socket| socket.user == number).for_each(|socket| {
            socket.ensure_complete(self.is_exact);
        });
    }

    fn step(&mut self) {
        match self.rng.u8(..100) {
            0..22 => self.join(),
            22..34 => self.leave(),
            34..60 => self.send_message(),
            60..64 => self.edit(),
            64..78 => self.push_ephemeral(),
            78..82 => self.catch_up(),
            82..84 => self.stall(),
            84..86 => self.evict(),
            86..90 => self.run_after_ack(),
            _ => {
                let time = Duration::from_millis(self.rng.u64(..60));
                self.pass(time);
            }
        }
    }

    fn ensure_all_is_well(mut self) {
        self.pass(Duration::from_secs(1_000));
        assert!(self.timers.is_empty(), "timers that go on for ever");
        assert_eq!(self.audience.waiting_presence(), 0);
        let here: BTreeSet<String> = self.audience.presence.announced().map(ToString::to_string).collect();
        for socket in &self.sockets {
            socket.ensure_complete(self.is_exact);
            if !socket.is_slow {
                let own = user(socket.user).id.to_string();
                let others = |users: &BTreeSet<String>| -> Vec<String> {
                    users.iter().filter(|user| **user != own).cloned().collect()
                };
                assert_eq!(others(&socket.believed_here), others(&here), "as {own} believes");
            }
        }
    }
}

impl ModelSocket {
    fn get(&mut self, packet: &Encoded) {
        if self.is_slow {
            return;
        }
        self.got.push(text(packet));
        let data: Value = serde_json::from_str(packet.data().get()).unwrap();
        match packet.event() {
            event::ROOM_USER_JOINED => {
                self.believed_here.insert(data["user"]["id"].as_str().unwrap().to_owned());
            }
            event::ROOM_USER_LEFT => {
                self.believed_here.remove(data["userId"].as_str().unwrap());
            }
            _ => {}
        }
    }

    /// What it got, as far as the model knows what to expect.
    fn got(&self, is_exact: bool) -> Vec<&String> {
        self.got.iter().filter(|text| is_exact || !text.starts_with("room:user-")).collect()
    }

    fn ensure_complete(&self, is_exact: bool) {
        let (got, expected) = (self.got(is_exact), self.expected.iter().map(|(_, text)| text));
        if self.is_slow {
            let first: Vec<&String> = expected.take(got.len()).collect();
            assert_eq!(got, first, "a slow socket gets the first, in order");
        } else {
            assert_eq!(got, expected.collect::<Vec<_>>());
        }
    }
}

#[test]
fn in_random_histories_each_socket_gets_what_was_pushed_while_it_was_there_in_order_once() {
    for seed in 0..3_000 {
        let outcome = std::panic::catch_unwind(|| {
            let mut model = Model::new(seed);
            (0..120).for_each(|_| model.step());
            model.ensure_all_is_well();
        });
        assert!(outcome.is_ok(), "with seed {seed}");
    }
}

fn audience(presence_rate: u32, now: Instant) -> Audience {
    let settings = LiveSettings {
        messages: 1,
        history: 1,
        doubt: Duration::ZERO,
        presence_rate,
        ephemeral_rate: 3,
        flush_interval: Duration::from_millis(20),
        compared_for: Duration::ZERO,
        idle: Duration::ZERO,
        idle_memory: 0,
        memory: 0,
    };
    Audience::new("room".into(), &settings, now)
}

/// How many packets an outgoing has, by event.
fn counts(outgoing: &Outgoing) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for send in &outgoing.sends {
        let (Send::ToSockets(_, packet) | Send::ToRoom(Delivery { packet, .. })) = send;
        *counts.entry(packet.event()).or_default() += 1;
    }
    counts
}

#[test]
fn several_joins_in_a_moment_are_sent_together() {
    let now = Instant::now();
    let mut audience = audience(1_000, now);
    let joins: Vec<Outgoing> =
        (0..9).map(|number| audience.arrive(&user(number), Sid::new(), Announce::Yes, now)).collect();
    let sent: Vec<usize> = joins.iter().map(|join| join.sends.len()).collect();
    // Nobody hears of the first.
    assert_eq!(sent, [0, 1, 1, 1, 1, 0, 0, 0, 0]);
    assert_eq!(joins[5].next, Next::Timer(now + PRESENCE_INTERVAL));
    assert_eq!(audience.waiting_presence(), 4);
    let later = now + PRESENCE_INTERVAL;
    assert_eq!(counts(&audience.wake(later, later)), BTreeMap::from([(event::ROOM_USER_JOINED, 4)]));
    assert_eq!(audience.waiting_presence(), 0);
}

#[test]
fn in_a_small_room_a_message_is_sent_to_everybody_at_once() {
    let now = Instant::now();
    let mut audience = audience(1_000, now);
    for number in 0..BATCH_MIN_SOCKETS - 1 {
        audience.arrive(&user(number), Sid::new(), Announce::Yes, now);
    }
    audience.flush();
    for _ in 0..200 {
        let packet = Encoded::new(event::MESSAGE_NEW, &1).unwrap();
        let outgoing = audience.push_message(&user(0).id, packet, now);
        assert_eq!((outgoing.sends.len(), outgoing.next), (1, Next::Nothing));
    }
}

#[test]
fn in_a_large_room_the_author_comes_first_and_many_messages_are_sent_together() {
    let now = Instant::now();
    let mut audience = audience(1_000, now);
    for number in 0..BATCH_MIN_SOCKETS {
        audience.arrive(&user(number), Sid::new(), Announce::Yes, now);
    }
    audience.flush();
    let mut push = |author: usize| {
        let packet = Encoded::new(event::MESSAGE_NEW, &1).unwrap();
        audience.push_message(&user(author).id, packet, now)
    };
    let first = push(0);
    assert!(matches!(&first.sends[..], [Send::ToSockets(sids, _)] if sids.len() == 1));
    assert_eq!(first.next, Next::AfterAck);
    // Others wait with the first, which is still to be flushed; the author of each is sent all before it, too.
    let second = push(1);
    assert_eq!((second.sends.len(), second.next), (2, Next::Timer(now + Duration::from_millis(20))));
    let sends: Vec<usize> = (2..MAX_ENTRIES).map(|_| push(USERS).sends.len()).collect();
    let (last, before) = sends.split_last().unwrap();
    assert!(before.iter().all(|sends| *sends == 0), "they wait: their author is not here");
    assert_eq!(*last, MAX_ENTRIES, "no more wait");
}
