//! Knows how a path is written as a URI of the scheme `file` (RFC 8089). Must not know which files there are.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use gen_lsp_types::Uri;

use crate::url::percent_decoded_bytes;

/// The path of a file; nothing for what is no file of this machine.
pub(super) fn path(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.0.strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    let bytes = percent_decoded_bytes(rest)?;
    (rest.starts_with('/') && !bytes.contains(&0)).then(|| PathBuf::from(OsString::from_vec(bytes)))
}

/// The URI of a file.
pub(super) fn of(path: &Path) -> Uri {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let encode = |byte: &u8| if is_plain(*byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    let encoded: String = path.as_os_str().as_bytes().iter().map(encode).collect();
    Uri(format!("file://{encoded}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back_whatever_is_in_them() {
        for text in ["/a/b.yaml", "/with space/%41#?.yaml", "/é/😀", "/a+b&c"] {
            let there = of(Path::new(text));
            assert!(there.0.is_ascii(), "{there:?}");
            assert_eq!(path(&there).unwrap(), Path::new(text));
        }
        assert_eq!(path(&Uri("file:///c%3A/x".to_owned())).unwrap(), Path::new("/c:/x"));
        for other in ["untitled:1", "https://x/y", "file://host/x", "file:///%4", "file:///a%00b"] {
            assert_eq!(path(&Uri(other.to_owned())), None, "{other}");
        }
    }
}
