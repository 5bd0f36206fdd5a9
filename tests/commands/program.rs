//! The program as an operator meets it: demo mode, keys, wrong settings, `token`, `migrate`, `check`, signals.

use std::{path::Path, process::Stdio};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

use crate::support::{Backend, Client, TestServer, http, soon};

pub(super) fn chatoxide(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chatoxide"));
    command.args(arguments).current_dir(folder).env_clear().env("PORT", "0").kill_on_drop(true);
    command
}

/// Runs it to its end: exit code, standard output, standard error.
pub(crate) async fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    run_with(folder, arguments, &[]).await
}

/// The same, with more variables.
pub(super) async fn run_with(
    folder: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> (i32, String, String) {
    let mut program = chatoxide(folder, arguments);
    let output = soon("the program ends", program.envs(variables.iter().copied()).output()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Starts it and waits until it listens: what it printed up to there, and its port.
pub(super) async fn start(command: &mut Command) -> (Child, String, u16) {
    started(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()).await
}

/// The same, and all that it logs until its end.
async fn start_with_log(command: &mut Command) -> (Child, impl Future<Output = String>) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let log = async move {
        let mut log = String::new();
        stderr.read_to_string(&mut log).await.unwrap();
        log
    };
    (started(child).await.0, log)
}

async fn started(mut child: Child) -> (Child, String, u16) {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut printed = String::new();
    loop {
        let line = soon("a line", lines.next_line()).await.unwrap().expect("the program ended");
        printed.push_str(&line);
        printed.push('\n');
        if line.contains("a token") {
            let url = printed.split("http://").nth(1).unwrap().lines().next().unwrap();
            let port = url.rsplit(':').next().unwrap().parse().unwrap();
            return (child, printed, port);
        }
    }
}

#[tokio::test]
async fn a_server_without_settings_is_in_demo_mode_and_serves_its_samples() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, printed, port) = start(&mut chatoxide(folder.path(), &[])).await;
    for part in ["demo mode", "sqlite://data/chatoxide.db", "samples"] {
        assert!(printed.contains(part), "{printed}");
    }
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
async fn the_server_allows_as_many_connections_as_the_system() {
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
async fn a_server_without_a_key_refuses_any_address_but_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, error) = run(folder.path(), &["--host", "0.0.0.0"]).await;
    assert_eq!(code, 2);
    assert!(error.contains("JWT_SECRET") && error.lines().count() == 1, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_somebody_named_is_never_opened_without_a_key() {
    let server = TestServer::start(Backend::Postgres).await;
    let folder = tempfile::tempdir().unwrap();
    for url in [server.database.url.as_str(), "sqlite://named.db", "file:./data/chatoxide.db"] {
        for (variable, value) in [
            ("JWT_SECRET", ""),
            ("JWT_SECRET", "  "),
            ("JWT_SECERT", "s"),
            ("JWT_TOKEN_SECRET", "s"),
            ("DEMO", "false"),
        ] {
            for arguments in [&["serve"][..], &["token", "--sub", "alice"]] {
                let mut command = chatoxide(folder.path(), arguments);
                let output = command.env("DATABASE_URL", url).env(variable, value).output();
                let output = soon("the program ends", output).await.unwrap();
                let error = String::from_utf8(output.stderr).unwrap();
                assert_eq!(output.status.code(), Some(2), "{url} {variable} {arguments:?}: {error}");
                assert!(error.contains("JWT_SECRET") && error.contains("DEMO"), "{error}");
                assert_eq!((error.lines().count(), output.stdout.len()), (1, 0), "{error}");
            }
        }
    }
    let (code, found, _) = run(folder.path(), &["check", "--database-url", "sqlite://named.db"]).await;
    assert_eq!((code, found.matches("FAULT").count()), (1, 1), "{found}");
    assert!(found.contains("FAULT  sign-in: ") && found.contains("JWT_SECRET"), "{found}");
    // Nobody signs in to a migration.
    let (code, migrated, _) = run(folder.path(), &["migrate", "--database-url", "sqlite://named.db"]).await;
    assert_eq!(code, 0, "{migrated}");
}

#[tokio::test]
async fn demo_mode_opens_a_named_database_if_the_setting_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = chatoxide(folder.path(), &["--database-url", "sqlite://named.db", "--demo", "true"]);
    let (_child, printed, port) = start(&mut command).await;
    assert!(printed.contains("demo mode") && !printed.contains("samples"), "{printed}");
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    assert_eq!(http::get(address, "/demo").await.json()["users"], serde_json::json!([]));
}

#[tokio::test]
async fn demo_mode_is_refused_beside_a_key_or_for_other_machines_and_may_be_forbidden() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, named) in [
        (&["--demo", "true", "--jwt-secret", "a secret of more than thirty-two bytes"][..], "JWT_SECRET"),
        (&["--demo", "true", "--jwt-public-key", "k"], "JWT_PUBLIC_KEY"),
        (&["--demo", "true", "--host", "0.0.0.0"], "HOST"),
        (&["--demo", "true", "--host", "::"], "HOST"),
        (&["--demo", "false"], "JWT_SECRET"),
        (&["--demo", "perhaps"], "perhaps"),
    ] {
        let (code, _, error) = run(folder.path(), arguments).await;
        assert_eq!(code, 2, "{arguments:?}: {error}");
        assert!(error.contains(named) && error.lines().count() == 1, "{arguments:?}: {error}");
    }
}

