//! Tests what is logged: connections and events with who, where and how long. Tokens and contents never are. Nothing
//! that a client sends can forge a log line or fill the log.

use std::{net::SocketAddr, process::Stdio};

use deadpool_redis::redis::AsyncCommands;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
    task::JoinHandle,
};

use crate::support::{
    Backend, Client, TestDatabase, TestServer,
    process::settings,
    redis::fresh_redis,
    server::{SECRET, token},
    soon,
};

/// A server whose log is kept.
pub(super) struct Logged {
    child: Child,
    pub(super) address: SocketAddr,
    log: JoinHandle<String>,
    database: TestDatabase,
}

impl Logged {
    pub(super) async fn start(backend: Backend, more: &[(&str, &str)]) -> Self {
        Self::start_on(TestDatabase::create(backend).await, more).await
    }

    pub(super) async fn start_on(database: TestDatabase, more: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chatoxide"))
            .env_clear()
            .envs(settings(&database, more).await)
            .current_dir(database.folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // A full pipe would hold up the server.
        let mut stderr = child.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut log = String::new();
            stderr.read_to_string(&mut log).await.expect("the log is text");
            log
        });
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = soon("the address", lines.next_line()).await.unwrap().unwrap();
        let address = first.split("listens on ").nth(1).unwrap().parse().unwrap();
        Self { child, address, log, database }
    }

    /// Ends it: all that it logged.
    pub(super) async fn end(self) -> String {
        self.end_with_database().await.0
    }

    /// The same, and its database.
    async fn end_with_database(mut self) -> (String, TestDatabase) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").arg(pid).status().await.unwrap().success());
        soon("the end", self.child.wait()).await.unwrap();
        (soon("the end of the log", self.log).await.unwrap(), self.database)
    }
}

pub(super) fn lines(log: &str) -> Vec<Value> {
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn with<'a>(lines: &'a [Value], message: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["fields"]["message"] == message).collect()
}

#[tokio::test]
async fn events_are_logged_with_their_outcome() {
    let server =
        Logged::start(Backend::Sqlite, &[("RUST_LOG", "debug,tungstenite=trace"), ("LOG_FORMAT", "json")])
            .await;
    let mut alice = Client::connect(server.address, &token("alice")).await.unwrap();
    let room = alice.ask("room:create", json!({"name": "General"})).await["room"]["id"].take();
    alice.ask("room:join", room.clone()).await;
    alice.ask("message:send", json!({"roomId": room, "content": "Hello"})).await;
    alice.ask("message:send", json!({"roomId": "nowhere", "content": "Hello"})).await;
    assert!(Client::connect(server.address, &format!("{}x", token("alice"))).await.is_err());
    alice.close().await;

    let lines = lines(&server.end().await);
    let count = |message| with(&lines, message).len();
    assert_eq!((count("connected"), count("refused"), count("disconnected")), (1, 1, 1));
    assert_eq!(with(&lines, "connected")[0]["fields"]["user"], "alice");
    assert_eq!(with(&lines, "refused")[0]["fields"]["why"], "signed with another key");
    let spans: Vec<&Value> = with(&lines, "handled").into_iter().map(|line| &line["span"]).collect();
    let told: Vec<_> =
        spans.iter().skip(1).map(|span| (&span["event"], &span["room"], &span["outcome"])).collect();
    let expected = [
        (json!("room:join"), room.clone(), json!("ok")),
        (json!("message:send"), room, json!("ok")),
        (json!("message:send"), json!("nowhere"), json!("room_not_found")),
    ];
    assert_eq!(
        told,
        expected.iter().map(|(event, room, outcome)| (event, room, outcome)).collect::<Vec<_>>()
    );
    assert!(spans.iter().all(|span| span["user"] == "alice" && span["duration_us"].as_u64().is_some()));
}

