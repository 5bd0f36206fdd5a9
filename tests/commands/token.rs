//! `chatoxide token`: tokens that the server accepts, and none that no server would.

use std::{net::SocketAddr, path::Path};

use tokio::process::Command;

use super::program::{chatoxide, run, start};
use crate::support::{Client, soon};

const SECRET: &str = "a secret of more than thirty-two bytes";
const ALICE: [&str; 3] = ["token", "--sub", "alice"];

#[tokio::test]
async fn where_no_server_has_run_there_is_no_token_and_no_secret_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (code, token, error) = run(folder.path(), &ALICE).await;
    assert_eq!((code, token.as_str(), error.lines().count()), (2, "", 1), "{error}");
    let secret = folder.path().join("data/demo-secret").display().to_string();
    for part in ["no server", &secret, "JWT_SECRET", "DATA_DIR", "--new-secret"] {
        assert!(error.contains(part), "{part} in: {error}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was made");
    let (code, token, error) = run(folder.path(), &[&ALICE[..], &["--jwt-secret", SECRET]].concat()).await;
    assert_eq!((code, token.matches('.').count()), (0, 2), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "something was made");
}

#[tokio::test]
async fn a_server_that_starts_later_accepts_the_token_of_a_new_secret() {
    let folder = tempfile::tempdir().unwrap();
    let (code, token, error) = run(folder.path(), &[&ALICE[..], &["--new-secret"]].concat()).await;
    assert_eq!(code, 0, "{error}");
    let (_child, _, port) = start(&mut chatoxide(folder.path(), &[])).await;
    ensure_signs_in(port, &token).await;
}

/// Runs the command of the banner as somebody would who copies it into a shell.
async fn paste(folder: &Path, printed: &str) -> String {
    let command = printed.lines().find_map(|line| line.strip_prefix("  a token ")).unwrap().trim();
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(folder).env_clear().kill_on_drop(true);
    let output = soon("the token", shell.output()).await.unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{command}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

async fn ensure_signs_in(port: u16, token: &str) {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut alice = Client::connect(address, token.trim()).await.unwrap();
    alice.emit("room:join", "general".into()).await;
    alice.hear("room:members").await;
}

#[tokio::test]
async fn the_command_of_the_banner_works_as_printed() {
    for arguments in [
        &[][..],
        &["--data-dir", "it's a folder"],
        &["--data-dir", "x", "--database-url", "sqlite://y.db", "--demo", "yes"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (_child, printed, port) = start(&mut chatoxide(folder.path(), arguments)).await;
        let token = paste(folder.path(), &printed).await;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        assert!(Client::connect(address, token.trim()).await.is_ok(), "{arguments:?}: {printed}");
    }
}

#[tokio::test]
async fn the_command_of_the_banner_works_where_the_program_has_another_name() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join("chat server");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_chatoxide"), &name).unwrap();
    let mut command = Command::new("./chat server");
    command.current_dir(folder.path()).env_clear().env("PORT", "0").kill_on_drop(true);
    let (_child, printed, port) = start(&mut command).await;
    assert!(printed.contains("  a token   './chat server' token "), "{printed}");
    let token = paste(folder.path(), &printed).await;
    ensure_signs_in(port, &token).await;
}

#[tokio::test]
async fn a_token_is_as_the_settings_of_the_server_want_it() {
    let settings = [
        ("JWT_SECRET", SECRET),
        ("JWT_USER_CLAIM", "https://app.example/id,sub"),
        ("JWT_AUDIENCE", "chat,other"),
        ("JWT_ISSUER", "me"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let (_child, banner, port) = start(chatoxide(folder.path(), &[]).envs(settings)).await;
    assert!(banner.contains("  a token "), "{banner}");
    let output = chatoxide(folder.path(), &ALICE).envs(settings).output();
    let token = String::from_utf8(soon("the token", output).await.unwrap().stdout).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    Client::connect(address, token.trim()).await.unwrap();

    let encrypted = ["--jwt-secret", SECRET, "--jwt-encryption", "nextauth"];
    let (code, token, error) = run(folder.path(), &[&ALICE[..], &encrypted].concat()).await;
    assert_eq!((code, token.as_str(), error.lines().count()), (2, "", 1), "{error}");
    assert!(error.contains("JWT_ENCRYPTION"), "{error}");
}
