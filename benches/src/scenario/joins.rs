//! `joins`: clients that are in a room leave it and join it again, a few at a time, and are shown its newest messages.

use std::{collections::VecDeque, future::poll_fn, io, rc::Rc, task::Poll};

use tokio::{
    task::{JoinSet, spawn_local},
    time::sleep,
};

use super::{Meters, Run, cost};
use crate::{
    crowd::{Bell, gather},
    histogram::Histogram,
    options,
    packet::{Mark, Packet, count_messages, succeeded},
    report::{self, per},
    socket::Socket,
    users::{User, Users, room_id},
};

/// Messages that each room holds at least: more than a page.
const FILLED: u64 = 60;
const PAGE: u64 = 50;

#[derive(Default)]
struct Tally {
    joins: u64,
    failed: u64,
    join: Histogram,
    shorter_histories: u64,
    longer_histories: u64,
    /// Shortest and longest.
    histories: Option<(u64, u64)>,
    /// Those whose turn to join comes next.
    queue: VecDeque<Rc<Seat>>,
}

/// By whom a client is told that it is its turn.
struct Seat {
    room: String,
    bell: Bell,
}

/// A join that is under way.
struct Joining {
    id: u64,
    since: u64,
    acked: bool,
    shown: bool,
}

pub async fn run(options: &options::Joins) -> io::Result<report::Joins> {
    options.rooms.check()?;
    let options::Rooms { rooms, members } = options.rooms;
    let target = &options.target;
    let users = Users::read(&target.tokens)?;
    let users = users.members(rooms, members)?;
    let mut meters = Meters::of(target);
    fill(target, &users, members).await?;
    sleep(options.settle).await;
    let sockets = gather(target.address, &users, true).await?;

    let run = Run::<Tally>::new();
    for (index, socket) in sockets.into_iter().enumerate() {
        let seat = Rc::new(Seat { room: room_id(index / members), bell: Bell::default() });
        let client = Rc::clone(&run);
        run.tally.borrow_mut().queue.push_back(Rc::clone(&seat));
        spawn_local(async move { client.ended(live(&client, socket, &seat).await) });
    }
    spread(&mut run.tally.borrow_mut().queue, members);
    for _ in 0..options.in_flight {
        call_next(&run);
    }
    let (seconds, usage) = run.measure(&mut meters, &options.times).await?;
    let tally = run.tally.borrow();
    let (shortest, longest) = tally.histories.unwrap_or_default();
    Ok(report::Joins {
        seconds,
        joins: tally.joins,
        joins_per_second: per(tally.joins as f64, seconds),
        failed: tally.failed,
        join: (&tally.join).into(),
        shorter_histories: tally.shorter_histories,
        longer_histories: tally.longer_histories,
        shortest_history: shortest,
        longest_history: longest,
        server_cpu_us_per_join: cost(usage.server, tally.joins),
        database_cpu_us_per_join: usage.database.map(|time| cost(time, tally.joins)),
        generator_cpu_us_per_join: cost(usage.generator, tally.joins),
        cores: usage.cores(seconds),
        lost_connections: run.lost.get(),
    })
}

/// Sends messages into every room, one after the other so that no server has to refuse any.
async fn fill(target: &options::Target, users: &[&User], members: usize) -> io::Result<()> {
    let first: Vec<_> = users.iter().step_by(members).copied().collect();
    let mut filling = JoinSet::new();
    for (room, mut socket) in gather(target.address, &first, true).await?.into_iter().enumerate() {
        filling.spawn_local(async move {
            for n in 1..=FILLED {
                socket.outbox.push(|out| Mark { sender: 0, n, due: 0 }.write_message(out, &room_id(room)));
                let sent = socket.wait(|packet| match packet {
                    Packet::Ack { id, arguments } if id == n => Some(succeeded(arguments)),
                    _ => None,
                });
                if !sent.await? {
                    return Err(io::Error::other("a message was refused"));
                }
            }
            Ok(())
        });
    }
    while let Some(filled) = filling.join_next().await {
        filled.map_err(io::Error::other)??;
    }
    Ok(())
}

/// Has those who are busy at the same time be of different rooms.
fn spread(queue: &mut VecDeque<Rc<Seat>>, members: usize) {
    let mut order: Vec<_> = queue.drain(..).enumerate().collect();
    order.sort_by_key(|(index, _)| index % members);
    queue.extend(order.into_iter().map(|(_, seat)| seat));
}

fn call_next(run: &Run<Tally>) {
    let next = run.tally.borrow_mut().queue.pop_front();
    if let Some(seat) = next {
        seat.bell.ring();
    }
}

async fn live(run: &Run<Tally>, mut socket: Socket, seat: &Rc<Seat>) -> io::Result<()> {
    let mut joining: Option<Joining> = None;
    let mut id = 0;
    loop {
        let called = poll_fn(|context| {
            if seat.bell.answer(context) {
                return Poll::Ready(Ok(true));
            }
            socket.poll_turn(context).map_ok(|()| false)
        });
        if called.await? && !run.stopping.get() {
            id += 1;
            socket.outbox.push_text(&format!("42[\"room:leave\",\"{}\"]", seat.room));
            socket.outbox.join(id, &seat.room);
            joining = Some(Joining { id, since: run.clock.now(), acked: false, shown: false });
        }
        while let Some(text) = socket.inbox.next(&mut socket.outbox)? {
            let Some(join) = &mut joining else { continue };
            match Packet::of(text) {
                Packet::Ack { id, arguments } if id == join.id => {
                    join.acked = true;
                    if !succeeded(arguments) {
                        join.shown = true;
                        run.tally.borrow_mut().failed += 1;
                    }
                }
                Packet::Event { name: b"room:history", json } => {
                    join.shown = true;
                    run.tally.borrow_mut().note_history(count_messages(json) as u64);
                }
                _ => {}
            }
        }
        if joining.as_ref().is_some_and(|join| join.acked && join.shown)
            && let Some(join) = joining.take()
        {
            run.tally.borrow_mut().finish(run, join.since, seat);
            call_next(run);
        }
    }
}

impl Tally {
    fn note_history(&mut self, length: u64) {
        self.shorter_histories += u64::from(length < PAGE);
        self.longer_histories += u64::from(length > PAGE);
        let (shortest, longest) = self.histories.unwrap_or((length, length));
        self.histories = Some((shortest.min(length), longest.max(length)));
    }

    fn finish(&mut self, run: &Run<Self>, since: u64, seat: &Rc<Seat>) {
        let now = run.clock.now();
        if run.window.get().holds(now) {
            self.joins += 1;
            self.join.record(now.saturating_sub(since));
        }
        self.queue.push_back(Rc::clone(seat));
    }
}
