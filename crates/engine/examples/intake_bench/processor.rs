//! Processor time of this program, of one of its threads, and of its database server. Linux only.

use std::fs;

/// A tick of `/proc`: the kernel reports hundredths of a second to programs on every machine.
pub(crate) const TICKS_A_SECOND: f64 = 100.0;

/// Ticks of the calling thread.
pub(crate) fn of_this_thread() -> u64 {
    fields("/proc/thread-self/stat").map_or(0, |fields| sum(&fields, 11..13))
}

/// Ticks of this program, the threads that ended included.
pub(crate) fn of_this_program() -> u64 {
    fields("/proc/self/stat").map_or(0, |fields| sum(&fields, 11..13))
}

/// Ticks of the servers that this program started, and of what they started.
pub(crate) fn of_the_database() -> u64 {
    let own = u64::from(std::process::id());
    let all: Vec<(u64, Vec<u64>)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u64>().ok())
        .filter_map(|id| Some((id, fields(&format!("/proc/{id}/stat"))?)))
        .collect();
    let children_of = |parent: u64| all.iter().filter(move |(_, fields)| fields[1] == parent);
    let servers: Vec<_> = children_of(own).collect();
    // A server's own ticks and those of its children that ended, then those of the living.
    let ended: u64 = servers.iter().map(|(_, fields)| sum(fields, 11..15)).sum();
    let living = servers.iter().flat_map(|(id, _)| children_of(*id));
    ended + living.map(|(_, fields)| sum(fields, 11..15)).sum::<u64>()
}

fn sum(fields: &[u64], range: std::ops::Range<usize>) -> u64 {
    fields[range].iter().sum()
}

/// The numbers after the program's name: state (as zero), parent, ..., ticks from the eleventh on.
fn fields(path: &str) -> Option<Vec<u64>> {
    let text = fs::read_to_string(path).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<u64> = rest.split_whitespace().map(|word| word.parse().unwrap_or(0)).collect();
    (fields.len() > 15).then_some(fields)
}
