//! Frames on disk: written at the end, read from the beginning, deleted when they were read.
//!
//! Nothing here outlives its run. What a run leaves behind is worth nothing to the next one, which
//! fills the same gap over REST.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::DateTime;

use super::{RawFrame, SpillConfig};
use crate::VendorError;
use crate::http::wrong_setting;
use crate::socket::MAX_MESSAGE_BYTES;

/// A file that has this many bytes is followed by another, so that what was read can be deleted.
const SEGMENT_BYTES: u64 = 64 * 1024 * 1024;
/// Before each frame: its length and when it was received, in microseconds.
const HEAD_BYTES: usize = 4 + 8;
const BUFFER_BYTES: usize = 256 * 1024;
const ENDING: &str = "frames";

/// No two files of one program have the same number.
static NEXT_FILE: AtomicU64 = AtomicU64::new(0);

pub(super) struct Spill {
    config: SpillConfig,
    segments: VecDeque<Segment>,
}

struct Segment {
    path: PathBuf,
    writer: File,
    reader: io::BufReader<File>,
    written: u64,
    read: u64,
}

impl Spill {
    /// Makes the folder and empties it of what an earlier run left.
    pub(super) fn open(config: SpillConfig) -> Result<Self, VendorError> {
        if config.max_bytes > 0 {
            let folder = &config.folder;
            clear(folder).map_err(|error| {
                wrong_setting(format_args!("the stream's folder {}: {error}", folder.display()))
            })?;
        }
        Ok(Self { config, segments: VecDeque::new() })
    }

    /// Whether so many bytes of frames find room.
    pub(super) fn has_room(&self, frames: u64, bytes: u64) -> bool {
        let needed = bytes + frames * HEAD_BYTES as u64;
        self.bytes_on_disk() + needed <= self.config.max_bytes
    }

    /// What lies on disk, read or not.
    fn bytes_on_disk(&self) -> u64 {
        self.segments.iter().map(|segment| segment.written).sum()
    }

    /// Adds frames behind all others.
    pub(super) fn append(&mut self, frames: &[RawFrame]) -> io::Result<()> {
        if self.segments.back().is_none_or(|segment| segment.written >= SEGMENT_BYTES) {
            self.segments.push_back(Segment::create(&self.config.folder)?);
        }
        let segment = self.segments.back_mut().expect("there is one by now");
        let mut writer = io::BufWriter::with_capacity(BUFFER_BYTES, &segment.writer);
        let mut bytes = 0;
        for frame in frames {
            let length = u32::try_from(frame.text.len()).map_err(io::Error::other)?;
            writer.write_all(&length.to_le_bytes())?;
            writer.write_all(&frame.received_at.timestamp_micros().to_le_bytes())?;
            writer.write_all(frame.text.as_bytes())?;
            bytes += HEAD_BYTES + frame.text.len();
        }
        writer.flush()?;
        drop(writer);
        segment.written += bytes as u64;
        Ok(())
    }

