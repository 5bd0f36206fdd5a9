//! A database for one test, dropped with it.

use tempfile::TempDir;
use tokio_postgres::NoTls;

use super::{required, until};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

pub struct TestDatabase {
    pub url: String,
    /// The SQLite file's folder; also a place for the test's other files.
    pub folder: TempDir,
    pub backend: Backend,
}

impl TestDatabase {
    /// Empty: no table is there yet.
    pub async fn create(backend: Backend) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match backend {
            Backend::Sqlite => format!("sqlite://{}/chat.db", folder.path().display()),
            Backend::Postgres => create_postgres("").await,
        };
        Self { url, folder, backend }
    }

    /// A database of PostgreSQL in an encoding.
    pub async fn create_in(encoding: &str) -> Self {
        let options = format!("ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        let (folder, url) = (tempfile::tempdir().unwrap(), create_postgres(&options).await);
        Self { url, folder, backend: Backend::Postgres }
    }

    /// The kind of the database at the URL, which a test may have set to that of a server of its own.
    fn backend(&self) -> Backend {
        if self.url.starts_with("sqlite:") { Backend::Sqlite } else { Backend::Postgres }
    }

    /// Runs statements. Their rows are ignored.
    pub async fn execute(&self, sql: &str) {
        match self.backend() {
            Backend::Postgres => execute(&self.url, sql).await,
            Backend::Sqlite => {
                self.sqlite(sql);
            }
        }
    }

    /// The first column of what a statement selects, as text.
    pub async fn select(&self, sql: &str) -> Vec<String> {
        match self.backend {
            Backend::Postgres => {
                let client = connect(&self.url).await;
                let rows = client.simple_query(sql).await.unwrap();
                let first = |message| match message {
                    tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("").to_owned()),
                    _ => None,
                };
                rows.into_iter().filter_map(first).collect()
            }
            Backend::Sqlite => self.sqlite(sql).lines().map(str::to_owned).collect(),
        }
    }

    /// Waits until so many statements that contain `part` wait for a lock that somebody else holds. PostgreSQL only.
    pub async fn waits_for_a_lock(&self, part: &str, count: usize) {
        let client = connect(&self.url).await;
        let waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
                       AND wait_event_type = 'Lock' AND position($1 in query) > 0";
        until(&format!("{count} of {part} waits for a lock"), async || {
            (client.query(waiting, &[&part]).await.unwrap().len() >= count).then_some(())
        })
        .await;
    }

    /// Runs these statements in a transaction that goes on, and with it the locks that they take. PostgreSQL only.
    pub async fn hold(&self, statements: &str) -> Hold {
        let client = connect(&self.url).await;
        client.batch_execute(&format!("BEGIN; {statements}")).await.unwrap();
        Hold(client)
    }

    /// Puts messages into a room: each an id, which is its content too, and a time.
    pub async fn seed_messages(
        &self,
        room: &str,
        sender: &str,
        messages: &[(impl AsRef<str>, impl AsRef<str>)],
    ) {
        let row = |(id, at): &(_, _)| {
            let (id, at) = (AsRef::<str>::as_ref(id), AsRef::<str>::as_ref(at));
            format!("('{id}', '{room}', '{sender}', '{id}', '{at}')")
        };
        let rows: Vec<String> = messages.iter().map(row).collect();
        let columns = r#""id", "roomId", "senderId", "content", "createdAt""#;
        self.execute(&format!(r#"INSERT INTO "Message" ({columns}) VALUES {}"#, rows.join(", "))).await;
    }

    /// Every row of the tables that events change, so that two looks can be compared.
    pub async fn all_rows(&self) -> Vec<String> {
        let mut rows = Vec::new();
        for table in [
            r#""Room""#,
            r#""_RoomMembers""#,
            r#""Message""#,
            r#""Reaction""#,
            "own.room_head",
            "own.room_log",
            "own.read_marker",
            "own.mention",
            "own.mention_marker",
            "own.thread",
            "own.thread_follower",
            "own.thread_reply",
            "own.user_setting",
            "own.delivery_marker",
            "own.room_detail",
        ] {
            let columns = if self.backend == Backend::Postgres { "t::text" } else { "*" };
            let found = self.select(&self.own(&format!("SELECT {columns} FROM {table} t ORDER BY 1"))).await;
            rows.extend(found.into_iter().map(|row| format!("{table} {row}")));
        }
        rows
    }

    /// A statement of our own tables, whose names differ: `own.room_log`.
    pub fn own(&self, sql: &str) -> String {
        sql.replace("own.", if self.backend() == Backend::Postgres { "chatoxide." } else { "chatoxide_" })
    }

    fn sqlite(&self, sql: &str) -> String {
        let path = self.url.strip_prefix("sqlite://").unwrap();
        let output = std::process::Command::new("sqlite3")
            .args(["-cmd", ".timeout 5000", path, sql])
            .output()
            .expect("sqlite3 is installed by make test");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Creates a database with options; returns its URL.
async fn create_postgres(options: &str) -> String {
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let server = required("TEST_POSTGRES_URL");
    execute(&server, &format!("CREATE DATABASE {name} {options}")).await;
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

/// A transaction that holds locks.
pub struct Hold(tokio_postgres::Client);

impl Hold {
    /// Runs more statements in it.
    pub async fn execute(&self, statements: &str) {
        self.0.batch_execute(statements).await.unwrap();
    }

    /// Ends it: what it did is committed, and who waits for its locks goes on.
    pub async fn release(self) {
        self.0.batch_execute("COMMIT").await.unwrap();
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.backend == Backend::Postgres {
            let name = self.url.rsplit_once('/').unwrap().1.to_owned();
            // The runtime of the test may be ending: a thread of our own does not care.
            let dropped = std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                runtime.block_on(execute(&required("TEST_POSTGRES_URL"), &sql));
            });
            dropped.join().unwrap();
        }
    }
}

/// A time to seed with: so many seconds after nine, in the month when the contract was read off.
pub fn moment(second: usize) -> String {
    format!("2026-01-31 09:{:02}:{:02}.042", second / 60, second % 60)
}

/// Connects without encryption, also where the URL asks the server's own connections for it.
pub async fn connect(url: &str) -> tokio_postgres::Client {
    let url = url.replace("?sslmode=require", "");
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// Runs statements on PostgreSQL. Their rows are ignored.
pub async fn execute(url: &str, sql: &str) {
    connect(url).await.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}
