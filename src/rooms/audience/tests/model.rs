//! A model-based test of a room: in thousands of random histories each socket gets exactly the packets that were pushed
//! while it was in the room, in order, once.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::{Value, value::RawValue};

use super::{super::*, FLUSH_INTERVAL, settings, user};

const USERS: usize = 12;
/// The longest that a packet may wait.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// The packets that a model's socket was sent.
type Mailbox = Vec<String>;

struct ModelSocket {
    sid: Sid,
    user: usize,
    /// A client that does not read gets nothing more, and its connection is closed at some later time.
    is_slow: bool,
    expected: Vec<(Instant, String)>,
    got: Mailbox,
    /// The users who are in the room as far as this client knows.
    believed_here: BTreeSet<String>,
}

struct Model {
    rng: Rng,
    audience: Audience,
    now: Instant,
    /// The sockets in the room.
    sockets: Vec<ModelSocket>,
    timers: Vec<Instant>,
    /// Flushes that come after an ack.
    after_ack: usize,
    count: usize,
    /// No join or leave is ever deferred, so that which are sent is known.
    is_exact: bool,
}

fn text(packet: &Encoded) -> String {
    let data: &RawValue = packet.data();
    format!("{} {}", packet.event(), data.get())
}

impl Model {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (now, is_exact) = (Instant::now(), rng.bool());
        let presence_rate = if is_exact { 1_000_000 } else { 30 };
        let flush_interval = if rng.u8(..8) == 0 { Duration::ZERO } else { FLUSH_INTERVAL };
        let settings = settings(presence_rate, flush_interval);
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

    /// Records that a packet was pushed that these sockets have to get.
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
        // The client is sent a snapshot of the presence and of all messages that were pushed until now.
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
        // As in the original, a leave is sent even for a user whose join was never sent.
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

    /// Pushes ephemeral state from a socket in the room, or from one that is not in it.
    fn push_ephemeral(&mut self) {
        let from = self.some_socket().map_or_else(Sid::new, |index| self.sockets[index].sid);
        let packet = self.packet(event::TYPING_USER);
        self.expect(&text(&packet), |socket| socket.sid != from);
        let outgoing = self.audience.push_ephemeral(Some(from), packet, self.now);
        self.carry_out(outgoing);
    }

    /// As for `messages:sync`.
    fn catch_up(&mut self) {
        let number = self.rng.usize(..USERS);
        let outgoing = self.audience.catch_up(&user(number).id);
        self.carry_out(outgoing);
        self.ensure_caught_up(number);
    }

    /// As for `room:presence`: the client takes the list for what it is from then on.
    fn list_present(&mut self) {
        let Some(index) = self.some_socket() else { return };
        let number = self.sockets[index].user;
        let (users, outgoing) = self.audience.list_present(&user(number).id);
        self.carry_out(outgoing);
        self.ensure_caught_up(number);
        self.sockets[index].believed_here = users.iter().map(ToString::to_string).collect();
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
            78..80 => self.catch_up(),
            80..82 => self.list_present(),
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
        assert_eq!(self.audience.pending_presence(), 0);
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

    /// Returns the packets that the socket got, without those that the model cannot predict.
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
fn each_socket_gets_each_packet_pushed_while_it_was_in_the_room_in_order_once() {
    for seed in 0..3_000 {
        let outcome = std::panic::catch_unwind(|| {
            let mut model = Model::new(seed);
            (0..120).for_each(|_| model.step());
            model.ensure_all_is_well();
        });
        assert!(outcome.is_ok(), "with seed {seed}");
    }
}
