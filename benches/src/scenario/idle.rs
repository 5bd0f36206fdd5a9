//! `idle`: connections that are signed in and do nothing; what each costs the server in memory, and all of them in CPU time.

use std::{cell::Cell, io, rc::Rc, time::Duration};

use tokio::{task::spawn_local, time::sleep};

use super::Meters;
use crate::{
    clock::Clock,
    cpu::resident_kib,
    crowd::gather,
    options,
    report::{self, per},
    users::Users,
};

const SETTLE: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(10);

pub async fn run(options: &options::Idle) -> io::Result<report::Idle> {
    let target = &options.target;
    let users = Users::read(&target.tokens)?;
    let mut meters = Meters::of(target);
    let server_kib_before = resident_kib(target.server_pid)?;
    let sockets = gather(target.address, &users.repeated(options.connections), false).await?;
    let lost = Rc::new(Cell::new(0));
    for mut socket in sockets {
        let lost = Rc::clone(&lost);
        spawn_local(async move {
            if socket.wait(|_| None::<()>).await.is_err() {
                lost.set(lost.get() + 1);
            }
        });
    }
    sleep(SETTLE).await;
    let server_kib_after = resident_kib(target.server_pid)?;
    let before = meters.sample()?;
    let clock = Clock::new();
    meters.watch(IDLE).await?;
    let usage = meters.sample()?.since(before);
    let idle_seconds = Duration::from_micros(clock.now()).as_secs_f64();
    Ok(report::Idle {
        connections: options.connections as u64,
        server_kib_before,
        server_kib_after,
        kib_per_connection: per(
            server_kib_after as f64 - server_kib_before as f64,
            options.connections as f64,
        ),
        idle_seconds,
        cores: usage.cores(idle_seconds),
        lost_connections: lost.get(),
    })
}
