//! Knows where the outputs stand beside the project, and rewrites the profile's paths for that place.
//! Must not know which files there are.

use crate::value::{HostPath, Mount, MountSource};

/// Where the outputs stand, and how they call their profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    /// The profile, as a later run would select it.
    pub profile: String,
    /// The way from the output folder to the project's root: `.`, `..`, `../..`, or an absolute path.
    pub root: String,
    /// The settings of the command line, in their order.
    pub settings: Vec<String>,
}

impl Placement {
    /// A path of the profile as it must be written in the output folder.
    #[must_use]
    pub fn from_out(&self, path: &HostPath) -> String {
        if path.is_absolute() {
            return path.as_str().to_owned();
        }
        let mut steps: Vec<&str> = self.root.trim_end_matches('/').split('/').filter(|step| *step != ".").collect();
        for step in path.as_str().split('/') {
            match step {
                "" | "." => {}
                ".." if steps.last().is_some_and(|last| !matches!(*last, "" | "..")) => {
                    steps.pop();
                }
                step => steps.push(step),
            }
        }
        if steps == [""] {
            return "/".to_owned();
        }
        let joined = steps.join("/");
        let is_anchored = joined == ".." || joined.starts_with("../") || joined.starts_with('/');
        if is_anchored { joined } else { format!("./{joined}") }
    }

    /// A mount as Compose writes it, seen from the output folder.
    #[must_use]
    pub fn mount(&self, mount: &Mount) -> String {
        let mode = if mount.read_only { ":ro" } else { "" };
        format!("{}:{}{mode}", self.source(&mount.source), mount.target)
    }

    /// What is mounted, as Compose writes it, seen from the output folder.
    #[must_use]
    pub fn source(&self, source: &MountSource) -> String {
        match source {
            MountSource::Bind(path) => self.from_out(path),
            MountSource::Volume(name) => name.as_str().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::TextValue as _;

    #[test]
    fn paths_lead_from_the_output_folder_to_the_same_place() {
        for (root, path, expected) in [
            (".", "./agent-runtime", "./agent-runtime"),
            (".", "agent-runtime/data/", "./agent-runtime/data"),
            ("..", "./agent-runtime", "../agent-runtime"),
            ("../..", "../sibling/x", "../../../sibling/x"),
            ("..", "/srv/data", "/srv/data"),
            ("/srv/project", "./a/../b", "/srv/project/b"),
            ("..", ".", ".."),
            (".", ".", "./"),
            (".", "..hidden", "./..hidden"),
            ("/", ".", "/"),
            ("/", "./a", "/a"),
        ] {
            let placement = Placement { profile: String::new(), root: root.into(), settings: Vec::new() };
            assert_eq!(placement.from_out(&HostPath::parse(path).unwrap()), expected);
        }
    }
}
