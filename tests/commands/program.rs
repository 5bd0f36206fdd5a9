//! The program as an operator meets it: demo mode, wrong settings, `token`, `migrate`, `check`, signals.

use std::{path::Path, process::Stdio};

use chatoxide::chat::room::RoomType;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::support::{Backend, Client, TestServer, soon};

fn chatoxide(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatoxide"));
    command.args(arguments).current_dir(folder).env_clear().env("PORT", "0").kill_on_drop(true);
    command
}

/// Runs it to its end: exit code, standard output, standard error.
async fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = soon("the program ends", chatoxide(folder, arguments).output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Starts it and waits until it listens: what it printed up to there, and its port.
async fn start(command: &mut Command) -> (Child, String, u16) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut printed = String::new();
    loop {
        let line = soon("a line", lines.next_line()).await.unwrap().expect("the program ended");
        printed.push_str(&line);
        printed.push('\n');
        if line.contains("a token") {
            let port =
                printed.split("http://127.0.0.1:").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
            return (child, printed, port);
        }
    }
}

#[tokio::test]
async fn with_nothing_configured_it_is_in_demo_mode_and_serves_its_samples() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, printed, port) = start(&mut chatoxide(folder.path(), &[])).await;
    assert!(printed.contains("demo mode") && printed.contains("sqlite://data/chatoxide.db"), "{printed}");
    let (code, token, _) = run(folder.path(), &["token", "--sub", "alice", "--name", "Alice"]).await;
    assert_eq!(code, 0);

    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let mut alice = Client::connect(address, token.trim()).await.unwrap();
    alice.emit("room:join", "general".into()).await;
    assert_eq!(alice.hear("room:members").await["members"].as_array().unwrap().len(), 4);

    // SIGTERM ends it cleanly.
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").arg(pid).status().await.unwrap().success());
    assert_eq!(soon("the shutdown", child.wait()).await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn as_many_connections_may_be_open_as_the_system_allows() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    let line = format!("ulimit -Sn 256; exec {}", env!("CARGO_BIN_EXE_chatoxide"));
    shell.args(["-c", &line]).current_dir(folder.path()).env_clear().env("PORT", "0").kill_on_drop(true);
    let (child, _, _) = start(&mut shell).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id().unwrap())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let [soft, hard] = [3, 4].map(|column| files.split_whitespace().nth(column).unwrap());
    assert_eq!(soft, hard, "{files}");
}

#[tokio::test]
async fn a_file_named_env_is_read_and_the_environment_goes_before_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "DATA_DIR=from-the-file\nREDIS_URL=\n").unwrap();
    assert_eq!(run(folder.path(), &["migrate"]).await.0, 0);
    assert!(folder.path().join("from-the-file/chatoxide.db").exists());

    let command = chatoxide(folder.path(), &["migrate"]).env("DATA_DIR", "from-the-environment").output();
    assert!(soon("the program ends", command).await.unwrap().status.success());
    assert!(folder.path().join("from-the-environment/chatoxide.db").exists());

    std::fs::write(folder.path().join(".env"), "PORT=none\n").unwrap();
    let command = chatoxide(folder.path(), &["check"]).env_remove("PORT").output();
    assert_eq!(soon("the program ends", command).await.unwrap().status.code(), Some(2));
}

#[tokio::test]
async fn without_a_key_it_refuses_any_address_but_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, error) = run(folder.path(), &["--host", "0.0.0.0"]).await;
    assert_eq!(code, 2);
    assert!(error.contains("JWT_SECRET") && error.lines().count() == 1, "{error}");
}

#[tokio::test]
async fn a_wrong_setting_is_one_clear_sentence_and_exit_code_2() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, named) in [
        (["--port", "many"], "many"),
        (["--ping-interval", "0"], "0"),
        (["--database-url", "mysql://x"], "DATABASE_URL"),
        (["--database-url", "postgresql://h/d?frobnicate=1"], "frobnicate"),
        (["--redis-url", "http://x"], "REDIS_URL"),
        (["--cors-origin", "example.org"], "CORS_ORIGIN"),
        (["--jwt-public-key", "not a key"], "JWT_PUBLIC_KEY"),
        (["--log", "chatoxide=loud"], "RUST_LOG"),
        (["--no-such-thing", "1"], "--no-such-thing"),
    ] {
        let (code, _, error) = run(folder.path(), &arguments).await;
        assert_eq!(code, 2, "{arguments:?}: {error}");
        assert!(error.contains(named) && error.lines().count() == 1, "{arguments:?}: {error}");
    }
    let command = chatoxide(folder.path(), &[]).env("PORT", "none").output();
    assert_eq!(soon("the program ends", command).await.unwrap().status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tells_what_it_found() {
    let server = TestServer::start(Backend::Postgres).await;
    server.make_room("general", RoomType::Public, &[]).await;
    let folder = server.database.folder.path();
    let url = server.database.url.as_str();
    let usual = ["check", "--jwt-secret", "s", "--database-url"];

    let (code, found, _) = run(folder, &[&usual[..], &[url]].concat()).await;
    assert_eq!((code, found.matches("FAULT").count()), (0, 0), "{found}");
    assert!(found.contains("tables as expected"), "{found}");

    let nobody = "postgresql://u:secret@127.0.0.1:1/x";
    let (code, found, _) =
        run(folder, &[&usual[..], &[nobody, "--redis-url", "redis://127.0.0.1:1"]].concat()).await;
    assert_eq!((code, found.matches("FAULT").count()), (1, 2), "{found}");
    assert!(!found.contains("secret"), "{found}");
}

#[tokio::test]
async fn migrate_makes_the_tables_once() {
    let folder = tempfile::tempdir().unwrap();
    let (code, first, _) = run(folder.path(), &["migrate"]).await;
    assert_eq!((code, first.contains("2 migrations ran")), (0, true), "{first}");
    let (code, second, _) = run(folder.path(), &["migrate"]).await;
    assert_eq!((code, second.contains("0 migrations ran")), (0, true), "{second}");
}
