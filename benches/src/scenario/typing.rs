//! `typing`: one sender a room says at fixed moments that it types; all others of the room hear it. Nothing is stored.

use std::{cell::Cell, future::poll_fn, io, rc::Rc, task::Poll};

use tokio::task::spawn_local;

use super::{Meters, Run, cost};
use crate::{
    crowd::{Bell, gather},
    options,
    pacer::Pacer,
    packet::Packet,
    report::{self, per},
    socket::Socket,
    users::{Users, room_id},
};

#[derive(Default)]
struct Tally {
    sent: u64,
    deliveries: u64,
}

struct Sender {
    packet: String,
    due: Cell<u64>,
    bell: Bell,
}

pub async fn run(options: &options::Typing) -> io::Result<report::Typing> {
    options.rooms.check()?;
    let options::Rooms { rooms, members } = options.rooms;
    let target = &options.target;
    let users = Users::read(&target.tokens)?;
    let mut meters = Meters::of(target);
    let sockets = gather(target.address, &users.members(rooms, members)?, true).await?;

    let run = Run::<Tally>::new();
    let mut senders = Vec::new();
    for (index, socket) in sockets.into_iter().enumerate() {
        let sender = (index % members == 0).then(|| Sender::new(index / members));
        senders.extend(sender.clone());
        let run = Rc::clone(&run);
        spawn_local(async move { run.ended(live(&run, socket, sender).await) });
    }
    let mut pacer = Pacer::start(run.clock, options.rate)?;
    spawn_local(async move {
        loop {
            let paced = pacer.tick(|number, _due| {
                let turn = (number % senders.len() as u64) as usize;
                if let Some(sender) = senders.get(turn) {
                    sender.due.set(sender.due.get() + 1);
                    sender.bell.ring();
                }
            });
            if paced.await.is_err() {
                return;
            }
        }
    });
    let (seconds, usage) = run.measure(&mut meters, &options.times).await?;
    let Tally { sent, deliveries } = *run.tally.borrow();
    Ok(report::Typing {
        seconds,
        sent,
        deliveries,
        deliveries_per_second: per(deliveries as f64, seconds),
        heard_share: per(deliveries as f64, sent as f64 * (members - 1) as f64),
        server_cpu_us_per_delivery: cost(usage.server, deliveries),
        generator_cpu_us_per_delivery: cost(usage.generator, deliveries),
        cores: usage.cores(seconds),
        lost_connections: run.lost.get(),
    })
}

impl Sender {
    fn new(room: usize) -> Rc<Self> {
        let packet = format!("42[\"typing:start\",\"{}\"]", room_id(room));
        Rc::new(Self { packet, due: Cell::new(0), bell: Bell::default() })
    }
}

async fn live(run: &Run<Tally>, mut socket: Socket, sender: Option<Rc<Sender>>) -> io::Result<()> {
    loop {
        poll_fn(|context| match &sender {
            Some(sender) if sender.bell.answer(context) => Poll::Ready(Ok(())),
            _ => socket.poll_turn(context),
        })
        .await?;
        let measured = run.window.get().holds(run.clock.now());
        let mut tally = run.tally.borrow_mut();
        while let Some(text) = socket.inbox.next(&mut socket.outbox)? {
            if let Packet::Event { name: b"typing:user", .. } = Packet::of(text) {
                tally.deliveries += u64::from(measured);
            }
        }
        if let Some(sender) = &sender {
            for _ in 0..sender.due.take() {
                socket.outbox.push_text(&sender.packet);
                tally.sent += u64::from(measured);
            }
        }
    }
}
