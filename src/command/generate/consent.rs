//! Knows which changes are not made without a word of the user, and what that word is. Must not know how they were found.

use std::path::Path;

use super::request::Request;
use crate::change::{ChangeSet, ReadFault, Refusal, RefusalReason, RefusedFile};
use crate::command::obstacles::read_failure;
use crate::command::target::Target;
use crate::disk::{Folder, Found};
use crate::outcome::{Failure, Refused};
use crate::render::Output;
use crate::target::{Danger, DangerKind};

/// Whether a change set may be written.
pub(super) fn check(target: &Target, changes: &ChangeSet, request: &Request<'_>) -> Result<(), Failure> {
    if changes.refusals().is_empty() && unaccepted(changes, request).is_empty() {
        return Ok(());
    }
    Err(refused(target, changes, request))
}

/// All that is in the way of a change set.
pub(super) fn refused(target: &Target, changes: &ChangeSet, request: &Request<'_>) -> Failure {
    let conflicts = changes.changes.iter().filter(|change| !change.reasons().is_empty());
    let keys = conflicts.clone().flat_map(|change| &change.keys);
    let fields = target.deployment.fields_of_keys();
    let difference = |change: &crate::change::Change| Some((change.output.clone(), changes.difference(change)?));
    Failure::Refused(Box::new(Refused {
        folder: changes.folder.clone(),
        refusals: changes.refusals(),
        keys: keys.map(|key| (key.clone(), fields.get(key.key.as_str()).cloned())).collect(),
        differences: conflicts.filter_map(difference).collect(),
        dangers: unaccepted(changes, request),
    }))
}

/// Whether what applies the deployment would find it: nothing can be made right beside a file that it finds as well.
pub(super) fn check_rivals(target: &Target, folder: &Folder) -> Result<(), Failure> {
    let mut refusals = Vec::new();
    for name in target.deployment.target.rivals() {
        let way = Path::new(name);
        let fault = |error| read_failure(ReadFault { path: target.folder.join(way), error });
        let is_there = match folder.look(way).map_err(fault)? {
            Found::File(_) => true,
            Found::Link(link) => link == way,
            Found::Nothing | Found::NotAFolder(_) | Found::Other => false,
        };
        let file = RefusedFile::Output(Output::named((*name).to_owned()));
        refusals.extend(is_there.then_some(Refusal { file, reason: RefusalReason::Rival }));
    }
    if refusals.is_empty() {
        return Ok(());
    }
    let folder = target.folder.clone();
    Err(Failure::Refused(Box::new(Refused {
        folder,
        refusals,
        keys: Vec::new(),
        differences: Vec::new(),
        dangers: Vec::new(),
    })))
}

fn unaccepted(changes: &ChangeSet, request: &Request<'_>) -> Vec<Danger> {
    let is_accepted = |danger: &&Danger| {
        let accepted = request.consent.accept.iter().copied().map(DangerKind::from);
        accepted.into_iter().any(|kind| kind == danger.kind)
    };
    changes.dangers.iter().filter(|danger| !is_accepted(danger)).cloned().collect()
}
