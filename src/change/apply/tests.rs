//! Every change is killed and fails at every step: what stands then is old or new, and the next run heals it.

#![expect(clippy::disallowed_methods, reason = "what a test says is read by those who wrote its paths")]

mod goal;
mod tree;

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;

use self::goal::{Goal, planned, scratch};
use self::tree::{Tree, differing, restore, tree};
use super::{WriteFault, apply_with, keep, perform, write};
use crate::change::ChangeSet;
use crate::change::steps::{Content, Step, steps};
use crate::deployment::Deployment;
use crate::disk::{Folder, TEMPORARY};

const PASSWORD: &str = "0123456789abcdefghijABCDEFGHIJ";

/// The user's own lines of `.env`, before and behind the block.
const OWN: (&str, &str) = ("# mine\nMINE=1\n\n", "\n# mine too\nlast line without end");

const NO_SPACE: i32 = 28;

const DEV: Goal = Goal { profile: "builtin:dev-sqlite", settings: &[], force: false };
const PROD: Goal = Goal { profile: "builtin:prod-postgres", ..DEV };
const FORCED: Goal = Goal { force: true, ..PROD };
const FILES: Goal = Goal { settings: &["secrets_in=files"], ..PROD };
const KUBERNETES: Goal = Goal { settings: &["target=kubernetes"], ..PROD };

#[test]
fn a_first_generation_broken_off_anywhere_is_healed() {
    Case::new(PROD, |_| {}).breaks_off_everywhere();
}

#[test]
fn a_change_to_a_profile_with_fewer_outputs_broken_off_anywhere_is_healed() {
    let case = Case::new(DEV, |folder| {
        generate(PROD, folder);
        surround(folder);
        for name in [".env.codelab-gen.tmp", "scripts/.init-postgres.sh.codelab-gen.tmp"] {
            fs::write(folder.join(name), "left by a run that was killed").unwrap();
        }
    });
    assert!(!case.after.contains_key(Path::new("scripts/init-postgres.sh")));
    case.breaks_off_everywhere();
}

#[test]
fn a_change_to_a_profile_with_more_outputs_broken_off_anywhere_is_healed() {
    let case = Case::new(PROD, |folder| {
        generate(DEV, folder);
        surround(folder);
    });
    assert!(case.after.contains_key(Path::new("scripts/init-postgres.sh")));
    case.breaks_off_everywhere();
}

#[test]
fn a_forced_change_broken_off_anywhere_is_healed_and_loses_no_edit() {
    let case = Case::new(FORCED, |folder| {
        generate(PROD, folder);
        surround(folder);
        edit(&folder.join("docker-compose.yml"), |text| format!("{text}# edited\n"));
        edit(&folder.join(".env"), |text| text.replace("/auth_db", "/edited"));
    });
    assert_eq!(case.originals().count(), 2);
    case.breaks_off_everywhere();
}

#[test]
fn a_first_generation_with_secrets_in_files_broken_off_anywhere_is_healed() {
    Case::new(FILES, |_| {}).breaks_off_everywhere();
}

#[test]
fn a_move_of_secrets_into_files_broken_off_anywhere_is_healed() {
    let case = Case::new(FILES, |folder| {
        generate(PROD, folder);
        surround(folder);
        fs::create_dir(folder.join("secrets")).unwrap();
        fs::write(folder.join("secrets/mine"), "kept by hand").unwrap();
        fs::set_permissions(folder.join("secrets"), Permissions::from_mode(0o755)).unwrap();
    });
    assert_eq!(case.after[Path::new("secrets")].mode, 0o700);
    case.breaks_off_everywhere();
}

#[test]
fn a_first_generation_for_kubernetes_broken_off_anywhere_is_healed() {
    let case = Case::new(KUBERNETES, |_| {});
    assert_eq!(case.after[Path::new("kubernetes/secrets")].mode, 0o700);
    assert_eq!(case.after[Path::new("kubernetes/secrets/postgres_password")].mode, 0o600);
    case.breaks_off_everywhere();
}

#[test]
fn a_move_to_kubernetes_and_back_broken_off_anywhere_is_healed() {
    let case = Case::new(KUBERNETES, |folder| {
        generate(PROD, folder);
        surround(folder);
    });
    assert!(case.after.contains_key(Path::new(".env")) && !case.after.contains_key(Path::new("docker-compose.yml")));
    case.breaks_off_everywhere();
    let back = Case::new(PROD, |folder| {
        generate(KUBERNETES, folder);
        fs::write(folder.join("kubernetes/mine.yaml"), "kind: Ingress\n").unwrap();
    });
    assert!(back.after.contains_key(Path::new("kubernetes/mine.yaml")));
    assert!(!back.after.contains_key(Path::new("kubernetes/kustomization.yaml")));
    back.breaks_off_everywhere();
}

