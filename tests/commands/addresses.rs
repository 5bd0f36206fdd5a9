//! `HOST` and `PORT`: the values that are accepted, the banner, and the errors that name the setting to change.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    process::Stdio,
};

use super::program::{chatoxide, run, start};
use crate::support::{http, soon};

const SECRET: &str = "a secret of more than thirty-two bytes";

#[tokio::test]
async fn localhost_and_ipv6_are_listened_on_and_the_banner_names_what_a_browser_opens() {
    for (host, secret, listens, opens) in [
        ("localhost", "", "127.0.0.1:", "127.0.0.1"),
        ("::1", "", "[::1]:", "[::1]"),
        ("[::1]", "", "[::1]:", "[::1]"),
        ("[::]", SECRET, "[::]:", "127.0.0.1"),
        ("::", SECRET, "[::]:", "127.0.0.1"),
        ("0.0.0.0", SECRET, "0.0.0.0:", "127.0.0.1"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = chatoxide(folder.path(), &[]);
        command.env("HOST", host).env("JWT_SECRET", secret);
        let (_child, printed, port) = start(&mut command).await;
        assert!(printed.contains(&format!(" listens on {listens}{port}\n")), "{host}: {printed}");
        assert!(printed.contains(&format!("\n  open      http://{opens}:{port}\n")), "{host}: {printed}");
        let address: SocketAddr = format!("{opens}:{port}").parse().unwrap();
        assert_eq!(http::get(address, "/healthz").await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn the_banner_names_no_command_that_cannot_sign_with_the_servers_key() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = chatoxide(folder.path(), &[]);
    let (_child, printed, _) = start(command.env("JWT_SECRET", SECRET)).await;
    assert!(printed.contains("JWT_SECRET") && !printed.contains(SECRET), "{printed}");
    assert!(printed.contains(" token --sub alice") && !printed.contains("--data-dir"), "{printed}");

    let mut command = chatoxide(folder.path(), &[]);
    let (_child, printed, _) = start(command.env("JWT_PUBLIC_KEY", PUBLIC_KEY)).await;
    assert!(printed.contains("private key") && !printed.contains("token --sub"), "{printed}");
}

const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n\
    q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n\
    -----END PUBLIC KEY-----\n";

#[tokio::test]
async fn a_taken_port_is_named_with_its_setting_and_check_warns_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let (code, printed, error) = run(folder.path(), &["--port", &port]).await;
    assert_eq!((code, printed.as_str()), (1, ""), "{error}");
    let line = error.lines().last().unwrap();
    for part in ["error: port ", &port, "127.0.0.1", "PORT"] {
        assert!(line.contains(part), "{part} in: {error}");
    }
    let (code, found, _) = run(folder.path(), &["check", "--port", &port]).await;
    let line = found.lines().find(|line| line.contains("settings: ")).unwrap();
    assert!(code == 0 && line.starts_with("warn ") && found.contains("mend: set PORT"), "{found}");
    let (code, found, _) = run(folder.path(), &["check", "--port", "0"]).await;
    assert!(code == 0 && found.contains("ok     settings: listens on 127.0.0.1:0"), "{found}");
}

#[tokio::test]
async fn an_address_of_another_machine_is_named_with_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    // An address of the range for documentation, which no machine has (RFC 5737).
    let arguments = ["--host", "192.0.2.1", "--jwt-secret", SECRET];
    let (code, _, error) = run(folder.path(), &arguments).await;
    assert!(code == 1 && error.contains("192.0.2.1") && error.contains("HOST"), "{error}");
    let (code, found, _) = run(folder.path(), &[&["check"], &arguments[..]].concat()).await;
    assert!(code == 1 && found.contains("FAULT  settings: 192.0.2.1") && found.contains("HOST"), "{found}");
}

#[tokio::test]
async fn a_host_that_is_no_address_is_refused_with_what_it_takes() {
    let folder = tempfile::tempdir().unwrap();
    for host in ["example.org", "127.0.0.1:80", "[127.0.0.1]"] {
        let command = chatoxide(folder.path(), &[]).env("HOST", host).stdout(Stdio::null()).output();
        let output = soon("the program ends", command).await.unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{host}: {error}");
        assert!(error.contains("HOST takes an IP address") && error.contains(host), "{host}: {error}");
    }
}
