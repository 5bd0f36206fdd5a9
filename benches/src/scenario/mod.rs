//! The scenarios, one file each, and the measuring that they share.

mod idle;
mod joins;
mod messages;
mod sender;
mod storm;
mod typing;

use std::{
    cell::{Cell, RefCell},
    io,
    rc::Rc,
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::{
    clock::{Clock, Window},
    cpu::{self, Meter},
    options::{Scenario, Target, Times},
    report::{Cores, Report, per},
};

/// Has to run within a `LocalSet`.
pub async fn run(scenario: &Scenario) -> io::Result<Report> {
    match scenario {
        Scenario::Messages(options) => messages::run(options).await.map(Report::Messages),
        Scenario::Typing(options) => typing::run(options).await.map(Report::Typing),
        Scenario::Joins(options) => joins::run(options).await.map(Report::Joins),
        Scenario::Storm(options) => storm::run(options).await.map(Report::Storm),
        Scenario::Idle(options) => idle::run(options).await.map(Report::Idle),
    }
}

/// Often enough to miss little of a thread that ends.
const SAMPLE_EVERY: Duration = Duration::from_millis(500);

/// The CPU time of all that take part.
struct Meters {
    server: Meter,
    database: Option<Meter>,
    generator: Meter,
}

/// Time on CPUs within the measured time.
#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    server: Duration,
    database: Option<Duration>,
    generator: Duration,
    machine: Duration,
}

impl Meters {
    fn of(target: &Target) -> Self {
        Self {
            server: Meter::process(target.server_pid),
            database: target.database_pid.map(Meter::family),
            generator: Meter::own(),
        }
    }

    fn sample(&mut self) -> io::Result<Usage> {
        Ok(Usage {
            server: self.server.sample()?,
            database: self.database.as_mut().map(Meter::sample).transpose()?,
            generator: self.generator.sample()?,
            machine: cpu::machine()?,
        })
    }

    /// Samples for the given time.
    async fn watch(&mut self, time: Duration) -> io::Result<()> {
        let mut ticks = interval(SAMPLE_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = sleep(time);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return Ok(()),
                _ = ticks.tick() => self.sample()?,
            };
        }
    }
}

impl Usage {
    fn since(self, before: Self) -> Self {
        let database = self.database.zip(before.database);
        Self {
            server: self.server.saturating_sub(before.server),
            database: database.map(|(now, before)| now.saturating_sub(before)),
            generator: self.generator.saturating_sub(before.generator),
            machine: self.machine.saturating_sub(before.machine),
        }
    }

    fn cores(&self, seconds: f64) -> Cores {
        let share = |time: Duration| per(time.as_secs_f64(), seconds);
        let ours = self.server + self.generator + self.database.unwrap_or_default();
        Cores {
            server: share(self.server),
            database: self.database.map(share),
            generator: share(self.generator),
            others: share(self.machine.saturating_sub(ours)),
        }
    }
}

/// Microseconds of CPU time for each of `count`.
fn cost(time: Duration, count: u64) -> f64 {
    per(time.as_secs_f64() * 1e6, count as f64)
}

/// The state that the tasks of a run share: the time, whether it is measured, and the counts.
struct Run<Tally> {
    clock: Clock,
    window: Cell<Window>,
    /// Nothing new is begun any more.
    stopping: Cell<bool>,
    lost: Cell<u64>,
    tally: RefCell<Tally>,
}

impl<Tally: Default> Run<Tally> {
    fn new() -> Rc<Self> {
        Rc::new(Self {
            clock: Clock::new(),
            window: Cell::new(Window::CLOSED),
            stopping: Cell::new(false),
            lost: Cell::new(0),
            tally: RefCell::default(),
        })
    }

    /// Warms up, measures, and has everybody stop. Answers the measured seconds and what they took.
    async fn measure(&self, meters: &mut Meters, times: &Times) -> io::Result<(f64, Usage)> {
        sleep(times.warm_up).await;
        let before = meters.sample()?;
        let window = Window::from(self.clock.now());
        self.window.set(window);
        meters.watch(times.seconds).await?;
        let window = window.until(self.clock.now());
        self.window.set(window);
        self.stopping.set(true);
        Ok((window.seconds(), meters.sample()?.since(before)))
    }

    /// Notes how a client's task ended: only by losing its connection.
    fn ended(&self, result: io::Result<()>) {
        if result.is_err() {
            self.lost.set(self.lost.get() + 1);
        }
    }
}
