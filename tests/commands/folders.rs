//! `chatoxide check` in a folder in which the server cannot write.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use tokio::process::Command;

use crate::support::soon;

const SECRET: &str = "a secret of more than thirty-two bytes";

/// The program, held to the permissions of files even if the test runs as root.
fn without_privileges(folder: &Path, arguments: &[&str]) -> Command {
    let program = env!("CARGO_BIN_EXE_chatoxide");
    let mut command = if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set=-all", "--inh-caps=-all", program]);
        command
    } else {
        Command::new(program)
    };
    command.args(arguments).current_dir(folder).env_clear().env("PORT", "0").kill_on_drop(true);
    command.env("PATH", std::env::var_os("PATH").unwrap());
    command
}

async fn check(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = without_privileges(folder, &[&["check"], arguments].concat());
    let output = soon("the program ends", command.output()).await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), printed + &error)
}

#[tokio::test]
async fn check_finds_a_folder_that_the_server_cannot_write_in() {
    let folder = tempfile::tempdir().unwrap();
    let read_only = folder.path().join("read-only");
    fs::create_dir(&read_only).unwrap();
    fs::write(read_only.join("chat.db"), "").unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let allow = |mode| fs::set_permissions(&read_only, fs::Permissions::from_mode(mode)).unwrap();
    let secret = ["--jwt-secret", SECRET];
    for (arguments, setting) in [
        (&["--data-dir", "read-only"][..], "DATA_DIR"),
        (&["--data-dir", "read-only/below/it"], "DATA_DIR"),
        (&["--data-dir", "file"], "DATA_DIR"),
        (
            &["--data-dir", "read-only", "--database-url", "sqlite://free/chat.db", "--demo", "true"],
            "DATA_DIR",
        ),
        (&[&["--database-url", "sqlite://read-only/chat.db"][..], &secret].concat(), "DATABASE_URL"),
        (&[&["--database-url", "sqlite://read-only/new.db"][..], &secret].concat(), "DATABASE_URL"),
    ] {
        allow(0o555);
        let (code, found) = check(folder.path(), arguments).await;
        let line = found.lines().find(|line| line.starts_with("FAULT  folder: "));
        assert!(code == 1 && line.is_some_and(|line| line.contains(setting)), "{arguments:?}: {found}");
        if !arguments.contains(&"file") {
            allow(0o755);
            let (code, found) = check(folder.path(), arguments).await;
            assert!(code == 0 && found.contains("ok     folder: "), "{arguments:?}: {found}");
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the check made something");
}

#[tokio::test]
async fn check_finds_a_database_file_that_cannot_be_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("chat.db");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
    let arguments = ["--database-url", "sqlite://chat.db", "--jwt-secret", SECRET];
    let (code, found) = check(folder.path(), &arguments).await;
    let line = found.lines().find(|line| line.starts_with("FAULT  folder: ")).unwrap();
    assert!(code == 1 && line.contains("chat.db") && line.contains("DATABASE_URL"), "{found}");
}
