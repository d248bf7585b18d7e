//! Knows which paths a profile may hold: on the host, in a container, of a SQLite file, of a URL.
//! Must not know the file system.

use schemars::{Schema, json_schema};

use super::grammar::{Mismatch, TextValue, shown};
use super::name::VolumeName;

/// A file or folder of the host: absolute, or relative to the project's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPath(String);

/// A file or folder of the host that is mounted: Compose reads its path once more, beside the target's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountedPath(HostPath);

/// An absolute path inside of a container, without `.` and `..`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ContainerPath(String);

/// The path of a URL, such as `/health`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpPath(String);

/// A SQLite file: what stands after `sqlite:///`. Relative to the service's `working_dir`, or absolute.
///
/// Only characters that every SQLAlchemy from 2.0 on reads the same (2.0 does not decode `%20`, 2.1 does; `?` starts
/// the query), and that may stand in a default of Compose's `${NAME:-default}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlitePath(String);

/// Where a mount's files are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MountSource {
    /// A folder or file of the host.
    Bind(HostPath),
    /// A named volume of the deployment.
    Volume(VolumeName),
}

/// `SOURCE:TARGET` or `SOURCE:TARGET:ro`, as Compose writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// What is mounted.
    pub source: MountSource,
    /// Where it appears in the container.
    pub target: ContainerPath,
    /// Whether the container may only read it.
    pub read_only: bool,
}

/// A step of a path in a container. It can't be read in two ways, so that a text that is almost a path is refused in a
/// time that grows with its length only.
macro_rules! step {
    () => {
        r"(?!\.\.?(?:[/:]|$))[^:/\x00-\x1f\x7f-\x9f]+"
    };
}

/// A path in a container, as a part of a regular expression.
macro_rules! container {
    () => {
        concat!("/(?:", step!(), "(?:/", step!(), ")*)?/?")
    };
}

const HOST_PATTERN: &str = r"^[^~:\x00-\x1f\x7f-\x9f][^:\x00-\x1f\x7f-\x9f]*$";
const MOUNTED_PATTERN: &str = r"^(?![\s\S]*\$\{[^}]*$)[^~:\x00-\x1f\x7f-\x9f][^:\x00-\x1f\x7f-\x9f]*$";
const CONTAINER_PATTERN: &str = concat!("^", container!(), "$");
const HTTP_PATTERN: &str = r"^/[A-Za-z0-9._~/?&=%-]*$";
const SQLITE_PATTERN: &str = r"^/?[A-Za-z0-9_][A-Za-z0-9._ -]*(/[A-Za-z0-9_][A-Za-z0-9._ -]*)*$";
const MOUNT_PATTERN: &str = concat!(
    r"^(?![\s\S]*\$\{[^}:]*(?::|$))",
    r"(?:\.{0,2}/[^:\x00-\x1f\x7f-\x9f]*|\.{1,2}|[A-Za-z0-9][A-Za-z0-9_.-]{1,127}):",
    container!(),
    "(?::r[ow])?$"
);

shown! { HostPath ContainerPath HttpPath SqlitePath }

impl HostPath {
    /// Whether it starts at the root of the file system.
    #[must_use]
    pub fn is_absolute(&self) -> bool {
        self.0.starts_with('/')
    }

    /// The folder of this name in it, which holds no `/`.
    #[must_use]
    pub fn below(&self, name: &'static str) -> Self {
        Self(format!("{}/{name}", self.0.trim_end_matches('/')))
    }
}

impl MountedPath {
    /// The path.
    #[must_use]
    pub fn as_host_path(&self) -> &HostPath {
        &self.0
    }
}

impl ContainerPath {
    /// The folder that it stands in; the root is its own.
    #[must_use]
    pub fn parent(&self) -> Self {
        match self.0.rfind('/') {
            Some(0) | None => Self("/".to_owned()),
            Some(slash) => Self(self.0.get(..slash).unwrap_or("/").to_owned()),
        }
    }

    /// The file that `path` means to a program that runs in this folder.
    #[must_use]
    pub fn join(&self, path: &SqlitePath) -> Self {
        if path.0.starts_with('/') {
            return Self(path.0.clone());
        }
        Self(format!("{}/{}", self.0.trim_end_matches('/'), path.0))
    }

    /// The rest of `inner` below this folder; nothing where it does not lie below.
    #[must_use]
    pub fn strip<'i>(&self, inner: &'i Self) -> Option<&'i str> {
        inner.0.strip_prefix(self.0.trim_end_matches('/'))?.strip_prefix('/').filter(|rest| !rest.is_empty())
    }
}

impl SqlitePath {
    /// The file alone, without its folders.
    #[must_use]
    pub fn file_name(&self) -> Self {
        Self(self.0.rsplit('/').next().unwrap_or_default().to_owned())
    }
}

/// What no part of Compose's `SOURCE:TARGET` can hold.
fn is_unmountable(character: char) -> bool {
    character.is_control() || character == ':'
}

/// Whether a `${` has no `}` behind it: in a mount, Compose takes it for a reference even where the dollar is doubled.
fn has_open_reference(text: &str) -> bool {
    text.rsplit_once("${").is_some_and(|(_, behind)| !behind.contains('}'))
}

