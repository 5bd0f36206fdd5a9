//! Tests of the bounds on what is posted, and on those that wait.

use std::pin::pin;

use futures_util::{FutureExt, future::join_all, poll};
use hyper::{Uri, header::HeaderValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::{Instant, sleep_until},
};

use super::*;
use crate::{
    auth::tests::config,
    config::{Config, SigningKeys},
};

fn endpoint(config: &Config) -> Endpoint {
    let SigningKeys::Endpoint(url) = &config.keys else { panic!("no URL") };
    Endpoint::new(url.clone(), &config.sign_in).unwrap()
}

/// A listener to which clients can connect, and its URL.
async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/auth", listener.local_addr().unwrap());
    (listener, url)
}

fn auth(token: &str) -> Map<String, Value> {
    Map::from_iter([("token".to_owned(), token.into())])
}

#[test]
fn a_handshake_is_posted_only_up_to_16_kib() {
    let handshake = Handshake::default();
    let empty = write(auth(""), &handshake).unwrap().len();
    let largest = "x".repeat(MAX_POSTED - empty);
    assert_eq!(write(auth(&largest), &handshake).unwrap().len(), 16_384);
    let Err(Refused::Denied(why)) = write(auth(&(largest + "x")), &handshake) else { panic!("it is posted") };
    assert_eq!(why, "the handshake has 16385 bytes as JSON, and at most 16384 are posted to AUTH_URL");

    let config = config(&["--auth-url", "http://127.0.0.1:1/auth"]);
    let query: Uri = format!("/socket.io/?q={}", "x".repeat(MAX_POSTED)).parse().unwrap();
    let handshake = Handshake::keep(&config.sign_in, &config.cors, (&HeaderMap::new(), &query), true);
    assert!(write(auth(""), &handshake).is_err(), "the query counts, too");
}

#[tokio::test]
async fn a_sign_in_fails_at_once_when_1024_wait() {
    let (_silent, url) = listen().await;
    let endpoint = endpoint(&config(&["--auth-url", &url, "--auth-timeout", "30000"]));
    let handshake = Handshake::default();
    let sign_in = |number: usize| Box::pin(endpoint.find_user(auth(&number.to_string()), &handshake));
    let mut waiting: Vec<_> = (0..1_024).map(sign_in).collect();
    for sign_in in &mut waiting {
        assert!(poll!(sign_in).is_pending());
    }
    let Some(Err(Refused::Unavailable(why))) = sign_in(1_024).now_or_never() else { panic!("it waits") };
    assert!(why.ends_with("/auth): 1024 sign-ins wait for its answer already"), "{why}");
    drop(waiting.pop());
    assert!(sign_in(1_024).now_or_never().is_none(), "one that has given up makes room");
}

#[tokio::test]
async fn the_wait_for_a_turn_and_the_answer_have_one_deadline() {
    let (_silent, url) = listen().await;
    let endpoint = endpoint(&config(&["--auth-url", &url, "--auth-timeout", "1000"]));
    let handshake = Handshake::default();
    let turns = endpoint.permits.acquire_many(64).await.unwrap();
    let begun = Instant::now();
    let mut sign_in = pin!(endpoint.find_user(auth("a"), &handshake));
    assert!(poll!(&mut sign_in).is_pending());
    sleep_until(begun + Duration::from_millis(900)).await;
    drop(turns);
    // A deadline of its own for the answer would end at 1,900 ms.
    tokio::select! {
        biased;
        outcome = &mut sign_in => assert!(matches!(outcome, Err(Refused::Unavailable(_))), "{outcome:?}"),
        () = sleep_until(begun + Duration::from_millis(1_500)) => panic!("it waits on"),
    }
}

#[tokio::test]
async fn the_log_says_that_cookies_or_credentials_were_left_out_before_a_401() {
    let (listener, url) = listen().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut read = Vec::new();
            while !read.ends_with(b"}") {
                stream.read_buf(&mut read).await.unwrap();
            }
            let answer = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        }
    });
    let config = config(&["--auth-url", &url, "--cors-origin", "https://app.example"]);
    let endpoint = endpoint(&config);
    let left_out = "AUTH_URL answered 401; cookies or credentials were left out, since the page's Origin is not in \
                    CORS_ORIGIN";
    let whole = "AUTH_URL answered 401";
    let refusals = [
        (&[("origin", "https://evil.example"), ("cookie", "sid=1")][..], left_out),
        (&[("origin", "https://evil.example"), ("authorization", "Basic YTpi")], left_out),
        (&[("origin", "https://evil.example")], whole),
        (&[("origin", "https://app.example"), ("cookie", "sid=1")], whole),
    ]
    .map(async |(headers, expected)| {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        let uri = Uri::from_static("/socket.io/");
        let handshake = Handshake::keep(&config.sign_in, &config.cors, (&headers, &uri), true);
        let refused = endpoint.find_user(auth("a"), &handshake).await.unwrap_err();
        let Refused::Denied(why) = refused else { panic!("{refused:?}") };
        assert_eq!(why, expected, "{headers:?}");
    });
    join_all(refusals).await;
}

#[test]
fn credentials_that_a_browser_stores_are_posted_only_for_pages_that_cors_allows() {
    let config = config(&["--auth-url", "http://127.0.0.1:1/auth", "--cors-origin", "https://app.example"]);
    let (evil, app) = (("origin", "https://evil.example"), ("origin", "https://app.example"));
    for (headers, is_posted) in [
        (&[evil, ("authorization", "Basic YTpi")][..], false),
        (&[evil, ("authorization", "Negotiate YTpi")], false),
        (&[("sec-fetch-site", "cross-site"), ("authorization", "Basic YTpi")], false),
        (&[evil, ("authorization", "bearer t")], true),
        (&[app, ("authorization", "Basic YTpi")], true),
        // A program that is no browser.
        (&[("authorization", "Basic YTpi")], true),
    ] {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect();
        let uri = Uri::from_static("/socket.io/");
        let handshake = Handshake::keep(&config.sign_in, &config.cors, (&headers, &uri), true);
        let posted: Value = serde_json::from_slice(&write(auth("a"), &handshake).unwrap()).unwrap();
        assert_eq!(posted["headers"].get("authorization").is_some(), is_posted, "{headers:?}");
    }
}
