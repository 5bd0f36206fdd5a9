//! Tests a websocket's writes, with a peer that reads at its own pace or not at all.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use tokio::sync::Semaphore;

use super::{write_buffer::BURST, *};

mod closing;

/// Longer than any test: buffered bytes wait until something flushes them.
const FOR_EVER: Duration = Duration::from_secs(3_600);

/// A connection that has become a websocket, and its peer.
async fn websocket(flush_interval: Duration) -> (ClientStream, TcpStream) {
    websocket_with(flush_interval, usize::MAX / 2).await
}

async fn websocket_with(flush_interval: Duration, send_limit: usize) -> (ClientStream, TcpStream) {
    let settings =
        ConnectionSettings { flush_interval, send_limit, linger: FOR_EVER, aborted: Counter::default() };
    websocket_of(settings, TaskTracker::new()).await
}

/// `lingering` tracks the connection when it is closed and still written to.
async fn websocket_of(settings: ConnectionSettings, lingering: TaskTracker) -> (ClientStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    let permit = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
    let stream = Connections::start(settings, lingering).open(stream, permit);
    stream.connection().becomes_websocket();
    stream.connection().trust();
    (stream, peer)
}

async fn write(stream: &mut ClientStream, bytes: impl IntoIterator<Item = u8>) {
    for byte in bytes {
        stream.write_all(&[byte]).await.unwrap();
    }
    stream.flush().await.unwrap();
}

async fn read(peer: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    peer.read_exact(&mut bytes).await.unwrap();
    bytes
}

fn hears_nothing(peer: &TcpStream) -> bool {
    peer.try_read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

/// Writes until the connection has used up its burst, so that later writes are buffered.
async fn exhaust(stream: &mut ClientStream, peer: &mut TcpStream) {
    for _ in 0..BURST {
        write(stream, [0]).await;
        read(peer, 1).await;
    }
}

#[tokio::test]
async fn a_short_burst_is_written_soon_and_later_packets_are_buffered() {
    let (mut stream, mut peer) = websocket(FOR_EVER).await;
    for round in 0..BURST as u8 {
        // Two writes in the same moment share a system call.
        write(&mut stream, [round, round]).await;
        assert!(hears_nothing(&peer));
        assert_eq!(read(&mut peer, 2).await, [round, round]);
    }
    write(&mut stream, 100..200).await;
    assert!(!stream.connection().0.buffer().flushes_next);
    assert!(stream.connection().0.buffer().flushes_later);
    assert!(hears_nothing(&peer));
}

#[tokio::test]
async fn an_urgent_packet_is_written_at_once_after_all_buffered_before_it() {
    let (mut stream, mut peer) = websocket(FOR_EVER).await;
    exhaust(&mut stream, &mut peer).await;
    write(&mut stream, 0..100).await;
    stream.connection().clone().flush_now(|| ());
    write(&mut stream, [100]).await;
    assert_eq!(read(&mut peer, 101).await, Vec::from_iter(0..=100));
}

#[tokio::test]
async fn an_urgent_packet_is_written_before_earlier_packets_to_other_clients() {
    let (mut first, mut first_peer) = websocket(FOR_EVER).await;
    let (mut second, mut second_peer) = websocket(FOR_EVER).await;
    write(&mut first, [1]).await;
    second.connection().clone().flush_now(|| ());
    write(&mut second, [2]).await;
    // No other task has run yet.
    assert!(second.connection().0.buffer().is_empty());
    assert!(!first.connection().0.buffer().is_empty());
    assert_eq!(read(&mut second_peer, 1).await, [2]);
    assert_eq!(read(&mut first_peer, 1).await, [1]);
}

#[tokio::test]
async fn a_concurrent_write_does_not_delay_an_urgent_packet() {
    let (mut stream, mut peer) = websocket(FOR_EVER).await;
    exhaust(&mut stream, &mut peer).await;
    write(&mut stream, 0..100).await;
    let connection = stream.connection().clone();
    connection.flush_now(|| {
        // Another thread's write takes the packets along that were emitted before, and with them the urgent flag.
        assert!(connection.0.is_urgent.swap(false, Ordering::AcqRel));
        let mut buffer = connection.0.buffer();
        buffer.push(&[100]);
    });
    assert_eq!(read(&mut peer, 101).await, Vec::from_iter(0..=100));
}

#[tokio::test]
async fn buffered_packets_are_written_when_the_interval_is_over() {
    let (mut stream, mut peer) = websocket(Duration::from_millis(1)).await;
    for _ in 0..3 {
        write(&mut stream, 0..200).await;
        assert_eq!(read(&mut peer, 200).await, Vec::from_iter(0..200));
    }
}

#[tokio::test]
async fn http_and_an_interval_of_zero_buffer_nothing() {
    let (mut stream, mut peer) = websocket(Duration::ZERO).await;
    write(&mut stream, 0..200).await;
    assert_eq!(read(&mut peer, 200).await, Vec::from_iter(0..200));

    let (mut stream, mut peer) = websocket(FOR_EVER).await;
    stream.connection().0.is_websocket.store(false, Ordering::Release);
    write(&mut stream, 0..200).await;
    assert_eq!(read(&mut peer, 200).await, Vec::from_iter(0..200));
}

#[tokio::test]
async fn the_close_comes_after_all_buffered_packets() {
    for shuts_down in [true, false] {
        let (mut stream, mut peer) = websocket(FOR_EVER).await;
        write(&mut stream, 0..200).await;
        if shuts_down {
            stream.shutdown().await.unwrap();
        } else {
            drop(stream);
        }
        let mut heard = Vec::new();
        peer.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, Vec::from_iter(0..200));
    }
}