    /// The oldest frames, until they are so many or have so many bytes. Empty when there is none.
    pub(super) fn take(&mut self, most: usize, most_bytes: usize) -> io::Result<Vec<RawFrame>> {
        let (mut frames, mut bytes) = (Vec::new(), 0);
        while frames.len() < most
            && bytes < most_bytes
            && let Some(segment) = self.segments.front_mut()
        {
            if segment.read == segment.written {
                self.forget_first();
                continue;
            }
            let frame = segment.next()?;
            bytes += frame.text.len();
            frames.push(frame);
        }
        if self.segments.len() == 1 && self.segments[0].read == self.segments[0].written {
            self.forget_first();
        }
        Ok(frames)
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        while !self.segments.is_empty() {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some(Segment { path, writer, reader, .. }) = self.segments.pop_front() {
            drop((writer, reader));
            // What cannot be deleted is tried again by the next run.
            let _ = fs::remove_file(path);
        }
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Segment {
    fn create(folder: &Path) -> io::Result<Self> {
        let number = NEXT_FILE.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{number}.{ENDING}", std::process::id()));
        let writer = File::options().create(true).write(true).truncate(true).open(&path)?;
        let reader = io::BufReader::with_capacity(BUFFER_BYTES, File::open(&path)?);
        Ok(Self { path, writer, reader, written: 0, read: 0 })
    }

    fn next(&mut self) -> io::Result<RawFrame> {
        let mut head = [0; HEAD_BYTES];
        self.reader.read_exact(&mut head)?;
        let (length, received_at) = head.split_at(4);
        let length = u32::from_le_bytes(length.try_into().map_err(io::Error::other)?) as usize;
        let micros = i64::from_le_bytes(received_at.try_into().map_err(io::Error::other)?);
        let received_at = DateTime::from_timestamp_micros(micros);
        let (Some(received_at), true) = (received_at, length <= MAX_MESSAGE_BYTES) else {
            return Err(io::Error::other("the file does not hold what was written"));
        };
        let mut text = vec![0; length];
        self.reader.read_exact(&mut text)?;
        self.read += (HEAD_BYTES + length) as u64;
        let text = String::from_utf8(text).map_err(io::Error::other)?;
        Ok(RawFrame::new(text, received_at))
    }
}

fn clear(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("undertow-spill-{}-{name}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }

        fn files(&self) -> usize {
            fs::read_dir(&self.0).map_or(0, Iterator::count)
        }

        fn spill(&self, max_bytes: u64) -> Spill {
            Spill::open(SpillConfig { folder: self.0.clone(), max_bytes }).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn frame(number: usize) -> RawFrame {
        let at = DateTime::UNIX_EPOCH + TimeDelta::microseconds(number as i64);
        RawFrame::new(format!("[{number} é]"), at)
    }

    #[test]
    fn frames_come_back_in_order_while_others_are_written() {
        let folder = Folder::new("order");
        let mut spill = folder.spill(1_000_000);
        let (mut seen, mut next) = (Vec::new(), 0);
        for round in 0..50 {
            let frames: Vec<_> = (next..next + round).map(frame).collect();
            next += round;
            spill.append(&frames).unwrap();
            seen.extend(spill.take(round / 2, usize::MAX).unwrap());
        }
        loop {
            let frames = spill.take(7, 30).unwrap();
            assert!(frames.len() <= 7);
            if frames.is_empty() {
                break;
            }
            seen.extend(frames);
        }
        assert_eq!(seen, (0..next).map(frame).collect::<Vec<_>>());
        assert_eq!(folder.files(), 0, "what was read is deleted");
    }

    #[test]
    fn the_disk_has_a_bound_and_what_is_left_behind_is_deleted() {
        let folder = Folder::new("bound");
        let mut spill = folder.spill(1000);
        assert!(spill.has_room(10, 880) && !spill.has_room(10, 881));
        spill.append(&[frame(1), frame(2)]).unwrap();
        assert!(!spill.has_room(10, 880));
        fs::write(folder.0.join("9-9.frames"), "old").unwrap();
        fs::write(folder.0.join("notes.txt"), "not ours").unwrap();
        assert_eq!(folder.files(), 3);
        drop(spill);
        let _next = folder.spill(1000);
        assert_eq!(folder.files(), 1, "only what is not ours");
        assert!(!folder.spill(0).has_room(1, 1));
    }

    #[test]
    fn a_file_that_changed_is_an_error_and_no_frame() {
        let folder = Folder::new("changed");
        let mut spill = folder.spill(1000);
        spill.append(&[frame(1)]).unwrap();
        let path = spill.segments[0].path.clone();
        fs::write(path, [255; 40]).unwrap();
        assert!(spill.take(1, 100).is_err());
        spill.clear();
        spill.append(&[frame(2)]).unwrap();
        assert_eq!(spill.take(1, 100).unwrap(), [frame(2)]);
    }
}
