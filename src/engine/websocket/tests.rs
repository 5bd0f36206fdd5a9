//! Tests websockets that take a session over, on a TCP connection of the test's own.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use prometheus_client::metrics::counter::Counter;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_util::task::TaskTracker;

use super::*;
use crate::{
    connection::{ConnectionSettings, Connections},
    engine::{
        EngineSettings,
        session::{Inbox, Session},
    },
};

const MINUTE: Duration = Duration::from_secs(60);

fn engine(upgrade_timeout: Duration) -> Arc<Engine> {
    let settings = EngineSettings {
        ping_interval: MINUTE,
        ping_timeout: MINUTE,
        body_timeout: MINUTE,
        upgrade_timeout,
        max_payload: 1_000_000,
        send_limit: 1_000_000,
        max_unsigned: 10,
    };
    let streams = Mutex::new(Vec::new());
    Engine::new(settings, |_| Extensions::new(), move |stream, _, _| streams.lock().unwrap().push(stream))
}

/// A connection and its peer.
async fn connection() -> (ClientStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let permit = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
    let settings = ConnectionSettings {
        flush_interval: MINUTE,
        send_limit: 1_000_000,
        linger: MINUTE,
        aborted: Counter::default(),
    };
    (Connections::start(settings, TaskTracker::new()).open(stream, permit), peer)
}

fn from_client(packets: &[&str]) -> BytesMut {
    let mut bytes = BytesMut::new();
    packets.iter().for_each(|packet| frame::put_from_client(&mut bytes, frame::TEXT, packet.as_bytes()));
    bytes
}

#[tokio::test]
async fn a_websocket_after_an_upgrade_buffers_writes_and_can_be_aborted() {
    let engine = engine(MINUTE);
    let session = Session::new(Arc::clone(&engine.settings));
    let (stream, mut peer) = connection().await;
    session.route.sign_in();
    upgrade_session(&engine, &session, stream, from_client(&["2probe", "5", "42[]"])).await.unwrap();
    let mut heard = [0; 8];
    peer.read_exact(&mut heard).await.unwrap();
    assert_eq!(heard[..], frame::text("3probe")[..]);

    assert_eq!(session.route.transport(), "websocket");
    let inbox =
        std::future::poll_fn(|cx| session.poll_inbox(cx, &mut tokio::io::ReadBuf::new(&mut []))).await;
    let Inbox::Handover(mut handover) = inbox else { panic!("there is no websocket") };
    assert_eq!(handover.rest, from_client(&["42[]"]));
    let connection = handover.stream.connection();
    assert!(connection.is_websocket() && connection.is_trusted());
    session.route.abort();
    assert_eq!(handover.stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
}

#[tokio::test]
async fn a_websocket_from_the_start_buffers_writes_too() {
    let engine = engine(MINUTE);
    let (stream, _peer) = connection().await;
    let connection = stream.connection().clone();
    open(&engine, stream, (BytesMut::new(), Extensions::new())).await.unwrap();
    assert!(connection.is_websocket());
}

#[tokio::test]
async fn a_silent_probe_is_closed_when_its_time_is_over_and_another_may_begin() {
    let engine = engine(Duration::from_millis(50));
    let session = Session::new(Arc::clone(&engine.settings));
    for answered in [&[][..], &["2probe"]] {
        let (stream, mut peer) = connection().await;
        let begun = Instant::now();
        let upgrade = upgrade_session(&engine, &session, stream, from_client(answered));
        tokio::time::timeout(MINUTE / 3, upgrade).await.expect("it goes on for ever").unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(50));
        let mut heard = Vec::new();
        peer.read_to_end(&mut heard).await.unwrap();
        let close = [0x88, 0];
        assert!(heard.ends_with(&close), "{heard:?}");
        assert!(session.begin_probe());
        session.cancel_probe();
    }
}
