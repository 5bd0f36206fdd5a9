//! `chatoxide health`: asks the server that runs on this machine whether it is ready, for a container's health check.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    time::Duration,
};

use serde::Deserialize;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::{Failure, address, print_line};
use crate::config::Config;

/// The time for the connection and the answer, beside the time that the server may wait for its database.
const MARGIN: Duration = Duration::from_secs(1);

/// The longest answer that is read, in bytes. The server's own has less than 200.
const MAX_ANSWER: u64 = 8 * 1_024;

/// The longest reason of a server that is shown, in characters.
const MAX_REASON: usize = 200;

/// The body of the readiness probe: `status` is `ok` when the server is ready; when it is not, the body is a problem, whose
/// `detail` says why.
#[derive(Deserialize, Default)]
struct Body {
    #[serde(default)]
    status: Value,
    #[serde(default)]
    detail: String,
}

pub(super) async fn run(config: Config) -> Result<(), Failure> {
    let address = address::reachable(config.address());
    if address.port() == 0 {
        return Err(Failure::Setting(
            "PORT is 0, and which port the server has taken is not known here: set PORT (or --port) to it"
                .to_owned(),
        ));
    }
    let patience = config.database_timeout + MARGIN;
    let verdict = match timeout(patience, ask(address)).await {
        Ok(Ok(answer)) => judge(&answer),
        Ok(Err(error)) => Err(explain(&error)),
        Err(_) => Err(format!("no answer within {} ms", patience.as_millis())),
    };
    match verdict {
        Ok(()) => print_line(&format!("http://{address}/readyz: ready")),
        Err(why) => return Err(Failure::Failed(format!("http://{address}/readyz: {why}"))),
    }
    Ok(())
}

/// Sends the request and reads the answer to its end, or up to `MAX_ANSWER`.
async fn ask(address: SocketAddr) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER).read_to_end(&mut answer).await?;
    Ok(answer)
}

/// Healthy is only the answer of a ready chatoxide: another program on the port may answer 200, too.
fn judge(answer: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    let body: Body = serde_json::from_str(body).unwrap_or_default();
    match status {
        Some("200") if body.status == "ok" => Ok(()),
        Some(_) if !body.detail.is_empty() => Err(format!("not ready: {}", printable(&body.detail))),
        Some(status) => Err(format!("answers {}, but not as chatoxide does", printable(status))),
        None if answer.is_empty() => Err("the connection was closed without an answer".to_owned()),
        None => Err("the answer is not HTTP".to_owned()),
    }
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused: no server listens there".to_owned(),
        ErrorKind::ConnectionReset => "the connection was closed without an answer".to_owned(),
        _ => format!("cannot be asked: {error}"),
    }
}

/// The text on one line of a terminal or a log.
fn printable(text: &str) -> String {
    text.chars().take(MAX_REASON).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_healthy_only_if_it_is_that_of_a_ready_server() {
        for (answer, verdict) in [
            ("HTTP/1.1 200 OK\r\nA: b\r\n\r\n{\"status\":\"ok\"}", Ok(())),
            ("HTTP/1.1 200 OK\r\n\r\n<p>hello", Err("answers 200, but not as chatoxide does")),
            ("HTTP/1.1 200 OK\r\n\r\n{}", Err("answers 200, but not as chatoxide does")),
            (
                "HTTP/1.1 404 Not Found\r\n\r\n{\"status\":\"ok\"}",
                Err("answers 404, but not as chatoxide does"),
            ),
            (
                "HTTP/1.1 503 No\r\n\r\n{\"detail\":\"It is\\nover\",\"code\":\"c\"}",
                Err("not ready: It is over"),
            ),
            ("SSH-2.0-OpenSSH_9.2\r\n", Err("the answer is not HTTP")),
            ("", Err("the connection was closed without an answer")),
        ] {
            assert_eq!(judge(answer.as_bytes()), verdict.map_err(str::to_owned), "{answer}");
        }
    }
}
