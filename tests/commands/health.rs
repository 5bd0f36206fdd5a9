//! `chatoxide health`: exit code 0 for a server that is ready, else 1 and one line that says why.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket},
};

use super::program::{chatoxide, run, start};
use crate::support::{Backend, TestDatabase, TestServer, database, required, soon};

const SECRET: &str = "a secret of more than thirty-two bytes";
const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// The outcome of `health` for the port, which must be one line on the right stream: exit code, line.
async fn health(folder: &Path, port: u16, arguments: &[&str]) -> (i32, String) {
    let port = port.to_string();
    let (code, printed, error) =
        run(folder, &[&["health", "--port", port.as_str()], arguments].concat()).await;
    let (line, silent) = if code == 0 { (printed, error) } else { (error, printed) };
    assert_eq!((line.lines().count(), silent.as_str()), (1, ""), "{line}");
    (code, line)
}

#[tokio::test]
async fn a_ready_server_is_healthy_on_its_own_address_and_on_every_address() {
    for host in ["127.0.0.1", "::1", "0.0.0.0", "[::]"] {
        let folder = tempfile::tempdir().unwrap();
        let mut command = chatoxide(folder.path(), &[]);
        let (_child, _, port) = start(command.env("HOST", host).env("JWT_SECRET", SECRET)).await;
        let arguments = ["--host", host, "--jwt-secret", SECRET];
        let (code, line) = health(folder.path(), port, &arguments).await;
        assert!(code == 0 && line.ends_with(&format!(":{port}/readyz: ready\n")), "{host}: {line}");
    }
}

#[tokio::test]
async fn the_address_comes_from_the_file_named_env_as_that_of_the_server_does() {
    let folder = tempfile::tempdir().unwrap();
    let (_child, _, port) = start(&mut chatoxide(folder.path(), &[])).await;
    std::fs::write(folder.path().join(".env"), format!("PORT={port}\n")).unwrap();
    let mut command = chatoxide(folder.path(), &["health"]);
    let output = soon("the answer", command.env_remove("PORT").output()).await.unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(line, format!("http://127.0.0.1:{port}/readyz: ready\n"));
    assert_eq!(output.status.code(), Some(0));

    let (code, _, error) = run(folder.path(), &["health"]).await;
    assert!(code == 2 && error.contains("PORT is 0"), "{error}");
}

#[tokio::test]
async fn a_server_that_does_not_run_is_not_healthy() {
    let folder = tempfile::tempdir().unwrap();
    // The port is taken, so that nobody else listens there, but it does not listen.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind(SocketAddr::from(ANY_PORT)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let (code, line) = health(folder.path(), port, &[]).await;
    assert!(code == 1 && line.contains(&format!(":{port}/readyz: connection refused")), "{line}");
}

#[tokio::test]
async fn a_server_that_accepts_and_never_answers_is_not_healthy() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind(ANY_PORT).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let accept = async { listener.accept().await.unwrap() };
    let arguments = ["--database-timeout", "100"];
    let ((_held, _), (code, line)) = tokio::join!(accept, health(folder.path(), port, &arguments));
    assert!(code == 1 && line.contains("no answer within 1100 ms"), "{line}");
}

#[tokio::test]
async fn an_answer_without_an_end_is_read_up_to_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind(ANY_PORT).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(&[b'x'; 4_096]).await.is_ok() {}
    };
    let ((), (code, line)) = tokio::join!(answer, health(folder.path(), port, &[]));
    assert!(code == 1 && line.contains("answers 200, but not as chatoxide does"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_its_database_is_not_healthy_and_its_reason_is_shown() {
    let server = TestServer::start_with(
        TestDatabase::create(Backend::Postgres).await,
        &["--database-timeout", "1000"],
    )
    .await;
    let folder = tempfile::tempdir().unwrap();
    let port = server.address().port();
    assert_eq!(health(folder.path(), port, &[]).await.0, 0);

    let (_, name) = server.database.url.rsplit_once('/').unwrap();
    let admin = database::connect(&required("TEST_POSTGRES_URL")).await;
    admin.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();

    let (code, line) = health(folder.path(), port, &[]).await;
    assert!(code == 1 && line.contains("/readyz: not ready: The database is not available"), "{line}");
}
