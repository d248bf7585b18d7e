//! Knows what can be done to an output folder, and how it is chosen at random. Must not know what follows from it.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;

/// The outputs that are ours whole.
pub(super) const OUTPUTS: [&str; 3] = ["docker-compose.yml", ".env.example", "scripts/init-postgres.sh"];

/// Where a password stands under [`Profile::Files`].
pub(super) const SECRET_FILE: &str = "secrets/postgres_password";

/// The profile file of [`Profile::PerService`], beside the output folder.
pub(super) const PROFILE_FILE: &str = "per-service.yaml";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    Dev,
    Prod,
    Mixed,
    PerService,
    Files,
}

impl Profile {
    pub(super) const ALL: [Self; 5] = [Self::Dev, Self::Prod, Self::Mixed, Self::PerService, Self::Files];

    pub(super) fn is_production(self) -> bool {
        !matches!(self, Self::Dev | Self::Mixed)
    }
}

/// The profile of a run; nothing where the outputs are to say it.
pub(super) type Target = Option<Profile>;

/// The arguments that select it.
pub(super) fn arguments(target: Target) -> Vec<&'static str> {
    let profile: &[&str] = match target {
        None => &[],
        Some(Profile::Dev) => &["-p", "dev"],
        Some(Profile::Prod) => &["-p", "prod"],
        Some(Profile::Mixed) => &["-p", "mixed"],
        Some(Profile::PerService) => &["-p", "./per-service.yaml"],
        Some(Profile::Files) => &["-p", "prod", "--set", "secrets_in=files"],
    };
    [profile, &["--out", "deploy"]].concat()
}

/// What a run may do beyond the usual.
#[derive(Debug, Clone, Copy)]
pub(super) struct Consent {
    pub(super) force: bool,
    pub(super) accept: bool,
}

impl Consent {
    pub(super) fn words(self) -> Vec<&'static str> {
        let force: &[_] = if self.force { &["--force"] } else { &[] };
        let accept: &[_] = if self.accept { &["--accept", "engine"] } else { &[] };
        [force, accept].concat()
    }
}

#[derive(Debug, Clone)]
pub(super) enum Operation {
    Generate(Target, Consent),
    Rotate(Target, Consent),
    /// Killed once the folder was seen to change so often.
    Kill {
        target: Target,
        consent: Consent,
        changes: usize,
    },
    Check(Target),
    Diff(Target),
    ByHand(&'static str, Hand),
}

/// What a user does to a file, or puts there where it is missing.
#[derive(Debug, Clone)]
pub(super) enum Hand {
    Edit(Edit),
    EditOutside { behind: bool, replace: bool, line: &'static str },
    EditInside(Inside),
    Chmod(u32),
    Delete,
    Put(&'static str),
    PutBinary,
}

/// What is done to an output.
#[derive(Debug, Clone)]
pub(super) enum Edit {
    Append,
    AppendPassword,
    FillPasswordIn,
    Byte(usize),
    WindowsLineEnds,
}

/// What is done to the block of `.env`.
#[derive(Debug, Clone)]
pub(super) enum Inside {
    Password(String),
    Url,
    DeleteLine(usize),
    ForeignKey,
}

/// Lines of the user's in `.env`, with their ends.
const LINES: [&str; 8] = [
    "# mine\n",
    "MINE=1\n",
    "export X=1\n",
    "QUOTED=\"a b\"\n",
    " ODD : 'x' # y\n",
    "TWO='lines\n# <<< codelab-gen\nhere'\n",
    "WINDOWS=1\r\n",
    "\n",
];

/// A `.env` that was there before codelab-gen; keys of the last one have a place in the block.
const DOTENVS: [&str; 3] =
    ["# mine\nMINE=1\n", "MINE=1\n\nexport X=1", "A=1\nPOSTGRES_PASSWORD='given by hand0123'\nPOSTGRES_DB=mine\n# b\n"];

/// A file that was there before codelab-gen.
const FOREIGN: [&str; 2] = ["mine\n", "services: { auth-service: { image: mine } }\n"];

pub(super) fn sequences() -> impl Strategy<Value = Vec<Operation>> {
    vec(operation(), 1..=12)
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => (target(), consent()).prop_map(|(target, consent)| Operation::Generate(target, consent)),
        2 => (target(), consent()).prop_map(|(target, consent)| Operation::Rotate(target, consent)),
        3 => (target(), consent(), 0..12_usize)
            .prop_map(|(target, consent, changes)| Operation::Kill { target, consent, changes }),
        1 => target().prop_map(Operation::Check),
        1 => target().prop_map(Operation::Diff),
        14 => by_hand().prop_map(|(name, hand)| Operation::ByHand(name, hand)),
    ]
}

fn by_hand() -> impl Strategy<Value = (&'static str, Hand)> {
    let output = || select(&OUTPUTS[..]);
    let any_file = || select(vec![".env", ".env", OUTPUTS[0], OUTPUTS[1], OUTPUTS[2], SECRET_FILE]);
    let outside = (any::<bool>(), any::<bool>(), select(&LINES[..]))
        .prop_map(|(behind, replace, line)| Hand::EditOutside { behind, replace, line });
    prop_oneof![
        3 => (output(), edit().prop_map(Hand::Edit)),
        3 => (Just(".env"), outside),
        3 => (Just(".env"), inside().prop_map(Hand::EditInside)),
        2 => (any_file(), select(vec![0o600, 0o644, 0o755, 0o444]).prop_map(Hand::Chmod)),
        2 => (any_file(), Just(Hand::Delete)),
        // an example of the user's is completed, and then no longer one of ours alone
        1 => (select(vec![OUTPUTS[0], OUTPUTS[2]]), select(&FOREIGN[..]).prop_map(Hand::Put)),
        1 => (output(), Just(Hand::PutBinary)),
        1 => (Just(".env"), select(&DOTENVS[..]).prop_map(Hand::Put)),
    ]
}

fn target() -> impl Strategy<Value = Target> {
    weighted(0.8, select(&Profile::ALL[..]))
}

fn consent() -> impl Strategy<Value = Consent> {
    any::<(bool, bool)>().prop_map(|(force, accept)| Consent { force, accept })
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        Just(Edit::Append),
        Just(Edit::AppendPassword),
        Just(Edit::FillPasswordIn),
        any::<usize>().prop_map(Edit::Byte),
        Just(Edit::WindowsLineEnds),
    ]
}

/// A password has at least twelve letters in a row, by which it is found in other texts.
fn inside() -> impl Strategy<Value = Inside> {
    prop_oneof![
        2 => (select(vec!["", "p@ ", "it's "]), "[a-z]{12}").prop_map(|(start, end)| Inside::Password(start.to_owned() + &end)),
        1 => Just(Inside::Url),
        1 => any::<usize>().prop_map(Inside::DeleteLine),
        1 => Just(Inside::ForeignKey),
    ]
}
