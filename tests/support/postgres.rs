//! A PostgreSQL that a test may stop, freeze or set up in a way of its own.

use std::{path::PathBuf, process::Command};

use tempfile::TempDir;

use super::required;

/// A PostgreSQL of one test alone, as it stops and starts it. It listens on a socket in its own folder: a port that is free now
/// may be another's when PostgreSQL comes to it.
pub struct Postgres {
    pub folder: TempDir,
    /// Variables that it is started with.
    pub environment: Vec<(&'static str, PathBuf)>,
}

impl Postgres {
    pub fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let postgres = Self { folder, environment: Vec::new() };
        if is_root() {
            let owned = Command::new("chown").arg("postgres").arg(postgres.folder.path()).status().unwrap();
            assert!(owned.success());
        }
        postgres.program(
            "initdb",
            &["-U", "postgres", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8"],
        );
        postgres
    }

    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    pub fn url_of(&self, user: &str) -> String {
        format!("postgresql:///postgres?user={user}&sslmode=disable&host={}", self.folder.path().display())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str, arguments: &[&str]) {
        let program = format!("{}/{name}", required("TEST_PG_BIN"));
        let mut command = match is_root() {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--", &program]);
                command
            }
            false => Command::new(program),
        };
        // Its output goes to a file: a pipe would stay open as long as the server runs.
        let log = std::fs::File::create(self.folder.path().join(format!("{name}.log"))).unwrap();
        command.envs(self.environment.iter().cloned());
        let status =
            command.arg("-D").arg(self.data()).args(arguments).current_dir("/").stdout(log).status().unwrap();
        assert!(status.success(), "{name} {arguments:?}");
    }

    pub fn start(&self) {
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c fsync=off",
            self.folder.path().display()
        );
        let log = self.folder.path().join("log");
        self.program("pg_ctl", &["start", "--wait", "--silent", "-l", log.to_str().unwrap(), "-o", &options]);
    }

    pub fn stop(&self) {
        self.program("pg_ctl", &["stop", "--wait", "--silent", "-m", "immediate"]);
    }

    pub fn signal(&self, signal: &str) {
        let pids = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let pid = pids.lines().next().unwrap();
        let children = Command::new("ps").args(["-o", "pid=", "--ppid", pid]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        for pid in children.split_whitespace().chain([pid]) {
            // A child may be gone by now.
            let _gone = Command::new("kill").args(["-s", signal, pid]).status().unwrap();
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.data().join("postmaster.pid").exists() {
            self.signal("CONT");
            self.stop();
        }
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout == b"0\n"
}
