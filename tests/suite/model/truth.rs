//! Knows what must be true of an output folder after each operation. Must not know how the program sees to it.

use std::path::PathBuf;
use std::process::{Output, Stdio};

use super::folder::{References, Snapshot, TEMPORARY, bytes, entries, longest_word, new_root, secrets, snapshot, text};
use super::operations::{Consent, OUTPUTS, Operation, Profile, SECRET_FILE, Target, arguments};
use crate::support::{Finish as _, codelab_gen, stderr, stdout};

pub(super) const BLOCK_START: &str = "# >>> codelab-gen:";
pub(super) const BLOCK_END: &str = "# <<< codelab-gen\n";

/// How a run that writes has to end, as far as that is sure.
#[derive(Debug, PartialEq, Eq)]
enum Expected {
    Done,
    Refused,
    Either,
}

pub(super) struct Truth<'r> {
    references: &'r References,
    root: tempfile::TempDir,
    /// The user's lines of `.env` before the block; all of them where there is no block.
    pub(super) before: String,
    /// Those behind it.
    pub(super) behind: String,
    /// Whether the block was edited beyond its passwords.
    pub(super) is_block_edited: bool,
    /// The server's password, once there is one.
    pub(super) password: Option<String>,
    /// What stands there, as long as nobody but runs that ended wrote it.
    pub(super) standing: Option<Profile>,
}

impl<'r> Truth<'r> {
    pub(super) fn new(references: &'r References) -> Self {
        Self {
            references,
            root: new_root(),
            before: String::new(),
            behind: String::new(),
            is_block_edited: false,
            password: None,
            standing: None,
        }
    }

