//! How WebKit draws the window on Linux.
//!
//! Its usual way hands each frame over in memory of the graphics card. On a machine without one
//! that memory is imitated, and a frame costs two to three times what drawing in plain memory costs
//! (docs/performance.md, "Panning"). WebKit asks a variable of its process, so the program starts
//! itself once more with that variable set.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The variable that WebKit asks. Whoever sets it, to whatever value, is left alone.
const VARIABLE: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
/// Where Linux shows graphics cards that can draw, as `renderD128` and on.
const CARDS: &str = "/dev/dri";

/// Starts the program anew where it would draw slowly. Returns when there is nothing to change, or
/// with the reason why it could not.
pub(crate) fn choose() -> io::Result<()> {
    if std::env::var_os(VARIABLE).is_some() || has_card(Path::new(CARDS)) {
        return Ok(());
    }
    let mut again = Command::new(std::env::current_exe()?);
    again.args(std::env::args_os().skip(1)).env(VARIABLE, "1");
    Err(again.exec())
}

fn has_card(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| can_draw(&entry.file_name().to_string_lossy()))
}

fn can_draw(device: &str) -> bool {
    device.starts_with("renderD")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_shows_a_picture_is_no_card_that_draws() {
        assert!(can_draw("renderD128"));
        assert!(!can_draw("card0") && !can_draw("by-path"));
        assert!(!has_card(Path::new("/nowhere/dri")));
    }
}