#[tokio::test]
async fn a_secret_is_used_to_the_last_byte_and_one_that_looks_wrong_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "thirty-two bytes are enough for it\n";
    let token = chatoxide(folder.path(), &["token", "--sub", "alice"]).env("JWT_SECRET", secret).output();
    let token = String::from_utf8(soon("the token", token).await.unwrap().stdout).unwrap();
    let signed_with = |secret: &str| {
        let key = jsonwebtoken::DecodingKey::from_secret(secret.as_bytes()).unwrap();
        let validation = jsonwebtoken::Validation::default();
        jsonwebtoken::decode::<serde_json::Value>(token.trim(), &key, &validation).is_ok()
    };
    assert!(signed_with(secret) && !signed_with(secret.trim()));

    for (secret, warnings) in [(secret, 1), (secret.trim(), 0), ("short", 1), (" short", 2)] {
        let mut command = chatoxide(folder.path(), &[]);
        command.env("JWT_SECRET", secret).env("HOST", "127.0.0.1").stderr(Stdio::piped());
        let (mut child, log) = start_with_log(&mut command).await;
        let pid = child.id().unwrap().to_string();
        assert!(Command::new("kill").arg(pid).status().await.unwrap().success());
        soon("the shutdown", child.wait()).await.unwrap();
        let log = soon("the log", log).await;
        assert_eq!(
            log.lines().filter(|line| line.contains("JWT_SECRET")).count(),
            warnings,
            "{secret:?}: {log}"
        );
        assert!(!log.contains(secret.trim()), "the secret was logged");

        let command = chatoxide(folder.path(), &["check"]).env("JWT_SECRET", secret).output();
        let output = soon("the program ends", command).await.unwrap();
        let found = String::from_utf8(output.stdout).unwrap();
        assert_eq!(
            (output.status.code(), found.matches("warn   sign-in: JWT_SECRET").count()),
            (Some(0), warnings)
        );
        assert!(!found.contains(secret.trim()), "{found}");
    }
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
        (["--cors-origin", "https://example.org/"], "write https://example.org"),
        (["--jwt-public-key", "not a key"], "JWT_PUBLIC_KEY"),
        (["--jwt-secret", "-----BEGIN PUBLIC KEY-----"], "JWT_PUBLIC_KEY"),
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

#[tokio::test]
async fn migrate_makes_the_tables_once() {
    let folder = tempfile::tempdir().unwrap();
    let migrations =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite")).unwrap().count();
    let (code, first, _) = run(folder.path(), &["migrate"]).await;
    assert_eq!((code, first.contains(&format!("{migrations} migrations ran"))), (0, true), "{first}");
    let (code, second, _) = run(folder.path(), &["migrate"]).await;
    assert_eq!((code, second.contains("0 migrations ran")), (0, true), "{second}");
}

#[tokio::test]
async fn help_shows_the_settings_in_groups_and_that_of_token_only_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let (code, help, _) = run(folder.path(), &["--help"]).await;
    assert_eq!(code, 0);
    let headings: Vec<&str> =
        help.lines().filter(|line| line.ends_with(':') && !line.starts_with(' ')).collect();
    let [commands, options, groups @ .., tuning] = &headings[..] else { panic!("{help}") };
    assert_eq!((*commands, *options), ("Commands:", "Options:"));
    assert_eq!(groups, ["Server:", "Database and Redis:", "Sign-in:", "Delivery:", "Limits:", "Logs:"]);
    assert!(tuning.starts_with("Tuning"), "{tuning}");
    let (code, help, _) = run(folder.path(), &["token", "--help"]).await;
    assert_eq!(code, 0);
    let options: Vec<&str> =
        help.lines().filter_map(|line| line.trim().strip_prefix("--")?.split(' ').next()).collect();
    assert_eq!(options, ["sub", "name", "ttl", "new-secret", "data-dir", "jwt-secret"]);
    // It takes the other settings all the same, before and after its name.
    let secret = "a secret that is long enough to sign with";
    for arguments in [["--port", "1", "token", "--sub", "anna"], ["token", "--sub", "anna", "--port", "1"]] {
        let mut arguments = arguments.to_vec();
        arguments.extend(["--jwt-secret", secret]);
        let (code, token, error) = run(folder.path(), &arguments).await;
        assert_eq!((code, token.matches('.').count()), (0, 2), "{error}");
    }
}
