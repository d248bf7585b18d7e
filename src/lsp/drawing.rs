//! Knows how a drawing is made a picture by Graphviz, where that is installed. Must not know what is drawn.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::doctor::{Bounds, answer_with};

/// So long it may take, and so long the picture may be: a drawing of thousands of services is no help any more.
const BOUNDS: Bounds = Bounds { patience: Duration::from_secs(10), most: 16 << 20 };

/// The picture of a text in the language of Graphviz, as SVG; nothing where there is none.
pub(super) fn svg(text: String) -> Option<String> {
    let (reader, mut writer) = std::io::pipe().ok()?;
    let mut command = Command::new(dot()?);
    command.arg("-Tsvg").stdin(reader);
    let write = move || {
        // where it does not read on, it tells no picture
        drop(writer.write_all(text.as_bytes()));
    };
    thread::Builder::new().name("drawing".to_owned()).spawn(write).ok()?;
    let (_, said) = answer_with(command, BOUNDS, &[0]).ok()?;
    said.contains("<svg").then_some(said)
}

/// The program; a `PATH` with a relative folder could mean one of a stranger's project.
fn dot() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join("dot")).find(|file| file.is_file())
}
