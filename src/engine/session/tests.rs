//! Tests the last packets of a session over polling, and how much a poll takes.

use std::pin::pin;

use axum::http::{Method, Request};

use super::*;
use crate::engine::{
    frame,
    request::{self, EngineRequest, Refusal},
    sessions::{RegisteredSession, Sessions, Sid},
    stream::linger,
};

/// The largest payload of a poll, in bytes.
const MAX_PAYLOAD: usize = 50;

fn session() -> Arc<Session> {
    let minute = Duration::from_secs(60);
    Session::new(Arc::new(EngineSettings {
        ping_interval: minute,
        ping_timeout: minute,
        body_timeout: minute,
        upgrade_timeout: minute,
        max_payload: MAX_PAYLOAD,
        send_limit: 1_000,
        max_unsigned: 10,
    }))
}

/// The payload of a poll that finds packets waiting.
fn poll(session: &Arc<Session>) -> String {
    let payload = pin!(session.begin_poll().unwrap().payload());
    match payload.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(payload) => payload,
        Poll::Pending => panic!("the poll waits"),
    }
}

fn write(session: &Session, packet: &str) {
    session.push(&frame::text(packet)).unwrap();
}

#[test]
fn the_last_packets_are_fetched_with_the_close_and_then_nothing_is_left() {
    let session = session();
    assert!(!session.is_drained());
    write(&session, "42[\"the last word\"]");
    session.fail();
    assert!(!session.is_drained());
    assert!(session.push(&frame::text("too late")).is_err());
    assert_eq!(poll(&session), "42[\"the last word\"]\u{1e}1");
    assert!(session.is_drained());
}

#[test]
fn a_session_closed_by_its_client_has_no_last_packets() {
    let session = session();
    write(&session, "42[\"unheard\"]");
    session.post("1").unwrap();
    assert!(session.is_drained());
}

#[test]
fn a_session_that_has_ended_answers_only_polls_for_its_last_packets() {
    let sessions = Sessions::new(10);
    let (session, sid) = (session(), Sid::new());
    let _registration = sessions.add(sid, RegisteredSession::Polling(Arc::clone(&session)), &session.route);
    let asked = |method: Method| {
        let query = format!("/socket.io/?EIO=4&transport=polling&sid={}", sid.text());
        request::parse(&Request::builder().method(method).uri(query).body(()).unwrap(), &sessions)
    };
    assert!(matches!(asked(Method::GET), Ok(EngineRequest::Poll(_))));
    assert!(matches!(asked(Method::POST), Ok(EngineRequest::Post(_))));
    write(&session, "last");
    session.fail();
    assert!(matches!(asked(Method::POST), Err(Refusal::SessionUnknown)));
    assert!(matches!(asked(Method::GET), Ok(EngineRequest::Poll(_))));
    assert_eq!(poll(&session), "last\u{1e}1");
    assert!(matches!(asked(Method::GET), Err(Refusal::SessionUnknown)));
}

#[test]
fn a_poll_takes_as_much_as_a_payload_may_have_and_the_next_one_the_rest() {
    let session = session();
    let packets = ["a", "b", "c", "d"].map(|letter| letter.repeat(30));
    packets.iter().for_each(|packet| write(&session, packet));
    assert_eq!(poll(&session), packets[..2].join("\u{1e}"));
    session.fail();
    // The close packet comes with the last of the packets.
    assert_eq!(poll(&session), format!("{}\u{1e}1", packets[2..].join("\u{1e}")));
}

#[test]
fn a_client_counts_as_polling_shortly_after_its_last_poll() {
    let session = session();
    let begun = Instant::now();
    assert!(!session.is_polling(begun));
    let guard = session.begin_poll().unwrap();
    assert!(session.is_polling(begun + 100 * BETWEEN_POLLS));
    drop(guard);
    let ended = session.lock().last_poll.unwrap();
    assert!(session.is_polling(ended + BETWEEN_POLLS - Duration::from_millis(1)));
    assert!(!session.is_polling(ended + BETWEEN_POLLS));
}

#[tokio::test]
async fn last_packets_are_kept_for_a_polling_client_and_only_for_a_while() {
    let sessions = Sessions::new(10);
    for (polls, speaks, is_kept) in [(true, true, true), (false, true, false), (true, false, false)] {
        let (session, sid) = (session(), Sid::new());
        let registration =
            sessions.add(sid, RegisteredSession::Polling(Arc::clone(&session)), &session.route);
        let _poll = polls.then(|| session.begin_poll().unwrap());
        if speaks {
            write(&session, "last");
        }
        session.fail();
        linger(Arc::clone(&session), registration);
        assert_eq!(sessions.find(sid).is_some(), is_kept, "{polls} {speaks}");
        let gone = async {
            while sessions.find(sid).is_some() {
                tokio::task::yield_now().await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(20), gone).await.is_ok(), "{polls} {speaks}");
    }
}
