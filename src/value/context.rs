//! Knows what an image is built of: a folder of the host, or what git or a web server has.
//! Must not know how it is built.

use std::fmt;

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue};
use super::path::HostPath;

/// What is sent to the builder, or fetched by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildContext {
    /// A folder of the host.
    Folder(HostPath),
    /// The address of a git repository or an archive
    /// (<https://docs.docker.com/build/concepts/context/#git-repositories>).
    Remote(String),
}

/// How an address begins.
const SCHEMES: [&str; 5] = ["https://", "http://", "git://", "ssh://", "git@"];

/// A path of the host, or an address without a password.
const PATTERN: &str = concat!(
    r"^(?:(?:(?:https?|git|ssh)://(?![^/]*:[^/]*@)|git@(?=[^:]*:))[A-Za-z0-9._~:/?#@!&()*+,;=%-]+|",
    r"[^~:\x00-\x1f\x7f-\x9f][^:\x00-\x1f\x7f-\x9f]*)$"
);

impl BuildContext {
    /// It as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Folder(path) => path.as_str(),
            Self::Remote(address) => address,
        }
    }

    /// The folder of the host.
    #[must_use]
    pub fn folder(&self) -> Option<&HostPath> {
        match self {
            Self::Folder(path) => Some(path),
            Self::Remote(_) => None,
        }
    }
}

impl fmt::Display for BuildContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TextValue for BuildContext {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let mismatch = || {
            Mismatch::new(
                "a path without `:` and control characters, and not below `~`, or the address of a git repository without a \
                 password",
                "write a path such as `./agent-runtime`, or `https://example.com/app.git#v1.2:folder`; a login comes from git's \
                 own settings",
            )
        };
        // no folder has a colon in its path
        let address = SCHEMES.iter().find_map(|scheme| text.strip_prefix(scheme)).filter(|_| text.contains(':'));
        let Some(rest) = address else {
            return HostPath::parse(text).map(Self::Folder).map_err(|_| mismatch());
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._~:/?#@!&()*+,;=%-".contains(c);
        let host = rest.split('/').next().unwrap_or_default();
        let login = host.rsplit_once('@').map(|(login, _)| login).unwrap_or_default();
        if rest.is_empty() || !rest.chars().all(is_plain) || login.contains(':') {
            return Err(mismatch());
        }
        Ok(Self::Remote(text.to_owned()))
    }

    fn schema() -> Schema {
        let examples = ["./agent-runtime", "https://example.com/app.git#v1.2:folder"];
        json_schema!({ "type": "string", "pattern": PATTERN, "examples": examples })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_no_folder_and_has_no_password() {
        for (text, is_folder) in [
            ("./app", true),
            ("github.com/x", true),
            ("git@host", true),
            ("https://example.com/x/y.git", false),
            ("https://example.com:8443/x.git#main:sub/folder", false),
            ("git@example.com:x/y.git#v1.2", false),
            ("ssh://git@example.com/x.git", false),
            ("git://example.com/x.git", false),
            ("http://example.com/x.tar.gz?a=b", false),
        ] {
            let context = BuildContext::parse(text).unwrap_or_else(|mismatch| panic!("{text}: {}", mismatch.expected));
            assert_eq!((context.folder().is_some(), context.as_str()), (is_folder, text));
        }
        for text in
            ["https://", "https://u:p@example.com/x.git", "https://example.com/a b", "git@h:a b", "a:b", "~/x", ""]
        {
            assert!(BuildContext::parse(text).is_err(), "{text}");
        }
    }
}
