//! A TCP listener whose connections can be reset from within a request.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// One client's connection, as a request sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Connection(Arc<Fate>);

#[derive(Debug)]
struct Fate {
    is_reset: AtomicBool,
    /// Bytes that may still be written.
    bytes_left: AtomicUsize,
}

impl Default for Fate {
    fn default() -> Self {
        Self { is_reset: AtomicBool::new(false), bytes_left: AtomicUsize::new(usize::MAX) }
    }
}

impl Connection {
    /// The next byte that would be written resets the connection instead.
    pub(super) fn reset(&self) {
        self.0.is_reset.store(true, Ordering::Relaxed);
    }

    /// The connection ends after so many more bytes.
    pub(super) fn cut_after(&self, bytes: usize) {
        self.0.bytes_left.store(bytes, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, ResettableListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, ResettableListener>) -> Self {
        stream.remote_addr().clone()
    }
}

pub(super) struct ResettableListener(pub(super) TcpListener);

impl Listener for ResettableListener {
    type Io = ResettableStream;
    type Addr = Connection;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        // axum's own listener waits out errors of accept.
        let (stream, _) = Listener::accept(&mut self.0).await;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its small packets waiting");
        }
        let connection = Connection::default();
        (ResettableStream { stream, connection: connection.clone() }, connection)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(Connection::default())
    }
}

pub(super) struct ResettableStream {
    stream: TcpStream,
    connection: Connection,
}

impl ResettableStream {
    fn refuse_if_reset(&self) -> io::Result<()> {
        if !self.connection.0.is_reset.load(Ordering::Relaxed) {
            return Ok(());
        }
        // With no linger the close that follows sends a reset rather than an orderly end.
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl ResettableStream {
    /// How many bytes may still be written; an error when it is none.
    fn allowance(&self) -> io::Result<usize> {
        self.refuse_if_reset()?;
        match self.connection.0.bytes_left.load(Ordering::Relaxed) {
            0 => Err(io::ErrorKind::ConnectionAborted.into()),
            bytes => Ok(bytes),
        }
    }

    fn spend(&self, bytes: usize) {
        let left = &self.connection.0.bytes_left;
        if left.load(Ordering::Relaxed) != usize::MAX {
            left.fetch_sub(bytes, Ordering::Relaxed);
        }
    }
}

impl AsyncRead for ResettableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for ResettableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let allowed = self.allowance()?.min(bytes.len());
        let written = Pin::new(&mut self.stream).poll_write(context, &bytes[..allowed]);
        if let Poll::Ready(Ok(count)) = written {
            self.spend(count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.allowance()? == usize::MAX {
            return Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        }
        let first = slices.iter().find(|slice| !slice.is_empty());
        self.poll_write(context, first.map_or(&[], |slice| slice))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
