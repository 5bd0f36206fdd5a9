//! A client's TCP connection, with a handle that can cut it from outside: a reader that has stalled would otherwise keep its
//! writer waiting for ever.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;
use prometheus_client::metrics::counter::Counter;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// The handle; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Connection(Arc<State>);

#[derive(Debug, Default)]
struct State {
    cut: AtomicBool,
    /// Counts the connections that were cut.
    counter: Counter,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl Connection {
    /// From now on reading and writing fail, those that wait included.
    pub fn cut(&self) {
        if !self.0.cut.swap(true, Ordering::AcqRel) {
            self.0.counter.inc();
        }
        self.0.reader.wake();
        self.0.writer.wake();
    }

    /// Remembers who to wake when it is cut; an error if it is.
    fn watch(&self, waker: &AtomicWaker, context: &Context<'_>) -> io::Result<()> {
        waker.register(context.waker());
        if self.0.cut.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

/// The stream that is cut.
#[derive(Debug)]
pub struct CuttableStream {
    stream: TcpStream,
    connection: Connection,
}

impl CuttableStream {
    /// `counter` counts the connections that are cut.
    pub fn new(stream: TcpStream, counter: Counter) -> Self {
        let state = State { counter, ..State::default() };
        Self { stream, connection: Connection(Arc::new(state)) }
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl AsyncRead for CuttableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.connection.watch(&self.connection.0.reader, cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CuttableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.connection.watch(&self.connection.0.writer, cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.watch(&self.connection.0.writer, cx)?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.connection.watch(&self.connection.0.writer, cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
