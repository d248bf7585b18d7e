//! Knows how one place of an output folder is looked at, without following a link. Must not know what is wanted there.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{ExistingFile, ExistingOutput};
use crate::change::RefusalReason;
use crate::change::steps::TEMPORARY;
use crate::render::Output;

/// What stands at a path of the folder: nothing, a file, or what may not be written through.
fn look(folder: &Path, path: &str) -> io::Result<Option<Result<std::fs::Metadata, RefusalReason>>> {
    let mut parents: Vec<_> = Path::new(path).ancestors().skip(1).collect();
    parents.retain(|parent| !parent.as_os_str().is_empty());
    parents.reverse();
    if let Some(link) = parents.iter().find(|parent| folder.join(parent).is_symlink()) {
        return Ok(Some(Err(RefusalReason::Link(link.to_path_buf()))));
    }
    match std::fs::symlink_metadata(folder.join(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory && folder.is_dir() => {
            let file = parents.into_iter().find(|parent| !folder.join(parent).is_dir());
            Ok(file.map(|file| Err(RefusalReason::NotAFolder(file.to_path_buf()))))
        }
        Err(error) => Err(error),
        Ok(metadata) if metadata.is_symlink() => Ok(Some(Err(RefusalReason::Link(PathBuf::from(path))))),
        Ok(metadata) if !metadata.is_file() => Ok(Some(Err(RefusalReason::NotAFile))),
        Ok(metadata) => Ok(Some(Ok(metadata))),
    }
}

fn text_of(bytes: Vec<u8>, metadata: &std::fs::Metadata) -> Result<ExistingFile, RefusalReason> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(ExistingFile { text, mode: metadata.mode() & 0o7777 }),
        Err(_) => Err(RefusalReason::NotUtf8),
    }
}

pub(super) fn read_secret_file(folder: &Path, path: &str) -> io::Result<Option<Result<ExistingFile, RefusalReason>>> {
    Ok(match look(folder, path)? {
        None => None,
        Some(Err(reason)) => Some(Err(reason)),
        Some(Ok(metadata)) => Some(text_of(std::fs::read(folder.join(path))?, &metadata)),
    })
}

pub(super) fn read_output(folder: &Path, output: Output) -> io::Result<Option<ExistingOutput>> {
    let path = folder.join(output.path());
    Ok(match look(folder, output.path())? {
        None => None,
        Some(Err(reason)) => Some(ExistingOutput { file: Err(reason), original: None }),
        Some(Ok(metadata)) => {
            let bytes = std::fs::read(&path)?;
            let original = original(&path, &bytes)?;
            Some(ExistingOutput { file: text_of(bytes, &metadata), original })
        }
    })
}

/// The first free name beside a file: `NAME.orig`, `NAME.orig.2` and so on; nothing where one of them is the same.
fn original(path: &Path, bytes: &[u8]) -> io::Result<Option<PathBuf>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut count = 1_u32;
    loop {
        let suffix = if count == 1 { ".orig".to_owned() } else { format!(".orig.{count}") };
        let candidate = path.with_file_name(format!("{name}{suffix}"));
        match std::fs::symlink_metadata(&candidate) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(candidate)),
            Err(error) => return Err(error),
            Ok(metadata) if metadata.is_file() && std::fs::read(&candidate).is_ok_and(|kept| kept == bytes) => {
                return Ok(None);
            }
            Ok(_) => count += 1,
        }
    }
}

/// The texts of the files in a folder that is no link; none where there is no such folder.
pub(super) fn texts_in(folder: &Path) -> Vec<String> {
    if folder.is_symlink() {
        return Vec::new();
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
    texts.map(|text| text.trim_end_matches(['\n', '\r']).to_owned()).collect()
}

/// The temporary files in a folder.
pub(super) fn leftovers(folder: &Path) -> Vec<PathBuf> {
    if folder.is_symlink() {
        return Vec::new();
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let is_leftover = |entry: &std::fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with('.') && name.ends_with(TEMPORARY) && entry.file_type().is_ok_and(|kind| kind.is_file())
    };
    let mut paths: Vec<_> = entries.filter(is_leftover).map(|entry| entry.path()).collect();
    paths.sort_unstable();
    paths
}