#[test]
fn a_file_that_is_written_anew_stays_its_owners() {
    let folder = scratch();
    generate(PROD, folder.path());
    let compose = folder.path().join("docker-compose.yml");
    // only root may give a file away
    let owner =
        chown(&compose, Some(4711), Some(4712)).map_or_else(|_| fs::metadata(&compose).unwrap().uid(), |()| 4711);
    generate(DEV, folder.path());
    assert!(!fs::read_to_string(&compose).unwrap().contains("postgres"), "it was written anew");
    assert_eq!(fs::metadata(&compose).unwrap().uid(), owner);
}

#[test]
fn nothing_takes_the_place_of_what_came_there_in_the_meantime() {
    let folder = scratch();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("file"), "mine").unwrap();
    fs::write(path("temporary"), "kept").unwrap();
    let opened = Folder::open(folder.path()).unwrap();
    symlink("nowhere", path("link")).unwrap();
    symlink(folder.path(), path("inside")).unwrap();
    for taken in ["file", "link", "inside", "missing/folder", "inside/folder"] {
        assert!(opened.make_folder(Path::new(taken)).is_err(), "{taken} is no folder");
    }
    assert!(opened.make_folder(Path::new("made")).unwrap());
    assert!(!opened.make_folder(Path::new("made")).unwrap());
    for taken in ["file", "link"] {
        let fault = keep(Path::new("temporary"), Path::new(taken), &opened).unwrap_err();
        assert_eq!(fault.kind(), io::ErrorKind::AlreadyExists, "{taken}");
    }
    assert_eq!(fs::read_to_string(path("file")).unwrap(), "mine");
    assert!(path("link").is_symlink() && path("temporary").exists());
    keep(Path::new("temporary"), Path::new("free"), &opened).unwrap();
    assert!(!path("temporary").exists() && path("free").exists());
}

/// Writes every change into its folder.
fn apply(changes: &ChangeSet) -> Result<(), WriteFault> {
    super::apply(changes, &Folder::open(&changes.folder).unwrap())
}

fn generate(goal: Goal, folder: &Path) {
    apply(&planned(goal, &goal.deployment(), folder)).unwrap();
}

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    fs::write(path, change(fs::read_to_string(path).unwrap())).unwrap();
}

fn surround(folder: &Path) {
    edit(&folder.join(".env"), |block| format!("{}{block}{}", OWN.0, OWN.1));
}

fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    name.starts_with('.') && name.ends_with(TEMPORARY)
}

/// Whether a step can be done by half.
fn has_middle(step: &Step<'_>) -> bool {
    matches!(step, Step::Write { .. } | Step::Copy { .. } | Step::Keep { .. })
}

/// Does the first half of such a step.
fn begin(step: &Step<'_>, folder: &Folder) {
    let write_half = |path: &Path, mode: u32, bytes: &[u8]| {
        let half = bytes.get(..bytes.len() / 2).unwrap();
        write(folder, path.strip_prefix(folder.path()).unwrap(), mode, |file| file.write_all(half)).unwrap();
    };
    match step {
        Step::Write { path: _, temporary, mode, content } => {
            let mut bytes = Vec::new();
            match content {
                Content::Text(text) => bytes.extend(text.as_bytes()),
                Content::Secret(secret) => secret.write_to(&mut bytes).unwrap(),
            }
            write_half(temporary, *mode, &bytes);
        }
        Step::Copy { from, temporary, mode } => write_half(temporary, *mode, &fs::read(from).unwrap()),
        Step::Keep { temporary, original } => fs::hard_link(temporary, original).unwrap(),
        Step::Sweep { .. }
        | Step::MakeFolder { .. }
        | Step::CloseFolder { .. }
        | Step::Replace { .. }
        | Step::Remove { .. }
        | Step::RemoveFolder { .. }
        | Step::Sync { .. } => {}
    }
}

/// A change with what stands before it and after it.
struct Case {
    goal: Goal,
    deployment: Deployment,
    before: Tree,
    after: Tree,
}

impl Case {
    fn new(goal: Goal, prepare: impl FnOnce(&Path)) -> Self {
        let folder = scratch();
        prepare(folder.path());
        let before = tree(folder.path());
        let deployment = goal.deployment();
        apply(&planned(goal, &deployment, folder.path())).unwrap();
        Self { goal, deployment, before, after: tree(folder.path()) }
    }

    fn breaks_off_everywhere(&self) {
        let folder = scratch();
        restore(&self.before, folder.path());
        let changes = planned(self.goal, &self.deployment, folder.path());
        let steps = steps(&changes);
        for (count, step) in steps.iter().enumerate() {
            let path = step.path().strip_prefix(folder.path()).unwrap();
            for half in [false, true].into_iter().filter(|half| !half || has_middle(step)) {
                let place = format!("step {count}, ./{}, half done: {half}", path.display());
                self.is_killed(&changes, count, half, &place);
                // a visible step that fails has done nothing
                if !(half && step.is_visible()) {
                    self.fails(&changes, count, half, &place);
                }
            }
        }
        self.is_killed(&changes, steps.len(), false, "after the last step");
    }

