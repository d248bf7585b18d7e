//! Knows when services that open another database do so unmeant. Must not know how such services are found.

use super::compose::EngineSwitch;
use super::danger::{Danger, DangerKind};
use crate::placement::Placement;
use crate::render::Mark;
use crate::spelling::shell_word;
use crate::value::{Choice as _, Stage};

/// Only where another profile does it: what the same profile says was meant. `file` records the profile.
pub(super) fn engine_danger(
    mark: Option<&Mark>,
    placement: &Placement,
    switches: &[EngineSwitch],
    file: &str,
) -> Option<Danger> {
    let mark = mark.filter(|mark| mark.stage.is_some_and(Stage::is_strict))?;
    let is_same_profile = mark.profile == placement.profile && mark.settings == placement.settings;
    let switches: Vec<_> = switches.iter().filter(|switch| switch.from != switch.to).collect();
    let switch = switches.first().filter(|_| !is_same_profile)?;
    let stage = mark.stage?.as_str();
    let names: Vec<_> = switches.iter().map(|switch| format!("`{}`", switch.service)).collect();
    let others = switches.iter().skip(1).map(|other| format!(", that of `{}` {}", other.service, other.stays));
    let others: Vec<_> = others.collect();
    let settings: Vec<_> = mark.settings.iter().map(|setting| format!(" --set {}", shell_word(setting))).collect();
    let with = if settings.is_empty() { String::new() } else { format!(" with `{}`", settings.concat().trim()) };
    Some(Danger {
        kind: DangerKind::Engine,
        message: format!(
            "this folder is a {stage} deployment of another profile, and {} would start on an empty {} database",
            names.join(" and "),
            switch.to.as_str(),
        ),
        steps: format!(
            "leave `--profile` out{with}, then the profile `{}` is taken that {file} records; or choose another folder \
             with `--out`; its data stays {}{}",
            mark.profile,
            switch.stays,
            others.concat()
        ),
    })
}
