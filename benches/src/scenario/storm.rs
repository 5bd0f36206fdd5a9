//! `storm`: a fleet comes back at once. Every connection signs in, and joins a room as soon as it is connected.

use std::{cell::RefCell, io, net::SocketAddr, rc::Rc, time::Duration};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    task::spawn_local,
    time::sleep,
};

use super::{Meters, cost};
use crate::{
    clock::{Clock, micros},
    crowd::check_open_files,
    histogram::Histogram,
    options,
    packet::{Packet, succeeded},
    report::{self, per},
    socket::Socket,
    users::{User, Users, room_id},
};

const LONGEST: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(5);
const SLOW: u64 = 1_000_000;

#[derive(Default)]
struct Tally {
    join: Histogram,
    /// The moment of the last ack.
    last: u64,
    failed: u64,
    first_failure: Option<String>,
}

struct Caller {
    address: SocketAddr,
    user: User,
    early_join: bool,
}

pub async fn run(options: &options::Storm) -> io::Result<report::Storm> {
    let target = &options.target;
    check_open_files(options.connections)?;
    let users = Users::read(&target.tokens)?;
    let mut meters = Meters::of(target);
    let places = Rc::new(Semaphore::new(options.in_flight.unwrap_or(options.connections)));
    let tally = Rc::new(RefCell::new(Tally::default()));

    let before = meters.sample()?;
    let clock = Clock::new();
    for user in users.repeated(options.connections) {
        let (places, tally) = (Rc::clone(&places), Rc::clone(&tally));
        let caller = Caller { address: target.address, user: user.clone(), early_join: options.early_join };
        spawn_local(async move {
            let Ok(place) = places.acquire().await else { return };
            if let Err(error) = call(&caller, clock, &tally, place).await {
                let mut tally = tally.borrow_mut();
                tally.failed += 1;
                tally.first_failure.get_or_insert_with(|| error.to_string());
            }
        });
    }
    let answered = || tally.borrow().join.total() + tally.borrow().failed;
    while answered() < options.connections as u64 && clock.now() < micros(LONGEST) {
        sleep(LOOK_EVERY).await;
    }
    let usage = meters.sample()?.since(before);
    let measured = Duration::from_micros(clock.now()).as_secs_f64();
    let tally = tally.borrow();
    let seconds = Duration::from_micros(tally.last).as_secs_f64();
    let joined = tally.join.total();
    Ok(report::Storm {
        connections: options.connections as u64,
        seconds,
        connections_per_second: per(joined as f64, seconds),
        join: (&tally.join).into(),
        slower_than_1s: tally.join.above(SLOW),
        unanswered: (options.connections as u64).saturating_sub(joined + tally.failed),
        failed: tally.failed,
        first_failure: tally.first_failure.clone(),
        server_cpu_us_per_connection: cost(usage.server, joined),
        database_cpu_us_per_connection: usage.database.map(|time| cost(time, joined)),
        cores: usage.cores(measured),
    })
}

/// Joins, makes place for the next, and then listens to what the room says, as a client does.
async fn call(
    caller: &Caller,
    clock: Clock,
    tally: &RefCell<Tally>,
    place: SemaphorePermit<'_>,
) -> io::Result<()> {
    let start = clock.now();
    let room = room_id(caller.user.room);
    let mut socket = if caller.early_join {
        let mut socket = Socket::open(caller.address).await?;
        socket.outbox.connect(&caller.user.token);
        socket
    } else {
        Socket::sign_in(caller.address, &caller.user.token).await?
    };
    socket.outbox.join(0, &room);
    let joined = socket.wait(|packet| match packet {
        Packet::Ack { id: 0, arguments } => Some(succeeded(arguments)),
        _ => None,
    });
    if !joined.await? {
        return Err(io::Error::other("the join was refused"));
    }
    let now = clock.now();
    {
        let mut tally = tally.borrow_mut();
        tally.join.record(now - start);
        tally.last = tally.last.max(now);
    }
    drop(place);
    socket.wait(|_| None::<()>).await
}
