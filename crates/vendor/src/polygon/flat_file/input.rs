//! The text of a file, decompressed by a thread of its own.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use flate2::bufread::MultiGzDecoder;

/// Text that the thread hands over at once.
const PIECE_BYTES: usize = 512 * 1024;
/// Pieces that wait to be read. With the one in work on either side, some 3 MB.
const MAX_PIECES: usize = 4;
/// Compressed bytes that are read at once.
const READ_BYTES: usize = 256 * 1024;
/// How every compressed file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A flat file, compressed or not: its first bytes tell.
pub struct FlatInput {
    pieces: Receiver<io::Result<Vec<u8>>>,
    /// Pieces that were read go back to be filled again.
    emptied: SyncSender<Vec<u8>>,
    piece: Vec<u8>,
    at: usize,
    read_bytes: Arc<AtomicU64>,
    total_bytes: u64,
}

impl FlatInput {
    /// A file on disk.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let total_bytes = file.metadata()?.len();
        Self::new(file, total_bytes)
    }

    /// A file in memory.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn from_bytes(bytes: Vec<u8>) -> io::Result<Self> {
        let total_bytes = bytes.len() as u64;
        Self::new(io::Cursor::new(bytes), total_bytes)
    }

    fn new(input: impl Read + Send + 'static, total_bytes: u64) -> io::Result<Self> {
        let (sender, pieces) = sync_channel(MAX_PIECES);
        let (emptied, spare) = sync_channel(MAX_PIECES + 1);
        let read_bytes = Arc::new(AtomicU64::new(0));
        let input = Counted { input, read_bytes: Arc::clone(&read_bytes) };
        thread::Builder::new().name("flat file".to_owned()).spawn(move || {
            if let Err(error) = decompress(input, &sender, &spare) {
                // Nobody to tell it to: the reading was stopped.
                let _ = sender.send(Err(error));
            }
        })?;
        Ok(Self { pieces, emptied, piece: Vec::new(), at: 0, read_bytes, total_bytes })
    }

    /// Shared with the thread for as long as it runs.
    #[cfg(test)]
    pub(super) fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read_bytes)
    }

    /// Bytes of the file that were read, and all of them.
    pub(super) fn position(&self) -> (u64, u64) {
        (self.read_bytes.load(Ordering::Relaxed), self.total_bytes)
    }
}

impl Read for FlatInput {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            // The thread is gone when it has handed over everything.
            let Ok(piece) = self.pieces.recv() else { return Ok(0) };
            let emptied = std::mem::replace(&mut self.piece, piece?);
            self.at = 0;
            // There may be enough of them already.
            let _ = self.emptied.try_send(emptied);
        }
        let rest = &self.piece[self.at..];
        let count = rest.len().min(target.len());
        target[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Counts what is read through it.
struct Counted<R> {
    input: R,
    read_bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(target)?;
        self.read_bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Hands over piece by piece until the end, or until nobody takes them.
fn decompress(
    input: impl Read,
    pieces: &SyncSender<io::Result<Vec<u8>>>,
    spare: &Receiver<Vec<u8>>,
) -> io::Result<()> {
    let mut input = BufReader::with_capacity(READ_BYTES, input);
    if input.fill_buf()?.starts_with(&GZIP) {
        // A file may be several compressed ones in a row.
        hand_over(MultiGzDecoder::new(input), pieces, spare)
    } else {
        hand_over(input, pieces, spare)
    }
}

fn hand_over(
    mut text: impl Read,
    pieces: &SyncSender<io::Result<Vec<u8>>>,
    spare: &Receiver<Vec<u8>>,
) -> io::Result<()> {
    loop {
        let mut piece = spare.try_recv().unwrap_or_default();
        piece.resize(PIECE_BYTES, 0);
        let mut length = 0;
        while length < PIECE_BYTES {
            match text.read(&mut piece[length..]) {
                Ok(0) => break,
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    // What came before it is good.
                    piece.truncate(length);
                    let _ = pieces.send(Ok(piece));
                    return Err(error);
                }
            }
        }
        let is_last = length < PIECE_BYTES;
        piece.truncate(length);
        if pieces.send(Ok(piece)).is_err() || is_last {
            return Ok(());
        }
    }
}
