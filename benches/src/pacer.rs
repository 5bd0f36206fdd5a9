//! Moments at which something is due, evenly spaced. The runtime's own timer wakes only at whole milliseconds, which would be
//! most of the latency of a fast server; the kernel's does to the microsecond.

use std::{io, os::fd::OwnedFd, time::Duration};

use rustix::{
    io::read,
    time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    },
};
use tokio::io::unix::AsyncFd;

use crate::clock::Clock;

pub struct Pacer {
    timer: AsyncFd<OwnedFd>,
    clock: Clock,
    start: u64,
    period_nanos: u64,
    /// How many moments have been given out.
    given: u64,
}

impl Pacer {
    /// Begins one period from now.
    pub fn start(clock: Clock, per_second: f64) -> io::Result<Self> {
        let period = Duration::try_from_secs_f64(1.0 / per_second)
            .ok()
            .filter(|period| !period.is_zero())
            .ok_or_else(|| io::Error::other("the rate has to be more than 0 a second"))?;
        let spec = Timespec {
            tv_sec: i64::try_from(period.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(period.subsec_nanos()),
        };
        let timer =
            timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        let start = clock.now();
        timerfd_settime(
            &timer,
            TimerfdTimerFlags::empty(),
            &Itimerspec { it_interval: spec, it_value: spec },
        )?;
        let period_nanos = u64::try_from(period.as_nanos()).unwrap_or(u64::MAX);
        #[expect(
            deprecated,
            reason = "its successor is unsafe, and an OwnedFd keeps what that wants promised"
        )]
        let timer = AsyncFd::new(timer)?;
        Ok(Self { timer, clock, start, period_nanos, given: 0 })
    }

    /// Waits until at least one moment has come, and hands each that has, with its number from 0 on, to `take`.
    pub async fn tick(&mut self, mut take: impl FnMut(u64, u64)) -> io::Result<()> {
        loop {
            let mut ready = self.timer.readable().await?;
            let mut expirations = [0; 8];
            match ready.try_io(|timer| Ok(read(timer.get_ref(), &mut expirations)?)) {
                Ok(read) => read?,
                Err(_would_block) => continue,
            };
            // Another read would only find that it has to wait.
            ready.clear_ready();
            break;
        }
        let now = self.clock.now();
        loop {
            let due = self.start + (self.given + 1) * self.period_nanos / 1_000;
            if due > now {
                return Ok(());
            }
            take(self.given, due);
            self.given += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_moment_is_given_out_once_and_not_too_early() {
        let clock = Clock::new();
        let mut pacer = Pacer::start(clock, 4_000.0).unwrap();
        let mut given = Vec::new();
        while given.len() < 100 {
            pacer.tick(|number, due| given.push((number, due, clock.now()))).await.unwrap();
        }
        let (_, first, _) = given[0];
        for (index, (number, due, now)) in given.into_iter().enumerate() {
            assert_eq!(number, index as u64);
            assert_eq!(due, first + number * 250);
            assert!(due <= now, "{due} was given out at {now}");
        }
    }

    #[tokio::test]
    async fn a_rate_that_is_none_is_refused() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Pacer::start(Clock::new(), rate).is_err(), "{rate}");
        }
    }
}
