//! A server as a process of its own, on a database of the test: one that can be killed, or that holds many connections.

use std::{
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use super::{Backend, TestDatabase, http, redis::fresh_redis, server::SECRET, soon};

pub struct ServerProcess {
    child: Child,
    pub address: SocketAddr,
}

/// The variables of a server on this database; with PostgreSQL goes a Redis, as in production.
pub async fn settings(database: &TestDatabase, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut settings = vec![
        ("HOST".to_owned(), "127.0.0.1".to_owned()),
        ("PORT".to_owned(), "0".to_owned()),
        ("JWT_SECRET".to_owned(), SECRET.to_owned()),
        ("RUST_LOG".to_owned(), "warn".to_owned()),
        ("DATABASE_URL".to_owned(), database.url.clone()),
    ];
    if database.backend == Backend::Postgres {
        settings.push(("REDIS_URL".to_owned(), fresh_redis().await.0));
    }
    settings.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    settings
}

impl ServerProcess {
    /// Starts it and waits until it listens.
    pub async fn start(database: &TestDatabase, settings: &[(String, String)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chatoxide"))
            .env_clear()
            .envs(settings.iter().cloned())
            .current_dir(database.folder.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            let line = soon("a line", lines.next_line()).await.unwrap().expect("the server ended");
            if let Some((_, address)) = line.split_once("http://") {
                let address = address.split_whitespace().next().unwrap().parse().unwrap();
                // It may go on to print.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Self { child, address };
            }
        }
    }

    /// Ends it as a power cut ends a program: nothing is said, nothing is flushed.
    pub async fn kill(mut self) {
        soon("the end", self.child.kill()).await.unwrap();
    }

    /// Asks it to end, as an operator does.
    pub async fn terminate(&self) {
        let pid = self.child.id().unwrap().to_string();
        let killed = Command::new("kill").args(["-s", "TERM", &pid]).status().await.unwrap();
        assert!(killed.success());
    }

    /// Waits until it has ended well, and says how long that took.
    pub async fn end(mut self) -> Duration {
        let begun = Instant::now();
        let status = soon("the end", self.child.wait()).await.unwrap();
        assert!(status.success(), "{status}");
        begun.elapsed()
    }

    /// Bytes that it has asked the system to read, from files and sockets.
    pub fn bytes_read(&self) -> i64 {
        let pid = self.child.id().unwrap();
        let io = std::fs::read_to_string(format!("/proc/{pid}/io")).unwrap();
        io.lines().find_map(|line| line.strip_prefix("rchar: ")?.parse().ok()).unwrap()
    }

    /// Memory that it has by now, in bytes.
    pub fn resident_bytes(&self) -> i64 {
        let pid = self.child.id().unwrap();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix("kB"));
        kilobytes.unwrap().trim().parse::<i64>().unwrap() * 1_024
    }

    /// Files and connections that it has open.
    pub fn open_files(&self) -> usize {
        let pid = self.child.id().unwrap();
        std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
    }

    /// A value of its metrics.
    pub async fn metric(&self, name: &str) -> f64 {
        http::metric(self.address, name).await
    }
}
