//! A database that is away: a clear error in time, sockets stay up, and work resumes by itself.

use std::{path::PathBuf, process::Command, time::Instant};

use chatoxide::chat::room::RoomType;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{TestDatabase, TestServer, required, until};

/// A PostgreSQL of this test alone, as it stops and starts it. It listens on a socket in its own folder: a port that is free now
/// may be another's when PostgreSQL comes to it.
struct Postgres {
    folder: TempDir,
}

impl Postgres {
    fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let postgres = Self { folder };
        if is_root() {
            let owned = Command::new("chown").arg("postgres").arg(postgres.folder.path()).status().unwrap();
            assert!(owned.success());
        }
        postgres.program("initdb", &["-U", "postgres", "--auth=trust", "--no-sync"]);
        postgres
    }

    fn url(&self) -> String {
        format!("postgresql:///postgres?user=postgres&sslmode=disable&host={}", self.folder.path().display())
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
        let status =
            command.arg("-D").arg(self.data()).args(arguments).current_dir("/").stdout(log).status().unwrap();
        assert!(status.success(), "{name} {arguments:?}");
    }

    fn start(&self) {
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c fsync=off",
            self.folder.path().display()
        );
        let log = self.folder.path().join("log");
        self.program("pg_ctl", &["start", "--wait", "--silent", "-l", log.to_str().unwrap(), "-o", &options]);
    }

    fn stop(&self) {
        self.program("pg_ctl", &["stop", "--wait", "--silent", "-m", "immediate"]);
    }

    fn signal(&self, signal: &str) {
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

async fn server_on(postgres: &Postgres) -> TestServer {
    server_with(postgres, &[]).await
}

async fn server_with(postgres: &Postgres, more: &[&str]) -> TestServer {
    let mut database = TestDatabase::create(crate::support::Backend::Sqlite).await;
    database.url = postgres.url();
    let server = TestServer::start_with(database, &[&["--database-timeout", "1000"], more].concat()).await;
    server.make_room("general", RoomType::Public, &["alice", "bob"]).await;
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_stopped_senders_are_told_and_later_all_goes_on() {
    let postgres = Postgres::create();
    postgres.start();
    let server = server_on(&postgres).await;
    let mut alice = server.connect_in("alice", "general").await;
    let mut bob = server.connect_in("bob", "general").await;
    let ask = |content: &str| json!({"roomId": "general", "content": content});
    for content in ["before", "as usual"] {
        alice.say("general", content).await;
    }

    postgres.stop();
    let begun = Instant::now();
    let refused = alice.ask("message:send", ask("lost")).await;
    assert_eq!(refused["success"], false, "{refused}");
    assert!(begun.elapsed().as_secs() < 5);
    let page = alice.ask("messages:load", json!({"roomId": "general", "before": "2999-01-01"})).await;
    assert_eq!((&page["success"], &page["messages"]), (&json!(false), &json!([])));
    // Who comes meanwhile is let in.
    let mut carol = server.connect("carol").await;
    assert_eq!(carol.ask("message:send", ask("lost too")).await["success"], false);

    postgres.start();
    until("a message is stored", async || {
        (alice.ask("message:send", ask("after")).await["success"] == true).then_some(())
    })
    .await;
    for content in ["before", "as usual", "after"] {
        assert_eq!(bob.hear("message:new").await["content"], content);
    }
    assert_eq!(carol.ask("message:send", ask("made a user after all")).await["success"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_hangs_is_answered_for_in_time() {
    let postgres = Postgres::create();
    postgres.start();
    let server = server_on(&postgres).await;
    let mut alice = server.connect_in("alice", "general").await;
    for content in ["before", "as usual"] {
        alice.say("general", content).await;
    }
    // One for each question: a socket whose event has waited in vain is answered sooner the next time.
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(server.connect_in("bob", "general").await);
    }
    // A room that is not in memory, and one of which nothing is.
    server.make_room("other", RoomType::Public, &["bob"]).await;
    let page = json!({"roomId": "general", "before": "2999-01-01"});
    let asks =
        [("messages:load", page), ("room:join", json!("other")), ("room:join", json!("never heard of"))];
    postgres.signal("STOP");
    let begun = Instant::now();
    let sent = alice.begin("message:send", json!({"roomId": "general", "content": "x"})).await;
    let mut asked = Vec::new();
    for (client, (event, ask)) in others.iter_mut().zip(asks) {
        asked.push(client.begin(event, ask).await);
    }
    let mut answers = vec![alice.answer(sent).await];
    for (client, id) in others.iter_mut().zip(asked) {
        answers.push(client.answer(id).await);
    }
    for answer in answers {
        assert_eq!((&answer["success"], &answer["code"]), (&json!(false), &json!("unavailable")), "{answer}");
    }
    assert!(begun.elapsed().as_secs() < 5);
    postgres.signal("CONT");
    until("a message is stored", async || {
        let ack = alice.ask("message:send", json!({"roomId": "general", "content": "y"})).await;
        (ack["success"] == true).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_came_while_the_database_was_away_is_checked_before_anything_else() {
    let postgres = Postgres::create();
    postgres.start();
    let server = server_with(&postgres, &["--auto-create-users", "false"]).await;
    postgres.stop();
    let mut stranger = server.connect("stranger").await;
    postgres.start();
    let refused = until("the database answers", async || {
        let ack = stranger.ask("room:join", "general".into()).await;
        (ack["code"] != "unavailable" && ack["code"] != "internal").then_some(ack)
    })
    .await;
    assert_eq!(refused["code"], "user_not_found", "{refused}");
}
