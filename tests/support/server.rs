//! A server in the test's own process, on a port of its own.

use std::{net::SocketAddr, path::Path};

use chatoxide::{
    auth::Keys,
    chat::room::RoomType,
    clock,
    config::{Config, Settings},
    db::{
        self, Db,
        rooms::{MadeBy, Room},
        users::NewUser,
    },
    server::Server,
};
use clap::Parser;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::Value;
use tokio::{sync::oneshot, task::JoinHandle};

use super::{Backend, Client, TestDatabase, http, redis::fresh_redis, soon, until};

pub const SECRET: &str = "a secret that signs the tokens of the tests";

/// A client of a test answers no ping while the test does something else, however long that takes.
pub const PING_TIMEOUT_MS: u32 = 600_000;

#[derive(Parser)]
#[command(args_override_self = true)]
struct Line {
    #[command(flatten)]
    settings: Settings,
}

/// The settings of a command line, on top of those that a test needs.
pub fn config(url: &str, data_dir: &Path, more: &[&str]) -> Config {
    let data_dir = data_dir.to_str().unwrap();
    let mut line = vec![
        "chatoxide",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--jwt-secret",
        SECRET,
        "--data-dir",
        data_dir,
    ];
    let ping_timeout = PING_TIMEOUT_MS.to_string();
    // Tests count statements: only those of search have an index that is kept up to date meanwhile.
    line.extend(["--database-url", url, "--ping-timeout", &ping_timeout, "--search", "off"]);
    // Tests write logs of a time long past. The server would delete them meanwhile.
    line.extend(["--log-retention", "0"]);
    line.extend(more);
    Config::from_settings(Line::try_parse_from(line).unwrap().settings).unwrap()
}

pub struct TestServer {
    pub database: TestDatabase,
    pub db: Db,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<std::io::Result<()>>>,
}

impl TestServer {
    /// On a database of its own; with PostgreSQL goes a Redis, as in production.
    pub async fn start(backend: Backend) -> Self {
        let database = TestDatabase::create(backend).await;
        match backend {
            Backend::Sqlite => Self::start_with(database, &[]).await,
            Backend::Postgres => {
                let (redis, _) = fresh_redis().await;
                Self::start_with(database, &["--redis-url", &redis]).await
            }
        }
    }

    /// On a database that may hold data already, with more settings.
    pub async fn start_with(database: TestDatabase, more: &[&str]) -> Self {
        let config = config(&database.url, database.folder.path(), more);
        let db = Db::open(&config).unwrap();
        db::migrations::run(&db, &config, false).await.unwrap();
        let keys = Keys::load(&config.keys).unwrap();
        let server = Server::bind(config, db.clone(), keys).unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async {
            let _stop = stopped.await;
        }));
        Self { database, db, address, stop: Some(stop), running: Some(running) }
    }

    /// Shuts it down and gives its database back.
    pub async fn stop(mut self) -> TestDatabase {
        drop(self.stop.take());
        let running = self.running.take().unwrap();
        soon("the shutdown", running).await.unwrap().unwrap();
        self.database
    }

    /// Asks it to shut down, and waits for nothing.
    pub fn begin_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until so many changes wait for the database. The server answers `/metrics`.
    pub async fn queues(&self, changes: usize) {
        until(&format!("{changes} changes wait"), async || {
            let queued = http::metric(self.address, "chatoxide_write_queue").await;
            (queued as usize == changes).then_some(())
        })
        .await;
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn token(&self, user: &str) -> String {
        token(user)
    }

    /// A token of any claims.
    pub fn sign(claims: &Value) -> String {
        let key = EncodingKey::from_secret(SECRET.as_bytes()).unwrap();
        jsonwebtoken::encode(&Header::default(), claims, &key).unwrap()
    }

    /// A signed-in client of whom the token says this.
    pub async fn connect_as(&self, claims: &Value) -> Client {
        Client::connect(self.address, &Self::sign(claims))
            .await
            .unwrap_or_else(|error| panic!("{claims}: {error}"))
    }

    /// A signed-in client; the name of `alice` is `Alice`.
    pub async fn connect(&self, user: &str) -> Client {
        Client::connect(self.address, &self.token(user))
            .await
            .unwrap_or_else(|error| panic!("{user}: {error}"))
    }

    /// A signed-in client that has joined a room and heard its history.
    pub async fn connect_in(&self, user: &str, room: &str) -> Client {
        let mut client = self.connect(user).await;
        let joined = client.ask("room:join", room.into()).await;
        assert_eq!(joined["success"], true, "{joined}");
        client
    }

    /// Alice and bob in the public room `general`; all that was said of their coming has been heard, and all that follows
    /// from it is stored.
    pub async fn meet(&self) -> (Client, Client) {
        self.make_room("general", RoomType::Public, &["alice", "bob"]).await;
        let mut alice = self.connect_in("alice", "general").await;
        let mut bob = self.connect_in("bob", "general").await;
        // Its ack comes when the read marks of joining are stored, too.
        assert_eq!(bob.ask("room:read", "general".into()).await["success"], true);
        alice.heard().await;
        bob.heard().await;
        (alice, bob)
    }

    /// As another program makes a room: its members have never read it, and count from its beginning.
    pub async fn make_room(&self, id: &str, kind: RoomType, members: &[&str]) {
        for member in members {
            let user = NewUser::new(&(*member).into(), Some(member), None, None, clock::now());
            db::users::insert_absent(&self.db, vec![user]).await.unwrap();
        }
        let ids = members.iter().map(|member| (*member).into()).collect();
        let room = Room::new(&id.into(), id, kind, clock::now());
        db::rooms::insert_with_members(&self.db, room, ids, MadeBy::Nobody).await.unwrap();
        if members.is_empty() {
            return;
        }
        let starts = format!("DELETE FROM own.read_marker WHERE room_id = '{id}' AND is_start");
        self.database.execute(&self.database.own(&starts)).await;
    }

    /// Records the owner of a room that was made by [`Self::make_room`].
    pub async fn own_room(&self, room: &str, owner: &str) {
        let own = format!("INSERT INTO own.room_detail (room_id, owner_id) VALUES ('{room}', '{owner}')");
        self.database.execute(&self.database.own(&own)).await;
    }
}

/// A token for any server of the tests; the name of `alice` is `Alice`.
pub fn token(user: &str) -> String {
    let keys = Keys::load(&chatoxide::config::SigningKeys::Secret(SECRET.to_owned())).unwrap();
    let (first, rest) = user.split_at(1);
    let name = first.to_uppercase() + rest;
    keys.sign(user, Some(&name), clock::now(), std::time::Duration::from_secs(600)).unwrap()
}