#[tokio::test]
async fn a_peer_that_reads_nothing_for_a_while_misses_nothing() {
    const PIECE: [u8; 1_000] = [7; 1_000];
    let (stream, mut peer) = websocket(FOR_EVER).await;
    let connection = stream.connection().clone();
    // The task writes as fast as it may, and reads all the time, as a websocket's task does.
    let (mut reading, mut writing) = tokio::io::split(stream);
    let reader = tokio::spawn(async move { reading.read_u8().await });
    let writer = tokio::spawn(async move {
        for number in 0..20_000_u32 {
            writing.write_all(&number.to_be_bytes()).await.unwrap();
            writing.write_all(&PIECE).await.unwrap();
            writing.flush().await.unwrap();
        }
        writing.shutdown().await.unwrap();
    });
    // The system's buffers are full: from here on nothing moves until the peer reads.
    while !connection.0.is_stalled.load(Ordering::Acquire) {
        tokio::task::yield_now().await;
    }
    assert!(!writer.is_finished());
    for number in 0..20_000_u32 {
        assert_eq!(read(&mut peer, 4).await, number.to_be_bytes());
        assert_eq!(read(&mut peer, PIECE.len()).await, PIECE);
    }
    writer.await.unwrap();
    peer.write_u8(1).await.unwrap();
    assert_eq!(reader.await.unwrap().unwrap(), 1);
}