    /// Does the first steps and perhaps half of the next one; then nothing more is done, and nothing undone.
    fn is_killed(&self, changes: &ChangeSet, count: usize, half: bool, place: &str) {
        restore(&self.before, &changes.folder);
        let opened = Folder::open(&changes.folder).unwrap();
        let steps = steps(changes);
        for step in &steps[..count] {
            perform(step, &opened).unwrap();
        }
        if half {
            begin(&steps[count], &opened);
        }
        self.is_old_or_new(&tree(&changes.folder), place);
        self.is_healed(&changes.folder, place);
    }

    /// Does the first steps and perhaps half of the next one, which then fails.
    fn fails(&self, changes: &ChangeSet, count: usize, half: bool, place: &str) {
        restore(&self.before, &changes.folder);
        let opened = Folder::open(&changes.folder).unwrap();
        let mut index = 0;
        let mut is_partial = false;
        let fault = apply_with(changes, &opened, |step| {
            index += 1;
            if index <= count {
                is_partial |= step.is_visible();
                return perform(step, &opened);
            }
            if half {
                begin(step, &opened);
            }
            Err(io::Error::from_raw_os_error(NO_SPACE))
        });
        let fault = fault.unwrap_err();
        assert_eq!((fault.error.raw_os_error(), fault.is_partial), (Some(NO_SPACE), is_partial), "{place}");
        assert_eq!(index, count + 1, "{place}: nothing is done after the step that failed");

        let now = tree(&changes.folder);
        if is_partial {
            self.is_old_or_new(&now, place);
            assert!(!now.keys().any(|path| is_temporary(path)), "{place}");
        } else {
            let mut before = self.before.clone();
            before.retain(|path, _| !is_temporary(path) || now.contains_key(path));
            assert_eq!(differing(&now, &before), Vec::<&Path>::new(), "{place}: not as before");
        }
        self.is_healed(&changes.folder, place);
    }

    fn is_old_or_new(&self, now: &Tree, place: &str) {
        let files = |tree: &Tree, path: &Path| tree.get(path).filter(|entry| entry.bytes.is_some()).cloned();
        for path in now.keys().chain(self.before.keys()).filter(|path| !is_temporary(path)) {
            let entry = files(now, path);
            let is_known = entry == files(&self.before, path) || entry == files(&self.after, path);
            assert!(is_known, "{place}: {} is neither old nor new", path.display());
        }
        if let Some(dotenv) = self.before.get(Path::new(".env")) {
            assert!(dotenv.bytes.as_ref().unwrap().starts_with(OWN.0.as_bytes()), "the case has lines of the user's");
            let dotenv = now[Path::new(".env")].bytes.as_ref().unwrap();
            assert!(dotenv.starts_with(OWN.0.as_bytes()) && dotenv.ends_with(OWN.1.as_bytes()), "{place}");
        }
        let compose = now.get(Path::new("docker-compose.yml")).and_then(|entry| entry.bytes.as_deref());
        let compose = String::from_utf8_lossy(compose.unwrap_or_default());
        for name in ["scripts/init-postgres.sh", "secrets/postgres_password"] {
            let is_whole = !compose.contains(name) || now.contains_key(Path::new(name));
            assert!(is_whole, "{place}: docker-compose.yml mounts {name}, which is not there");
        }
        for (path, original) in self.originals() {
            let old = &self.before[path].bytes;
            let is_kept = [path, original].iter().any(|path| now.get(*path).is_some_and(|now| now.bytes == *old));
            assert!(is_kept, "{place}: what {} held is lost", path.display());
        }
        for (path, entry) in now {
            let shows = entry.bytes.as_ref().is_some_and(|bytes| String::from_utf8_lossy(bytes).contains(PASSWORD));
            let folder = path.parent().and_then(|folder| now.get(folder));
            let is_closed = entry.mode == 0o600 || folder.is_some_and(|folder| folder.mode == 0o700);
            assert!(!shows || is_closed, "{place}: others can read the password in {}", path.display());
        }
    }

    /// Runs what was asked for once more, from what stands there.
    fn is_healed(&self, folder: &Path, place: &str) {
        apply(&planned(self.goal, &self.deployment, folder)).unwrap();
        assert_eq!(differing(&tree(folder), &self.after), Vec::<&Path>::new(), "{place}: not healed");
    }

    /// The files that are kept, with their names then.
    fn originals(&self) -> impl Iterator<Item = (&Path, &Path)> {
        let names = self.after.keys().filter(|path| path.extension().is_some_and(|extension| extension == "orig"));
        names.map(|original| {
            let path = self.before.keys().find(|path| format!("{}.orig", path.display()) == original.to_string_lossy());
            (path.unwrap().as_path(), original.as_path())
        })
    }
}