async fn nothing_private_is_logged(backend: Backend, level: &str) {
    let server = Logged::start(backend, &[("RUST_LOG", level)]).await;
    let (good, bad) = (token("alice"), format!("{}x", token("bob")));
    let mut alice = Client::connect(server.address, &good).await.unwrap();
    assert!(Client::connect(server.address, &bad).await.is_err());
    let room = alice.ask("room:create", json!({"name": "private-name"})).await["room"]["id"].take();
    alice.ask("room:join", room.clone()).await;
    let sent = json!({
        "roomId": room, "content": "private-content", "metadata": {"private-key": "private-value"},
        "clientId": "private-client",
    });
    let message = alice.ask("message:send", sent).await["message"]["id"].take();
    alice.ask("message:edit", json!({"messageId": message, "content": "private-edit"})).await;
    let reaction = json!({"messageId": message, "roomId": room, "emoji": "private-emoji"});
    assert_eq!(alice.ask("reaction:add", reaction.clone()).await["success"], true);
    alice.ask("reaction:remove", reaction).await;
    alice.ask("messages:sync", json!({"roomId": room, "since": 0})).await;
    alice.ask("users:find", json!({"query": "private-query"})).await;
    alice.ask("message:delete", json!({"messageId": message, "roomId": room})).await;
    alice
        .ask("message:send", json!({"roomId": room, "content": {"private-wrong": 1}, "private-wrong": 2}))
        .await;
    alice.close().await;

    let log = server.end().await;
    assert!(log.contains("handled") && log.contains("alice"), "it is logged at {level}: {log}");
    let private = log.lines().find(|line| line.contains("private-"));
    assert_eq!(private, None, "content was logged at {level}");
    // The database's driver prints values as bytes.
    let as_bytes = "private-".bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    assert!(!log.contains(&as_bytes), "the bytes of content were logged at {level}");
    for secret in [good.as_str(), bad.as_str(), SECRET] {
        assert!(!log.contains(secret), "a token or a secret was logged at {level}");
    }
    // Nor a part that would be as good.
    for part in good.split('.').chain(bad.split('.')) {
        assert!(!log.contains(part), "a part of a token was logged at {level}");
    }
}

#[tokio::test]
async fn no_content_no_token_and_no_secret_is_logged_sqlite() {
    for level in ["debug", "trace", "trace,tungstenite=trace,tokio_postgres=trace"] {
        nothing_private_is_logged(Backend::Sqlite, level).await;
    }
}

#[tokio::test]
async fn no_content_no_token_and_no_secret_is_logged_postgres() {
    for level in ["debug", "trace", "trace,tungstenite=trace,tokio_postgres=trace"] {
        nothing_private_is_logged(Backend::Postgres, level).await;
    }
}

/// As the parts of a token are written.
fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let group = |chunk: &[u8]| {
        let bits =
            chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        (0..=chunk.len()).map(move |place| char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize]))
    };
    bytes.chunks(3).flat_map(group).collect()
}

/// A text that would forge a log line, clear a terminal, or change the text direction of what follows.
const FORGERY: &str =
    "x\n2026-01-01T00:00:00Z  INFO chatoxide: forged\r\u{1b}[2J\u{9b}1m\u{2028}\u{202e}\u{2066}\u{200b}\u{7}";

async fn no_client_forges_a_line(format: &str) {
    let server = Logged::start(Backend::Sqlite, &[("RUST_LOG", "debug"), ("LOG_FORMAT", format)]).await;
    let long = format!("{FORGERY}{}", "y".repeat(400));
    let forger = TestServer::sign(&json!({"sub": long, "name": long}));
    let mut client = Client::connect(server.address, &forger).await.unwrap();
    client.ask("room:join", json!(long)).await;
    client.ask("message:send", json!({"roomId": long, "content": long})).await;
    client.emit(&format!("\u{9b}\u{2028}\u{202e}{}", "y".repeat(400)), json!(long)).await;
    client.heard().await;
    client.close().await;
    for claims in [json!({"sub": [long]}), json!({"sub": "a", "exp": long}), json!({"sub": long.repeat(3)})] {
        assert!(Client::connect(server.address, &TestServer::sign(&claims)).await.is_err());
    }
    let encode = |value: Value| base64url(value.to_string().as_bytes());
    for header in [json!({"alg": long}), json!({"alg": "HS256", "typ": [long]}), json!(long)] {
        let token = format!("{}.{}.{}", encode(header), encode(json!({"sub": "a"})), "c2ln");
        assert!(Client::connect(server.address, &token).await.is_err());
    }
    for garbage in [long.clone(), format!("{long}.{long}.{long}")] {
        assert!(Client::connect(server.address, &garbage).await.is_err());
    }

    let log = server.end().await;
    let obeyed = |c: char| (c.is_control() && c != '\n') || "\u{2028}\u{202e}\u{2066}\u{200b}".contains(c);
    assert_eq!(log.chars().find(|c| obeyed(*c)), None, "{log:?}");
    assert!(log.lines().all(|line| !line.starts_with("2026-01-01")), "a line was forged");
    assert!(log.contains("connected") && log.contains("x\\\\u{a}2026"), "it is told, escaped: {log}");
    let counted = |line: &str| line.matches('y').count();
    assert!(log.lines().all(|line| counted(line) <= 3 * 128 && line.len() < 2_048), "{log}");
    assert_eq!(log.lines().filter(|line| line.contains("refused")).count(), 8, "{log}");
    if format == "json" {
        let user = with(&lines(&log), "connected")[0]["fields"]["user"].as_str().unwrap().to_owned();
        assert!(user.starts_with("x\\u{a}2026") && user.ends_with("y…"), "{user}");
    }
}