#[tokio::test]
async fn an_abort_ends_reading_and_writing_even_where_they_wait() {
    let (stream, _peer) = websocket(FOR_EVER).await;
    let connection = stream.connection().clone();
    let (mut reading, mut writing) = tokio::io::split(stream);
    let reader = tokio::spawn(async move { reading.read_u8().await });
    // More is buffered than the peer accepts, so the writer waits.
    writing.write_all(&vec![0; 20_000_000]).await.unwrap();
    let writer = tokio::spawn(async move { writing.shutdown().await });
    tokio::task::yield_now().await;
    connection.abort();
    assert_eq!(reader.await.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    assert_eq!(writer.await.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
}

#[tokio::test]
async fn a_websocket_that_is_not_read_is_aborted_above_the_send_limit() {
    const LIMIT: usize = 100_000;
    let (mut stream, _peer) = websocket_with(Duration::ZERO, LIMIT).await;
    let connection = stream.connection().clone();
    let piece = [7; 10_000];
    while connection.0.settings.aborted.get() == 0 {
        let written = stream.write_all(&piece).await;
        // The bytes are in this buffer and in the system's buffers, and nowhere else.
        assert!(connection.0.buffer().buffered_bytes() <= LIMIT + 2 * piece.len());
        assert_eq!(written.is_err(), connection.0.settings.aborted.get() == 1);
    }
}

#[tokio::test]
async fn one_piece_above_the_limit_is_no_reason_to_abort() {
    let (mut stream, mut peer) = websocket_with(Duration::ZERO, 1_000).await;
    let large = vec![7; 20_000_000];
    stream.write_all(&large).await.unwrap();
    stream.write_all(&[8; 1_000]).await.unwrap();
    let reader = tokio::spawn(async move { stream.read_u8().await });
    assert!(read(&mut peer, large.len()).await == large);
    assert_eq!(read(&mut peer, 1_000).await, [8; 1_000]);
    reader.abort();
}

#[tokio::test]
async fn a_peer_that_reads_nothing_is_not_read_from_for_long() {
    let (mut stream, mut peer) = websocket_with(Duration::ZERO, 20_000_000).await;
    // More than the system's buffers and half of the send limit hold.
    for _ in 0..200 {
        stream.write_all(&[7; 100_000]).await.unwrap();
    }
    let mut taken = 0;
    let mut buf = [0; 4_096];
    // The peer can send a bounded number of bytes; then it is not read from.
    loop {
        while peer.try_write(&[1; 4_096]).is_ok() {}
        let mut buf = tokio::io::ReadBuf::new(&mut buf);
        let read = futures_util::poll!(std::future::poll_fn(|cx| {
            tokio::io::AsyncRead::poll_read(std::pin::Pin::new(&mut stream), cx, &mut buf)
        }));
        match read {
            std::task::Poll::Ready(result) => result.unwrap(),
            std::task::Poll::Pending if taken >= 64 * 1_024 => break,
            std::task::Poll::Pending => tokio::task::yield_now().await,
        }
        taken += buf.filled().len();
        assert!(taken < 200_000, "{taken}");
    }
    // It is read from again once it reads what waits for it.
    let reader = tokio::spawn(async move { stream.read_to_end(&mut Vec::new()).await });
    let (mut peer_reads, mut peer_writes) = peer.split();
    let mut heard = vec![0; 20_000_000];
    let (wrote, read) =
        tokio::join!(peer_writes.write_all(&[1; 1_000_000]), peer_reads.read_exact(&mut heard));
    wrote.unwrap();
    read.unwrap();
    drop(peer);
    assert!(reader.await.unwrap().unwrap() >= 1_000_000);
}

#[tokio::test]
async fn a_peer_that_sends_much_before_it_reads_is_read_from() {
    let (mut stream, mut peer) = websocket_with(Duration::ZERO, 50_000_000).await;
    for _ in 0..200 {
        stream.write_all(&[7; 100_000]).await.unwrap();
    }
    assert!(stream.connection().0.is_stalled.load(Ordering::Acquire));
    let mut said = vec![0; 2_000_000];
    let (wrote, read) = tokio::join!(peer.write_all(&[1; 2_000_000]), stream.read_exact(&mut said));
    wrote.unwrap();
    read.unwrap();
}

#[tokio::test]
async fn little_is_buffered_for_a_client_that_has_not_signed_in() {
    let (mut stream, _peer) = websocket(Duration::ZERO).await;
    stream.connection().0.is_trusted.store(false, Ordering::Release);
    let piece = [7; 1_000];
    while stream.write_all(&piece).await.is_ok() {
        assert!(
            stream.connection().0.buffer().buffered_bytes() <= SEND_LIMIT_BEFORE_SIGN_IN + 2 * piece.len()
        );
    }
    assert_eq!(stream.connection().0.settings.aborted.get(), 1);
}

#[tokio::test]
async fn a_route_applies_an_earlier_abort_or_sign_in_to_its_websocket() {
    let (stream, _peer) = websocket(Duration::ZERO).await;
    stream.connection().0.is_trusted.store(false, Ordering::Release);
    let route = SocketRoute::default();
    assert_eq!((route.transport(), route.websocket().is_none()), ("polling", true));
    route.sign_in();
    route.abort();
    route.set_websocket(stream.connection());
    assert_eq!(route.transport(), "websocket");
    assert!(stream.connection().is_trusted());
    assert!(stream.connection().0.is_aborted.load(Ordering::Acquire));

    let (stream, _peer) = websocket(Duration::ZERO).await;
    stream.connection().0.is_trusted.store(false, Ordering::Release);
    let route = SocketRoute::default();
    route.set_websocket(stream.connection());
    route.sign_in();
    assert!(stream.connection().is_trusted());
    route.abort();
    assert!(stream.connection().0.is_aborted.load(Ordering::Acquire));
}