impl TextValue for HostPath {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let help = "write a path such as `./agent-runtime`, relative to the project's root, or an absolute one";
        if text.is_empty() || text.starts_with('~') || text.contains(is_unmountable) {
            return Err(Mismatch::new("a path without `:` and control characters, and not below `~`", help));
        }
        Ok(Self(text.to_owned()))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": HOST_PATTERN, "examples": ["./agent-runtime"] })
    }
}

impl TextValue for MountedPath {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let path = HostPath::parse(text)?;
        if has_open_reference(text) {
            return Err(Mismatch::new(
                "a path without `${`, which Compose takes for a variable in a mount",
                "give the file or folder another name",
            ));
        }
        Ok(Self(path))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": MOUNTED_PATTERN, "examples": ["./certs/ca.pem"] })
    }
}

impl TextValue for ContainerPath {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let plain = text.strip_prefix('/').is_some_and(|rest| {
            let rest = rest.strip_suffix('/').unwrap_or(rest);
            rest.is_empty() || rest.split('/').all(|step| !matches!(step, "" | "." | ".."))
        });
        if !plain || text.contains(is_unmountable) {
            return Err(Mismatch::new(
                "an absolute path in the container, without `.`, `..` and `:`",
                "write a path such as `/app/data`",
            ));
        }
        let trimmed = if text.len() > 1 { text.strip_suffix('/').unwrap_or(text) } else { text };
        Ok(Self(trimmed.to_owned()))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": CONTAINER_PATTERN, "examples": ["/app"] })
    }
}

impl TextValue for HttpPath {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._~/?&=%-".contains(c);
        if text.starts_with('/') && text.chars().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(Mismatch::new("the path of a URL, starting with `/`", "write a path such as `/health`"))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": HTTP_PATTERN, "examples": ["/health"] })
    }
}

impl TextValue for SqlitePath {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let start = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let step = |step: &str| step.starts_with(start) && step.chars().all(|c| start(c) || "._ -".contains(c));
        if text.strip_prefix('/').unwrap_or(text).split('/').all(step) {
            return Ok(Self(text.to_owned()));
        }
        Err(Mismatch::new(
            "a SQLite file's path of letters, digits, `_`, `.`, `-`, spaces and single `/`, each step starting with a \
             letter, digit or `_`",
            "write what comes after `sqlite:///`, such as `data/auth.db`, or an absolute path such as \
             `/app/data/auth.db`",
        ))
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": SQLITE_PATTERN, "examples": ["data/auth.db"] })
    }
}

impl TextValue for Mount {
    fn parse(text: &str) -> Result<Self, Mismatch> {
        let mismatch = || {
            Mismatch::new(
                "a mount `SOURCE:TARGET`, or `SOURCE:TARGET:ro`",
                "write `./folder:/app/data` for a folder of the host, or `volume-name:/app/data` for a named volume",
            )
        };
        let mut parts = text.split(':');
        let (Some(source), Some(target), mode, None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(mismatch());
        };
        if has_open_reference(source) || has_open_reference(target) {
            return Err(mismatch());
        }
        let read_only = match mode {
            None | Some("rw") => false,
            Some("ro") => true,
            Some(_) => return Err(mismatch()),
        };
        let is_bind = matches!(source, "." | "..")
            || source.starts_with(['/'])
            || source.starts_with("./")
            || source.starts_with("../");
        let source = if is_bind {
            MountSource::Bind(HostPath::parse(source)?)
        } else {
            MountSource::Volume(VolumeName::parse(source).map_err(|_| mismatch())?)
        };
        Ok(Self { source, target: ContainerPath::parse(target)?, read_only })
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": MOUNT_PATTERN, "examples": ["./auth-service/data:/app/data"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_sqlite_file_hangs_on_the_working_directory() {
        let app = ContainerPath::parse("/app/").unwrap();
        let file = app.join(&SqlitePath::parse("data/x.db").unwrap());
        assert_eq!(file.as_str(), "/app/data/x.db");
        assert_eq!(ContainerPath::parse("/app/data").unwrap().strip(&file), Some("x.db"));
        assert_eq!(ContainerPath::parse("/app/dat").unwrap().strip(&file), None);
        assert_eq!(ContainerPath::parse("/").unwrap().strip(&file), Some("app/data/x.db"));
        assert_eq!(app.join(&SqlitePath::parse("/var/x.db").unwrap()).as_str(), "/var/x.db");
        assert_eq!(ContainerPath::parse("/app").unwrap().parent().as_str(), "/");
    }

    #[test]
    fn paths_that_readers_take_differently_are_refused() {
        for path in ["a?b", "a%20b", "a//b", "../x", "./x", "", "/", "a/", "a$b", "a}b", "a'b", "a:b", " a"] {
            assert!(SqlitePath::parse(path).is_err(), "{path}");
        }
        for mount in [
            "",
            "a",
            "a:b",
            "./a",
            "a b:/x",
            "./a:/x:z",
            "./a:/x:ro:y",
            "~/a:/x",
            ":/x",
            "./a:/x/../y",
            "v:/x",
            "./${a:/x",
            "./a:/${",
        ] {
            assert!(Mount::parse(mount).is_err(), "{mount}");
        }
        for mount in ["./a:/x", "./${a}:/x", "../a b:/x:ro", "/srv/a:/x:rw", "data.1:/x"] {
            assert!(Mount::parse(mount).is_ok(), "{mount}");
        }
    }
}
