//! Tests a connection that is closed before its peer has read everything, also while the server shuts down.

use super::*;

/// A connection that was closed while its peer had read nothing of a large buffer.
async fn closed_with_much_unread(linger: Duration) -> (TaskTracker, TcpStream, usize) {
    const MUCH: usize = 20_000_000;
    let settings = ConnectionSettings {
        flush_interval: Duration::ZERO,
        send_limit: MUCH,
        linger,
        aborted: Counter::default(),
    };
    let lingering = TaskTracker::new();
    let (mut stream, peer) = websocket_of(settings, lingering.clone()).await;
    stream.write_all(&vec![7; MUCH]).await.unwrap();
    drop(stream);
    lingering.close();
    (lingering, peer, MUCH)
}

#[tokio::test]
async fn a_slow_peer_is_still_written_to_after_the_close() {
    let (lingering, mut peer, much) = closed_with_much_unread(FOR_EVER).await;
    assert_eq!(lingering.len(), 1);
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).await.unwrap();
    assert_eq!(heard.len(), much);
    lingering.wait().await;
}

#[tokio::test]
async fn a_stalled_peer_is_not_written_to_for_ever_after_the_close() {
    let (lingering, mut peer, much) = closed_with_much_unread(Duration::from_millis(50)).await;
    assert_eq!(lingering.len(), 1);
    tokio::time::timeout(Duration::from_secs(20), lingering.wait()).await.unwrap();
    let mut heard = Vec::new();
    let _ended = peer.read_to_end(&mut heard).await;
    assert!(heard.len() < much);
}

/// Awaits something that must happen soon.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it does not happen")
}

/// A connection that is closed while its peer has read only a part; the task is done when the linger is over.
async fn closing(shuts_down: bool) -> (Connection, TcpStream, tokio::task::JoinHandle<()>) {
    let (mut stream, peer) = websocket(FOR_EVER).await;
    let connection = stream.connection().clone();
    stream.write_all(&vec![7; LARGE]).await.unwrap();
    let lingering = connection.0.lingering.clone();
    lingering.close();
    let closed = tokio::spawn(async move {
        if shuts_down {
            let _aborted = stream.shutdown().await;
        }
        drop(stream);
        lingering.wait().await;
    });
    soon(async {
        while connection.0.closing.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    (connection, peer, closed)
}

/// More bytes than the system's buffers hold.
const LARGE: usize = 20_000_000;

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_peer_that_reads_nothing() {
    for shuts_down in [true, false] {
        let (connection, _peer, closed) = closing(shuts_down).await;
        // The system may still accept a little between two checks.
        soon(async {
            while !connection.0.is_aborted.load(Ordering::Acquire) {
                connection.0.closing.abort_stalled_once();
                tokio::task::yield_now().await;
            }
            closed.await.unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn a_shutdown_waits_for_a_peer_that_makes_progress() {
    for shuts_down in [true, false] {
        let (connection, mut peer, closed) = closing(shuts_down).await;
        let mut heard = 0;
        while heard < LARGE {
            let accepted = connection.0.buffer().accepted_bytes();
            connection.0.closing.abort_stalled_once();
            while !closed.is_finished() && connection.0.buffer().accepted_bytes() == accepted {
                heard += read(&mut peer, (LARGE - heard).min(100_000)).await.len();
                tokio::task::yield_now().await;
            }
            if closed.is_finished() {
                heard += read(&mut peer, LARGE - heard).await.len();
            }
        }
        assert!(!connection.0.is_aborted.load(Ordering::Acquire));
        closed.await.unwrap();
    }
}
