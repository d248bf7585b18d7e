//! What a run is asked for, and the change set that it makes of a folder.

use std::io;
use std::path::Path;

use super::PASSWORD;
use crate::change::{ChangeSet, Existing, Wanted, WantedSecret, plan, unused_secrets};
use crate::deployment::Deployment;
use crate::disk::Folder;
use crate::layers::{gather, load};
use crate::placement::Placement;
use crate::resolve::resolve;
use crate::secret::{KeptIn, Outside, Values, choose};
use crate::source::{Catalogue, Source};
use crate::target::compose::Extras;
use crate::target::{Found, Inputs, SecretFile};

/// What a run is asked for.
#[derive(Clone, Copy)]
pub(super) struct Goal {
    pub(super) profile: &'static str,
    pub(super) settings: &'static [&'static str],
    pub(super) force: bool,
}

impl Goal {
    /// What its profile means, which does not depend on the output folder.
    pub(super) fn deployment(self) -> Deployment {
        let empty = scratch();
        let catalogue = Catalogue::find(
            empty.path(),
            empty.path(),
            &crate::source::Trust { user: 0, invoker: None, safe: Vec::new },
        )
        .unwrap();
        let profile = load(self.profile, "", &catalogue).unwrap();
        let settings = self.settings.iter().map(|setting| Source::from_setting(setting).unwrap()).collect();
        resolve(&gather(profile, settings, &catalogue).unwrap().profile).unwrap()
    }
}

/// A new folder, in memory where the machine has such a place: thousands of files are written and synced here, and
/// nothing of it is about the disk.
pub(super) fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// All that the program does from the reading of the folder up to the first step.
pub(super) fn planned(goal: Goal, deployment: &Deployment, folder: &Path) -> ChangeSet {
    let placement = Placement { profile: goal.profile.into(), root: ".".into(), settings: Vec::new() };
    let existing = Existing::read_of(Some(&Folder::open(folder).unwrap()), deployment).unwrap();
    let keys = deployment.target.keys_taken_over(deployment);
    let block = existing.values(|key| keys.names().contains(key)).unwrap();
    let rules = deployment.kept_secrets();
    // a value that stands in `.env` and is another one is refused here: none can be lost unnoticed
    let mut outside = Outside {
        stored: &block,
        environment: &|_| Ok(Some(PASSWORD.to_owned())),
        file: &|_| Err(io::ErrorKind::NotFound.into()),
        random: &mut |_| Ok(()),
        rotated: &[],
        rotated_from_environment: false,
        kept_in: KeptIn::Dotenv,
        judge_strength: false,
        allow_weak: true,
    };
    let secrets = choose(&rules, &mut outside).unwrap();
    let kept = unused_secrets(&block, |key| rules.contains_key(key));
    let values = Values::Chosen { secrets: &secrets, kept: &kept };
    let inputs = Inputs { values, placement: &placement, found: &Found::default() };
    let files = deployment.target.render(deployment, &Extras::default(), &inputs).unwrap();
    let wanted = |file: SecretFile<'_>| {
        let SecretFile { name, path, mode, holds } = file;
        WantedSecret { name, path, mode, secret: values.secret(holds), public: None }
    };
    let secret_files = deployment.target.secret_files(deployment).into_iter().map(wanted).collect();
    let wanted = Wanted {
        folder,
        deployment,
        extras: &Extras::default(),
        placement: &placement,
        files,
        withheld: false,
        secret_files,
        force: goal.force,
        secrets: Vec::new(),
    };
    let changes = plan(wanted, &existing);
    assert_eq!(changes.refusals(), []);
    changes
}