    pub(super) fn perform(&mut self, operation: &Operation) {
        match operation {
            Operation::Generate(target, consent) => self.write(&[], *target, *consent),
            Operation::Rotate(target, consent) => self.write(&["rotate", "POSTGRES_PASSWORD"], *target, *consent),
            Operation::Kill { target, consent, changes } => self.kill(*target, *consent, *changes),
            Operation::Check(target) => drop(self.compare("--check", *target)),
            Operation::Diff(target) => drop(self.compare("--diff", *target)),
            Operation::ByHand(name, hand) => self.edit(name, hand),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("deploy").join(name)
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        snapshot(self.root.path())
    }

    /// The block, or what the user made of it; empty where there is none.
    pub(super) fn block<'s>(&self, snapshot: &'s Snapshot) -> &'s str {
        let text = text(snapshot, ".env").unwrap_or_default();
        &text[self.before.len()..text.len() - self.behind.len()]
    }

    /// The server's password as it stands there, in `.env` if both places have one.
    pub(super) fn written_password(&self, snapshot: &Snapshot) -> Option<String> {
        let line = self.block(snapshot).lines().find_map(|line| line.strip_prefix("POSTGRES_PASSWORD="));
        let password = line.map(|value| value.trim_matches(['\'', '"'])).or_else(|| text(snapshot, SECRET_FILE));
        password.map(str::to_owned)
    }

    /// Runs the program to its end. What it prints never shows a password, and what fails changes nothing.
    fn run(&self, words: &[&str], target: Target) -> Output {
        let before = self.snapshot();
        let run = codelab_gen(self.root.path()).args(words).args(arguments(target)).finish();
        let after = self.snapshot();
        let printed = stdout(&run) + &stderr(&run);
        let shown = secrets(&before).union(&secrets(&after)).find(|secret| printed.contains(**secret)).copied();
        assert_eq!(shown, None, "a password shows: {words:?}: {printed}");
        assert!(run.status.success() || before == after, "it failed and changed something: {words:?}: {printed}");
        run
    }

    fn compare(&self, how: &str, target: Target) -> Output {
        let before = self.snapshot();
        let run = self.run(&[how], target);
        let told = format!("{how}: {:?}: {}{}", run.status, stdout(&run), stderr(&run));
        assert_eq!(before, self.snapshot(), "{told}");
        match run.status.code() {
            Some(0) => {
                let expected = self.expected(target, Consent { force: false, accept: true }, &before);
                assert_ne!(expected, Expected::Refused, "an edit is not told: {told}");
            }
            code => assert_eq!(code, Some(1), "{told}"),
        }
        run
    }

    fn write(&mut self, command: &[&str], target: Target, consent: Consent) {
        let before = self.snapshot();
        let expected = self.expected(target, consent, &before);
        let rotates = !command.is_empty();
        let run = self.run(&[command, &consent.words()].concat(), target);
        let told = format!("{command:?}: {:?}: {}{}", run.status, stdout(&run), stderr(&run));
        match run.status.code() {
            Some(0) => assert_ne!(expected, Expected::Refused, "{told}"),
            Some(4) => return assert_ne!(expected, Expected::Done, "{told}"),
            // nothing is recorded, or the profile has no such secret
            Some(2) if rotates => return,
            _ => panic!("{told}"),
        }
        let after = self.snapshot();
        self.check_kept(&before, &after);
        self.check_password(&after, rotates);
        self.check_outputs(target, &after);
        for how in ["--check", "--diff"] {
            let compared = self.compare(how, target);
            assert!(compared.status.success(), "{told}and then: {how}: {}{}", stdout(&compared), stderr(&compared));
        }
        let again = self.run(&consent.words(), target);
        let calm = ["profile ", "unchanged ", "secret ", "next: "];
        let is_calm = stdout(&again).lines().all(|line| calm.iter().any(|start| line.starts_with(start)));
        assert!(again.status.success() && is_calm, "{told}and again: {}{}", stdout(&again), stderr(&again));
        assert_eq!(after, self.snapshot(), "a second run changed something: {}", stdout(&again));
    }

    fn kill(&mut self, target: Target, consent: Consent, changes: usize) {
        let before = self.snapshot();
        let mut command = codelab_gen(self.root.path());
        command.args(consent.words()).args(arguments(target)).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut seen = entries(self.root.path());
        let mut count = 0;
        while count < changes && child.try_wait().unwrap().is_none() {
            let now = entries(self.root.path());
            count += usize::from(now != seen);
            seen = now;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let after = self.snapshot();
        self.check_kept(&before, &after);
        self.check_password(&after, false);
        self.standing = None;
        for name in OUTPUTS.iter().filter(|name| bytes(&before, name) != bytes(&after, name)) {
            let is_whole = bytes(&after, name).is_none_or(|text| self.references.profile(name, text).is_some());
            assert!(is_whole, "half of {name}");
        }
    }

    /// Whether a line of the user's may have a key that the block of some profile has.
    fn has_keys_of_a_block(&self) -> bool {
        [&self.before, &self.behind].into_iter().any(|lines| lines.contains("POSTGRES_") || lines.contains("__DB_"))
    }

    /// How a run has to end.
    fn expected(&self, target: Target, consent: Consent, before: &Snapshot) -> Expected {
        // the outputs record no settings that a later run would repeat
        let recorded = self.standing.map(|standing| if standing == Profile::Files { Profile::Prod } else { standing });
        let Some(to) = target.or(recorded) else { return Expected::Either };
        let block = self.block(before);
        let is_sure = if block.is_empty() {
            !self.before.contains("codelab-gen")
        } else {
            block.starts_with(BLOCK_START) && block.ends_with(BLOCK_END)
        };
        if !is_sure || self.has_keys_of_a_block() {
            return Expected::Either;
        }
        let is_edited = |name: &str| {
            self.references.of(to, name).is_some()
                && bytes(before, name).is_some_and(|text| self.references.is_foreign(name, text))
        };
        if !consent.force && (self.is_block_edited || OUTPUTS.iter().any(|name| is_edited(name))) {
            return Expected::Refused;
        }
        let compose = bytes(before, OUTPUTS[0]).map(String::from_utf8_lossy).unwrap_or_default();
        let is_production = compose.contains("stage=production") && !consent.accept;
        match self.standing {
            Some(_) if is_production && !to.is_production() => Expected::Refused,
            // `.env` need not be that of the Compose file
            None if is_production || is_edited(OUTPUTS[0]) => Expected::Either,
            Some(_) | None => Expected::Done,
        }
    }

    /// Nothing of the user's is lost, whether the run ended or was killed.
    fn check_kept(&mut self, before: &Snapshot, after: &Snapshot) {
        for (name, (_, text)) in before {
            let is_users = match name.as_str() {
                ".env" => self.is_block_edited,
                name if OUTPUTS.contains(&name) => self.references.is_foreign(name, text),
                name if name.contains(".orig") && !name.ends_with(TEMPORARY) => {
                    assert_eq!(before.get(name), after.get(name), "{name} changed");
                    continue;
                }
                _ => continue,
            };
            let original = format!("{name}.orig");
            let mut places = after.iter().filter(|(place, _)| *place == name || place.starts_with(&original));
            assert!(!is_users || places.any(|(_, (_, kept))| kept == text), "{name} was edited, and is lost");
        }
        if bytes(before, ".env") != bytes(after, ".env") {
            let was_adopted = self.block(before).is_empty();
            self.check_users_lines(was_adopted, text(after, ".env").expect(".env stays"));
            self.is_block_edited = false;
        }
    }

    /// The user's lines of a new `.env` are those of the old one, but for those that moved into the block: of one that was
    /// adopted, and where a profile has a key that another one had not.
    fn check_users_lines(&mut self, was_adopted: bool, text: &str) {
        if was_adopted || self.has_keys_of_a_block() {
            let start = text.find(BLOCK_START).expect("there is a block");
            let end = text.find(BLOCK_END).expect("it ends") + BLOCK_END.len();
            let before = std::mem::replace(&mut self.before, text[..start].to_owned());
            let behind = std::mem::replace(&mut self.behind, text[end..].to_owned());
            for (users, kept) in [(before, &self.before), (behind, &self.behind)] {
                check_each_line(&users, kept, &text[start..end]);
            }
        }
        assert!(text.starts_with(&self.before) && text.ends_with(&self.behind), "lines outside of the block: {text}");
        let block = &text[self.before.len()..text.len() - self.behind.len()];
        assert!(block.starts_with(BLOCK_START) && block.ends_with(BLOCK_END), "half of a block: {text}");
    }

    /// It stays what it was until somebody gives it a new value.
    fn check_password(&mut self, after: &Snapshot, rotates: bool) {
        if self.block(after).is_empty() {
            return;
        }
        let now = self.written_password(after);
        if self.password.is_some() {
            assert_eq!(now == self.password, !rotates, "the password was {:?} and is {now:?}", self.password);
        }
        self.password = now;
    }

    /// After a run that ended, every output is what an empty folder would have got.
    fn check_outputs(&mut self, target: Target, after: &Snapshot) {
        let compose = bytes(after, OUTPUTS[0]).expect("the Compose file is there");
        let profile = self.references.profile(OUTPUTS[0], compose).expect("the Compose file is that of a profile");
        assert!(target.is_none_or(|target| target == profile), "{profile:?} instead of {target:?}");
        self.standing = Some(profile);
        for name in OUTPUTS {
            match (self.references.of(profile, name), bytes(after, name)) {
                // what the user edited stays
                (None, Some(text)) => assert!(self.references.is_foreign(name, text), "{name} is left over"),
                (wanted, stands) => assert!(wanted == stands, "{name} is not as {profile:?} says"),
            }
        }
        assert_eq!(after.get(".env").map(|(mode, _)| *mode), Some(0o600), "the permissions of .env");
        let temporary = after.keys().find(|name| name.ends_with(TEMPORARY));
        assert_eq!(temporary, None, "a temporary file is left over");
        let secrets = secrets(after);
        for (name, (_, text)) in after {
            let may_hold = name == ".env" || name.starts_with("secrets/") || name.contains(".orig");
            let is_ours = !(OUTPUTS.contains(&name.as_str()) && self.references.is_foreign(name, text));
            let text = String::from_utf8_lossy(text);
            let holds = secrets.iter().any(|secret| text.contains(secret));
            assert!(may_hold || !is_ours || !holds, "{name} holds a password");
        }
        let password = longest_word(self.password.as_deref().unwrap_or_default());
        let mut urls = self.block(after).lines().filter(|line| line.contains("://codelab:"));
        assert!(urls.all(|url| url.contains(password)), "the URLs have another password");
    }
}

/// Each line that was the user's stands there still, in its order, as itself or as a comment; or it moved into the block.
fn check_each_line(users: &str, kept: &str, block: &str) {
    let mut kept = kept.lines();
    for line in users.lines().filter(|line| !line.is_empty()) {
        let replaced = format!("# replaced by the block of codelab-gen: {line}");
        let mut rest = kept.clone();
        match rest.find(|kept| *kept == line || *kept == replaced) {
            Some(_) => kept = rest,
            None => assert!(block.lines().any(|moved| moved == line), "{line} is lost from: {block}"),
        }
    }
}
