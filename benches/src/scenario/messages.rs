//! `messages`: senders send in a closed or an open loop, and every member of their room listens. The received
//! messages of the whole run are checked.

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{task::spawn_local, time::sleep};

use super::{
    Meters, Run, cost,
    sender::{Sender, Tally},
};
use crate::{
    checker::{Listener, Verdict},
    clock::micros,
    cpu::resident_kib,
    crowd::gather,
    options,
    pacer::Pacer,
    packet::{Mark, Packet, succeeded},
    report::{self, per},
    socket::Socket,
    users::Users,
};

/// For what is under way when the measured time is over.
const DRAIN: Duration = Duration::from_secs(10);
/// Duplicates may come a little later than the first copy.
const AFTER_DRAIN: Duration = Duration::from_millis(200);
const LOOK_EVERY: Duration = Duration::from_millis(20);

struct Member {
    run: Rc<Run<Tally>>,
    socket: Socket,
    listener: Rc<RefCell<Listener>>,
    sender: Option<Rc<Sender>>,
    /// Whether an ack makes room for another message.
    closed_loop: bool,
}

pub async fn run(options: &options::Messages) -> io::Result<report::Messages> {
    options.check()?;
    let options::Rooms { rooms, members } = options.rooms;
    let target = &options.target;
    let users = Users::read(&target.tokens)?;
    let server_kib_before = resident_kib(target.server_pid)?;
    let mut meters = Meters::of(target);
    let sockets = gather(target.address, &users.members(rooms, members)?, true).await?;

    let run = Run::<Tally>::new();
    let (mut listeners, mut senders) = (Vec::new(), Vec::new());
    for (index, socket) in sockets.into_iter().enumerate() {
        let (room, place) = (index / members, index % members);
        let first_sender = (room * options.senders) as u64;
        let sender = (place < options.senders).then(|| Sender::new(first_sender + place as u64, room));
        senders.extend(sender.clone());
        let listener = Rc::new(RefCell::new(Listener::new(first_sender, options.senders)));
        listeners.push(Rc::clone(&listener));
        let closed_loop = options.window.is_some();
        let member = Member { run: Rc::clone(&run), socket, listener, sender, closed_loop };
        spawn_local(member.live());
    }
    start(&run, &senders, options)?;
    let (seconds, usage) = run.measure(&mut meters, &options.times).await?;
    let server_kib_after = resident_kib(target.server_pid)?;
    drain(&run, members as u64).await;

    let mut verdict = Verdict::default();
    for (listeners, senders) in listeners.chunks(members).zip(senders.chunks(options.senders)) {
        let listeners: Vec<_> = listeners.iter().map(|listener| listener.borrow()).collect();
        let fates: Vec<_> = senders.iter().map(|sender| sender.fates()).collect();
        verdict.add_room(
            &listeners.iter().map(|listener| &**listener).collect::<Vec<_>>(),
            &fates.iter().map(|fates| &**fates).collect::<Vec<_>>(),
        );
    }
    let tally = run.tally.borrow();
    Ok(report::Messages {
        seconds,
        acked: tally.acked,
        acked_per_second: per(tally.acked as f64, seconds),
        refused: tally.refused_in_all,
        ack: (&tally.ack).into(),
        delivery: (&tally.delivery).into(),
        sent_late: (&tally.sent_late).into(),
        deliveries: tally.deliveries,
        deliveries_per_second: per(tally.deliveries as f64, seconds),
        server_cpu_us_per_message: cost(usage.server, tally.acked),
        server_cpu_us_per_delivery: cost(usage.server, tally.deliveries),
        database_cpu_us_per_message: usage.database.map(|time| cost(time, tally.acked)),
        generator_cpu_us_per_delivery: cost(usage.generator, tally.deliveries),
        cores: usage.cores(seconds),
        server_kib_before,
        server_kib_after,
        sent: tally.sent_in_all,
        lost_connections: run.lost.get(),
        verdict,
    })
}

/// Gives every sender its first messages, or has the pacer give them all.
fn start(run: &Rc<Run<Tally>>, senders: &[Rc<Sender>], options: &options::Messages) -> io::Result<()> {
    let Some(rate) = options.rate else {
        let now = run.clock.now();
        for sender in senders {
            (0..options.window.unwrap_or(1)).for_each(|_| sender.owe(now));
            sender.bell.ring();
        }
        return Ok(());
    };
    let mut pacer = Pacer::start(run.clock, rate)?;
    // One room after the other, so that what is due next is due in another room.
    let mut order: Vec<_> = senders.iter().map(Rc::clone).enumerate().collect();
    order.sort_by_key(|(index, _)| index % options.senders);
    let run = Rc::clone(run);
    spawn_local(async move {
        while !run.stopping.get() {
            let paced = pacer.tick(|number, due| {
                let turn = (number % order.len() as u64) as usize;
                if let Some((_, sender)) = order.get(turn) {
                    sender.owe(due);
                    sender.bell.ring();
                }
            });
            paced.await?;
        }
        io::Result::Ok(())
    });
    Ok(())
}

async fn drain(run: &Run<Tally>, members: u64) {
    let deadline = run.clock.now() + micros(DRAIN);
    let settled = || {
        let tally = run.tally.borrow();
        let answered = tally.accepted_in_all + tally.refused_in_all;
        answered >= tally.sent_in_all && tally.heard_in_all >= tally.accepted_in_all * members
    };
    while !settled() && run.clock.now() < deadline {
        sleep(LOOK_EVERY).await;
    }
    sleep(AFTER_DRAIN).await;
}

impl Member {
    async fn live(mut self) {
        let result = self.serve().await;
        self.run.ended(result);
    }

    async fn serve(&mut self) -> io::Result<()> {
        // Where the content stands in a `message:new`.
        let mut place = 0;
        loop {
            poll_fn(|context| self.poll_turn(context)).await?;
            let Self { run, socket, listener, sender, closed_loop } = self;
            let Socket { inbox, outbox, .. } = socket;
            let (mut tally, mut listener) = (run.tally.borrow_mut(), listener.borrow_mut());
            let now = run.clock.now();
            let window = run.window.get();
            while let Some(text) = inbox.next(outbox)? {
                match (Packet::of(text), &sender) {
                    (Packet::Event { name: b"message:new", json }, _) => {
                        let Some(mark) = Mark::find(json, &mut place) else { continue };
                        listener.hear(mark.sender, mark.n);
                        tally.heard(mark.due, now, window);
                    }
                    (Packet::Ack { id, arguments }, Some(sender)) => {
                        let accepted = succeeded(arguments);
                        let Some(due) = sender.settle(id, accepted) else { continue };
                        tally.answered(accepted, due, now, window);
                        if *closed_loop {
                            sender.owe(now);
                        }
                    }
                    _ => {}
                }
            }
            if let Some(sender) = sender {
                sender.send(run, &mut tally, outbox);
            }
        }
    }

    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.sender {
            Some(sender) if sender.bell.answer(context) => Poll::Ready(Ok(())),
            _ => self.socket.poll_turn(context),
        }
    }
}
