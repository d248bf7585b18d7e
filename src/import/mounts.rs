//! Knows how Compose mounts folders and volumes (<https://docs.docker.com/reference/compose-file/services/#volumes>).
//! Must not know what is kept in them.

use indexmap::IndexMap;

use super::ledger::Ledger;
use crate::compose::nodes;
use crate::profile::Raw;
use crate::value::{HostPath, Mount, MountSource, TextValue as _, VolumeName};
use crate::yaml::Node;

/// How volumes are called in the profile, by their keys in the Compose file.
pub(super) type Volumes = IndexMap<String, VolumeName>;

/// Reads the mounts of a service, with their paths as the profile must write them; what a profile can't say is left.
pub(super) fn read(service: &str, node: &Node<'_>, ledger: &mut Ledger<'_>) -> Vec<Mount> {
    let field = format!("services.{service}.volumes");
    let mut mounts = Vec::new();
    for item in nodes::items(node) {
        let mount = mount(item, &field, ledger);
        if mount.is_none() {
            ledger.volumes_beside.extend(volume_of(item));
            let raw = Raw::Sequence(vec![Raw::of(item)]);
            ledger.leave(service, "volumes", raw, &item.span, "mounts something that a profile can't say");
        }
        mounts.extend(mount);
    }
    mounts
}

/// Reads one mount; nothing where a profile can't say it.
pub(super) fn mount(item: &Node<'_>, field: &str, ledger: &mut Ledger<'_>) -> Option<Mount> {
    let text = match nodes::text(item) {
        Some(_) => ledger.fixed(item, field)?,
        None => long_form(item, field, ledger)?,
    };
    placed(Mount::parse(&text).ok()?, ledger)
}

/// What is mounted where, whatever else a mount says of that; nothing where a profile can't say so much.
pub(super) fn place(item: &Node<'_>, ledger: &Ledger<'_>) -> Option<Mount> {
    let of = |key: &str| ledger.known(nodes::text_of(item, key)?);
    let (source, target, is_read) = if let Some(text) = nodes::text(item) {
        let text = ledger.known(text)?;
        let mut parts = text.split(':').map(str::to_owned);
        let (source, target) = (parts.next()?, parts.next()?);
        (source, target, parts.next().is_some_and(|modes| modes.split(',').any(|mode| mode == "ro")))
    } else {
        (of("source")?, of("target")?, nodes::text_of(item, "read_only") == Some("true"))
    };
    let text = format!("{source}:{target}{}", if is_read { ":ro" } else { "" });
    placed(Mount::parse(&text).ok()?, ledger)
}

/// A mount with its path as the profile must write it.
fn placed(mount: Mount, ledger: &Ledger<'_>) -> Option<Mount> {
    Some(match &mount.source {
        MountSource::Bind(path) => {
            let source = MountSource::Bind(HostPath::parse(&ledger.placement.from_out(path)).ok()?);
            Mount { source, ..mount }
        }
        MountSource::Volume(_) => mount,
    })
}

/// The named volume of a mount that a profile can't say.
pub(super) fn volume_of(item: &Node<'_>) -> Option<String> {
    let source = match nodes::text(item) {
        Some(text) => text.split_once(':').map(|(source, _)| source),
        None => nodes::text_of(item, "source").filter(|_| nodes::text_of(item, "type") == Some("volume")),
    };
    source.filter(|source| !source.starts_with(['.', '/', '~', '$'])).map(str::to_owned)
}

/// A mapping that says no more than `SOURCE:TARGET[:ro]`.
fn long_form(item: &Node<'_>, field: &str, ledger: &mut Ledger<'_>) -> Option<String> {
    if !nodes::has_only(item, &["type", "source", "target", "read_only"]) {
        return None;
    }
    let mut text = |key: &str| ledger.fixed(nodes::child(item, key)?, field);
    let (kind, source, target) = (text("type")?, text("source")?, text("target")?);
    let is_bind = source.starts_with(['.', '/']);
    let mode = match nodes::text_of(item, "read_only") {
        None | Some("false") => "",
        Some("true") => ":ro",
        Some(_) => return None,
    };
    let is_usual = matches!((kind.as_str(), is_bind), ("bind", true) | ("volume", false));
    is_usual.then(|| format!("{source}:{target}{mode}"))
}

/// A mount as the profile writes it.
pub(super) fn written(mount: &Mount, volumes: &Volumes) -> String {
    let source = match &mount.source {
        MountSource::Bind(path) => path.to_string(),
        MountSource::Volume(name) => volumes.get(name.as_str()).unwrap_or(name).to_string(),
    };
    let mode = if mount.read_only { ":ro" } else { "" };
    format!("{source}:{}{mode}", mount.target)
}
