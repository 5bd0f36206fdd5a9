//! Measures the resources of processes: CPU time in nanoseconds, of every thread and of those that have ended, and
//! memory.

use std::{collections::HashMap, fs, io, process, str::FromStr, time::Duration};

/// Sums the CPU time of a process, or of a process and its children. Threads and children that end between two samples are
/// remembered with what the earlier one saw.
#[derive(Debug)]
pub struct Meter {
    pid: u32,
    with_children: bool,
    /// Nanoseconds by thread.
    seen: HashMap<u32, u64>,
    /// The time of threads whose number has been reused since, in nanoseconds.
    replaced: u64,
}

impl Meter {
    pub fn process(pid: u32) -> Self {
        Self { pid, with_children: false, seen: HashMap::new(), replaced: 0 }
    }

    pub fn own() -> Self {
        Self::process(process::id())
    }

    /// For PostgreSQL: the postmaster and its children, one for each connection.
    pub fn family(pid: u32) -> Self {
        Self { with_children: true, ..Self::process(pid) }
    }

    /// All the CPU time until now. Fails when the process is gone.
    pub fn sample(&mut self) -> io::Result<Duration> {
        self.look_at(self.pid)?;
        if self.with_children {
            let children = read(&format!("/proc/{0}/task/{0}/children", self.pid))?;
            for child in children.split_whitespace().filter_map(|child| child.parse().ok()) {
                // One that ended since the list was read keeps what it had.
                let _ended = self.look_at(child);
            }
        }
        Ok(Duration::from_nanos(self.seen.values().sum::<u64>() + self.replaced))
    }

    fn look_at(&mut self, pid: u32) -> io::Result<()> {
        let folder = format!("/proc/{pid}/task");
        let tasks = fs::read_dir(&folder).map_err(|error| named(&folder, &error))?;
        for task in tasks.flatten() {
            let name = task.file_name();
            let Some(thread) = name.to_str().and_then(|name| name.parse().ok()) else { continue };
            let Ok(times) = fs::read_to_string(format!("{folder}/{thread}/schedstat")) else { continue };
            let nanos = first_number(&times).unwrap_or(0);
            let before = self.seen.insert(thread, nanos).unwrap_or(0);
            if nanos < before {
                self.replaced += before;
            }
        }
        Ok(())
    }
}

/// A tick of `/proc/stat`, which is the same on every machine.
const TICK: Duration = Duration::from_millis(10);

/// The time that all CPUs of the machine were busy, to a hundredth of a second, with what a host took away from them.
pub fn machine() -> io::Result<Duration> {
    let stat = read("/proc/stat")?;
    let line = stat.lines().next().unwrap_or_default();
    let times: Vec<u32> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    let &[user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen, ..] = times.as_slice()
    else {
        return Err(io::Error::other("/proc/stat does not begin with the times of all CPUs"));
    };
    let ticks = [user, nice, system, interrupts, soft_interrupts, stolen];
    Ok(ticks.into_iter().map(|ticks| TICK * ticks).sum())
}

/// Resident memory of a process, in KiB.
pub fn resident_kib(pid: u32) -> io::Result<u64> {
    let file = format!("/proc/{pid}/status");
    let status = read(&file)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(first_number).ok_or_else(|| io::Error::other(format!("{file} tells no VmRSS")))
}

/// How many files this process may have open.
pub fn open_files_limit() -> io::Result<u64> {
    let limits = read("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    // It says `unlimited` where there is no limit.
    Ok(line.and_then(first_number).unwrap_or(u64::MAX))
}

fn first_number<Number: FromStr>(text: &str) -> Option<Number> {
    text.split_whitespace().next()?.parse().ok()
}

fn read(file: &str) -> io::Result<String> {
    fs::read_to_string(file).map_err(|error| named(file, &error))
}

fn named(file: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{file}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn burn(time: Duration) {
        let start = Instant::now();
        while start.elapsed() < time {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn the_work_of_a_thread_that_ended_is_remembered() {
        let mut meter = Meter::own();
        let before = meter.sample().unwrap();
        let (done, wait) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        let worker = std::thread::spawn(move || {
            burn(Duration::from_millis(60));
            done.send(()).unwrap();
            ended.recv().unwrap_err();
        });
        wait.recv().unwrap();
        let while_alive = meter.sample().unwrap();
        assert!(while_alive - before >= Duration::from_millis(10), "{before:?} {while_alive:?}");
        drop(end);
        worker.join().unwrap();
        assert!(meter.sample().unwrap() >= while_alive);
    }

    #[test]
    fn memory_and_limits_are_read() {
        assert!(machine().unwrap() > Duration::ZERO);
        assert!(resident_kib(process::id()).unwrap() > 100);
        assert!(open_files_limit().unwrap() >= 3);
        assert!(Meter::process(u32::MAX).sample().is_err());
    }
}