#[tokio::test]
async fn no_client_can_forge_a_log_line_as_text() {
    no_client_forges_a_line("text").await;
}

#[tokio::test]
async fn no_client_can_forge_a_log_line_as_json() {
    no_client_forges_a_line("json").await;
}

#[tokio::test]
async fn a_value_in_the_log_cannot_pass_for_another_field() {
    let server = Logged::start(Backend::Sqlite, &[("RUST_LOG", "info")]).await;
    let forger = TestServer::sign(&json!({"sub": "alice transport=Polling\" user=bob"}));
    Client::connect(server.address, &forger).await.unwrap().close().await;
    let plain = TestServer::sign(&json!({"sub": "alice transport=Polling"}));
    Client::connect(server.address, &plain).await.unwrap().close().await;
    for odd in ["a=b", "a,b", "a{b", "a b"] {
        Client::connect(server.address, &TestServer::sign(&json!({"sub": odd}))).await.unwrap().close().await;
    }
    let log = server.end().await;
    assert!(log.contains(r#"user="alice transport=Polling\" user=bob""#), "{log}");
    for quoted in ["alice transport=Polling", "a=b", "a,b", "a{b", "a b"] {
        assert!(log.contains(&format!("user=\"{quoted}\"")), "{quoted}: {log}");
    }
}

#[tokio::test]
async fn a_flood_of_bad_tokens_gets_few_lines_and_all_are_counted() {
    let server = Logged::start(Backend::Sqlite, &[("RUST_LOG", "info"), ("LOG_FORMAT", "json")]).await;
    let begun = std::time::Instant::now();
    for _ in 0..300 {
        assert!(Client::connect(server.address, "let me in").await.is_err());
    }
    let seconds = begun.elapsed().as_secs() as usize;
    let lines = lines(&server.end().await);
    let refused = with(&lines, "refused");
    assert!((20..=21 + seconds).contains(&refused.len()), "{} lines in {seconds} s", refused.len());
    assert_eq!(refused[0]["fields"]["left_out"], 0);
    let left_out: u64 = refused.iter().filter_map(|line| line["fields"]["left_out"].as_u64()).sum();
    assert!(refused.len() as u64 + left_out <= 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_index_on_messages_is_warned_of_with_what_makes_it() {
    let mut database = TestServer::start(Backend::Postgres).await.stop().await;
    for (change, is_warned_of) in [
        ("", false),
        (r#"DROP INDEX "Message_roomId_createdAt_idx""#, true),
        (r#"CREATE INDEX ON "Message" ("roomId")"#, true),
        (r#"CREATE INDEX ON "Message" ("roomId", "createdAt") WHERE "type" = 'text'"#, true),
        (r#"CREATE INDEX ON "Message" ("roomId", "createdAt" DESC, "id")"#, false),
    ] {
        database.execute(change).await;
        let logged = Logged::start_on(database, &[("RUST_LOG", "warn")]).await;
        let (log, given_back) = logged.end_with_database().await;
        let making = r#"CREATE INDEX CONCURRENTLY "Message_roomId_createdAt_idx" ON "Message" ("roomId", "createdAt")"#;
        assert_eq!(log.contains(making), is_warned_of, "{change}: {log}");
        database = given_back;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_type_in_redis_is_logged_once() {
    let (url, redis) = fresh_redis().await;
    let settings = [("RUST_LOG", "warn"), ("LOG_FORMAT", "json"), ("REDIS_URL", &url)];
    let server = Logged::start(Backend::Sqlite, &settings).await;
    let mut alice = Client::connect(server.address, &token("alice")).await.unwrap();
    let mut expected = Vec::new();
    for n in 0..2 {
        let room = alice.ask("room:create", json!({"name": n.to_string()})).await["room"]["id"].take();
        let key = format!("chat:read:{}", room.as_str().unwrap());
        let () = redis.clone().set(&key, "a text").await.unwrap();
        // Imports the marks, and writes one.
        alice.ask("room:join", room.clone()).await;
        alice.ask("room:read", room).await;
        expected.push(key);
    }
    let log = server.end().await;
    let keys = lines(&log);
    let keys = keys.iter().filter_map(|line| line["fields"]["key"].as_str().map(str::to_owned));
    let mut keys: Vec<String> = keys.collect();
    keys.sort_by_key(|key| expected.iter().position(|expected| expected == key));
    assert_eq!(keys, expected, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_not_granted_on_one_table_is_warned_of_and_the_rest_is_served() {
    let database = TestServer::start(Backend::Postgres).await.stop().await;
    let role = format!("role_{}", uuid::Uuid::new_v4().simple());
    let grant = format!(
        r#"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA chatoxide TO {role};
        GRANT ALL ON ALL TABLES IN SCHEMA public, chatoxide TO {role}; REVOKE INSERT ON "Reaction" FROM {role};
        REVOKE UPDATE ON "Message" FROM {role}"#
    );
    database.execute(&grant).await;
    let (_, place) = database.url.rsplit_once('@').unwrap_or_else(|| database.url.split_once("//").unwrap());
    let url = format!("postgresql://{role}:x@{place}");
    let server = Logged::start_on(database, &[("RUST_LOG", "warn"), ("DATABASE_URL", &url)]).await;
    let mut alice = Client::connect(server.address, &token("alice")).await.unwrap();
    let room = alice.ask("room:create", json!({"name": "General"})).await["room"]["id"].take();
    let sent = alice.say(room.as_str().unwrap(), "said").await;
    for event in ["reaction:add", "message:delete"] {
        let ask = json!({"messageId": sent["id"], "roomId": room, "emoji": "x"});
        assert_eq!(alice.ask(event, ask).await["code"], "internal", "{event}");
    }
    let log = server.end().await;
    for expected in [
        r#"no right to INSERT into "Reaction""#,
        r#"no right to UPDATE "Message": no message can be edited or deleted, and none be reacted to"#,
    ] {
        assert_eq!(log.matches(expected).count(), 1, "{expected}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_whom_the_database_refuses_is_logged_with_the_rule() {
    let server = TestServer::start(Backend::Postgres).await;
    drop(server.connect("alice").await);
    let database = server.stop().await;
    database.execute(r#"CREATE UNIQUE INDEX one_name ON "User" ("name")"#).await;
    let logged = Logged::start_on(database, &[("LOG_FORMAT", "json")]).await;
    let same_name = TestServer::sign(&json!({"sub": "other", "name": "Alice"}));
    let client = Client::connect(logged.address, &same_name).await;
    assert!(client.is_ok());
    drop(client);
    let log = logged.end().await;
    let told = log.lines().any(|line| line.contains("WARN") && line.contains("one_name"));
    assert!(told && !log.contains("diesel"), "{log}");
}

#[tokio::test]
async fn a_log_has_colours_on_a_terminal_unless_no_color_is_set() {
    for (no_color, has_colours) in [("", true), ("1", false)] {
        let warning = first_warning_on_a_terminal(("NO_COLOR", no_color)).await;
        assert_eq!(warning.contains("\x1b["), has_colours, "{warning}");
    }
}

/// The warning that a server with a short secret logs at its start, on a terminal of its own.
async fn first_warning_on_a_terminal(variable: (&str, &str)) -> String {
    let database = TestDatabase::create(Backend::Sqlite).await;
    let mut terminal = Command::new("script")
        .args(["-qfec", env!("CARGO_BIN_EXE_chatoxide"), "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .envs(settings(&database, &[("JWT_SECRET", "short"), variable]).await)
        .current_dir(database.folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(terminal.stdout.take().unwrap()).lines();
    loop {
        let line = soon("a warning", lines.next_line()).await.unwrap().expect("the server ended");
        if line.contains("WARN") {
            return line;
        }
    }
}
