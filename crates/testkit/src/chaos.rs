//! A TCP proxy that behaves badly on demand.
//!
//! It stands on a loopback port in front of a server and passes bytes on in both directions.
//! Faults apply to open and to new connections, from the moment they are set.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Bytes that are passed on at once.
const CHUNK: usize = 16 << 10;
/// With limited bandwidth, bytes are let through in slices of this much time.
const SLICE: Duration = Duration::from_millis(10);

/// Where the real server is.
#[derive(Clone, Debug)]
pub enum Upstream {
    /// On a TCP port.
    Tcp(SocketAddr),
    /// On a Unix socket.
    Unix(PathBuf),
}

/// How the network misbehaves. The default does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Delay of each chunk in each direction.
    pub latency: Duration,
    /// Speed of each direction of a connection, in bytes a second.
    pub bytes_per_s: Option<u64>,
    /// Bytes are taken and never passed on; connections stay open.
    pub blackhole: bool,
    /// A connection ends after so many bytes from the server.
    pub limit_bytes: Option<u64>,
    /// Refuses connections and ends open ones.
    pub down: bool,
    /// Raised to reset all open connections.
    resets: u64,
}

/// The proxy. It ends when dropped, with all its connections.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    faults: watch::Sender<Faults>,
    counts: Arc<Counts>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    accepted: AtomicUsize,
    bytes: AtomicU64,
}

impl Proxy {
    /// Stands in front of a server, on a free port.
    ///
    /// # Errors
    /// There is no free port.
    pub async fn start(upstream: Upstream) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let faults = watch::Sender::new(Faults::default());
        let counts = Arc::new(Counts::default());
        let link = Link { upstream, faults: faults.subscribe(), counts: Arc::clone(&counts) };
        let accepting = tokio::spawn(accept(listener, link));
        Ok(Self { address, faults, counts, accepting })
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how the network misbehaves.
    pub fn set(&self, change: impl FnOnce(&mut Faults)) {
        self.faults.send_modify(change);
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.faults.send_modify(|faults| {
            *faults = Faults { resets: faults.resets, ..Faults::default() };
        });
    }

    /// Resets all open connections at once.
    pub fn reset_connections(&self) {
        self.faults.send_modify(|faults| faults.resets += 1);
    }

    /// How many connections clients made.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.counts.accepted.load(Ordering::SeqCst)
    }

    /// Bytes passed on in both directions.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.counts.bytes.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        // Open connections end when the faults they watch are gone.
    }
}

#[derive(Clone)]
struct Link {
    upstream: Upstream,
    faults: watch::Receiver<Faults>,
    counts: Arc<Counts>,
}

async fn accept(listener: TcpListener, link: Link) {
    loop {
        let Ok((client, _)) = listener.accept().await else {
            return;
        };
        link.counts.accepted.fetch_add(1, Ordering::SeqCst);
        let link = link.clone();
        tokio::spawn(async move { serve(client, link).await });
    }
}

/// A connection's end is the test's business, not ours: errors end it like a broken cable.
async fn serve(client: TcpStream, link: Link) {
    let resets = link.faults.borrow().resets;
    if link.faults.borrow().down {
        return reset(client);
    }
    let mut faults = link.faults.clone();
    let cut = faults.wait_for(|faults| faults.down || faults.resets != resets);
    tokio::pin!(cut);
    let client = match &link.upstream {
        Upstream::Tcp(address) => match TcpStream::connect(address).await {
            Ok(server) => join(client, server, &link, cut).await,
            Err(_) => Some(client),
        },
        Upstream::Unix(path) => match UnixStream::connect(path).await {
            Ok(server) => join(client, server, &link, cut).await,
            Err(_) => Some(client),
        },
    };
    if let Some(client) = client {
        reset(client);
    }
}

/// Passes bytes on until either side ends or the connection is cut. Gives the client back when it
/// is to be reset.
async fn join<S, C, O>(client: TcpStream, server: S, link: &Link, cut: C) -> Option<TcpStream>
where
    S: AsyncRead + AsyncWrite,
    C: Future<Output = O>,
{
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = tokio::io::split(server);
    let (mut from_client, mut to_client) = (from_client, to_client);
    let is_cut = {
        let up = pass(&mut from_client, to_server, link, false);
        let down = pass(from_server, &mut to_client, link, true);
        tokio::select! {
            () = up => false,
            () = down => false,
            _ = cut => true,
        }
    };
    let client = from_client.reunite(to_client).ok()?;
    is_cut.then_some(client)
}

async fn pass<R, W>(mut from: R, mut to: W, link: &Link, is_limited: bool)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut buffer = vec![0_u8; CHUNK];
    let mut passed = 0_u64;
    loop {
        let faults = link.faults.borrow().clone();
        let most = chunk_size(&faults);
        let Ok(read @ 1..) = from.read(&mut buffer[..most]).await else {
            return;
        };
        // What was set while we waited counts.
        let faults = link.faults.borrow().clone();
        if faults.blackhole {
            continue;
        }
        sleep(faults.latency + time_for(read, faults.bytes_per_s)).await;
        let left =
            faults.limit_bytes.filter(|_| is_limited).map(|limit| limit.saturating_sub(passed));
        let allowed = left.map_or(read, |left| read.min(usize::try_from(left).unwrap_or(read)));
        if to.write_all(&buffer[..allowed]).await.is_err() || allowed < read {
            return;
        }
        passed += allowed as u64;
        link.counts.bytes.fetch_add(allowed as u64, Ordering::SeqCst);
    }
}

fn chunk_size(faults: &Faults) -> usize {
    let in_a_slice = |speed: u64| usize::try_from(speed / 100).unwrap_or(CHUNK).clamp(1, CHUNK);
    faults.bytes_per_s.map_or(CHUNK, in_a_slice)
}

fn time_for(bytes: usize, bytes_per_s: Option<u64>) -> Duration {
    let Some(speed) = bytes_per_s.filter(|speed| *speed > 0) else {
        return Duration::ZERO;
    };
    let nanoseconds = bytes as u64 * 1_000_000_000 / speed;
    Duration::from_nanos(nanoseconds).max(SLICE / 100)
}

/// Ends a connection the hard way: the peer sees a reset, not an end.
fn reset(client: TcpStream) {
    // Without this the peer would see an orderly end; either ends the connection.
    let _best_effort = client.set_zero_linger();
}

#[cfg(test)]
mod tests;
