//! Knows the line by which codelab-gen recognizes its own outputs, and whether somebody edited one since.
//! Must not know what the outputs are for.

use std::borrow::Cow;
use std::hash::Hasher as _;
use std::ops::Range;

use twox_hash::XxHash3_64;

use super::Output;
use crate::deployment::{POSTGRES_DB, POSTGRES_USER};
use crate::dotenv;
use crate::placement::Placement;
use crate::spelling::is_hidden;
use crate::url::without_password;
use crate::value::{Choice as _, Stage};

/// What a template writes where the hash of the finished text goes, and as long: nothing behind it has to move.
const UNSEALED: &str = "body=not-yet-computed";
const _: () = assert!(UNSEALED.len() == "body=".len() + 16);

/// What the line has before its fields.
const WORDS: &str = "codelab-gen: profile=";

/// The format of the outputs: a release that makes other outputs of the same profile has a higher one.
pub const OUTPUT_FORMAT: u32 = 1;

/// What stands before the format.
const FORMAT: &str = " format=";

/// What stands before the hash.
const BODY: &str = " body=";

/// What stands before the way to the project's root.
const ROOT: &str = " root=";

/// What stands before the stage.
const STAGE: &str = " stage=";

/// What stands before the settings, a list in JSON.
const SETTINGS: &str = " set=";

/// Whether an output is as codelab-gen wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// Unchanged since.
    Intact,
    /// Edited since.
    Broken,
}

/// The line of an output that codelab-gen wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The profile, as `--profile` takes it.
    pub profile: String,
    /// The way from the output's folder to the project's root.
    pub root: String,
    /// What the deployment is for; nothing where the line was written before it said so.
    pub stage: Option<Stage>,
    /// The settings that `--set` gave.
    pub settings: Vec<String>,
    /// The format of the outputs.
    pub format: u32,
    /// Whether the rest is unchanged.
    pub seal: Seal,
}

/// Puts the hash of the text into its line.
pub(crate) fn seal(mut text: String, output: &Output) -> String {
    let line = text.lines().find(|line| is_mark(line)).filter(|line| line.ends_with(UNSEALED));
    if let Some((line, start)) = line.and_then(|line| Some((line, text.find(line)?))) {
        let end = start + line.len();
        let sealed = format!("body={}", hash(&text, output));
        text.replace_range(end - UNSEALED.len()..end, &sealed);
    }
    text
}

/// Reads the line of an output, in `.env` that of the block; nothing where codelab-gen did not write it.
#[must_use]
pub fn examine(text: &str, output: &Output) -> Option<Mark> {
    let text = ours(text, output)?;
    let line = text.lines().find(|line| is_mark(line))?;
    let (_, fields) = line.split_once(WORDS)?;
    let (fields, body) = fields.rsplit_once(BODY)?;
    let (fields, format) = fields.rsplit_once(FORMAT)?;
    let (fields, settings) = fields.split_once(SETTINGS).unwrap_or((fields, "[]"));
    let (fields, stage) = fields.split_once(STAGE).unwrap_or((fields, ""));
    let (profile, root) = fields.split_once(ROOT).unwrap_or((fields, "."));
    Some(Mark {
        profile: profile.to_owned(),
        root: root.to_owned(),
        stage: Stage::ALL.iter().find(|known| known.as_str() == stage).copied(),
        settings: serde_json::from_str(settings).unwrap_or_default(),
        format: format.parse().ok()?,
        seal: if body.trim_end() == hash(text, output) { Seal::Intact } else { Seal::Broken },
    })
}

/// Where the line of an output stands in its text, in bytes.
#[must_use]
pub fn line_of(text: &str, output: &Output) -> Option<Range<usize>> {
    let ours = ours(text, output)?;
    let line = ours.lines().find(|line| is_mark(line))?;
    let start = text.rfind(ours)? + ours.find(line)?;
    Some(start..start + line.len())
}

fn ours<'t>(text: &'t str, output: &Output) -> Option<&'t str> {
    if output.is_block() { Some(dotenv::split(text)?.block) } else { Some(part_of(text, output)) }
}

/// What of an output is ours: of an example that was the user's before, where something stands above our lines, those.
#[must_use]
pub fn part_of<'t>(text: &'t str, output: &Output) -> &'t str {
    let split = if output.is_example() { dotenv::split(text) } else { None };
    split.filter(|split| !split.before.is_empty()).map_or(text, |split| split.block)
}

/// What the line records, as the templates write it behind `codelab-gen: `.
pub(crate) fn fields(placement: &Placement, stage: Stage) -> String {
    let Placement { profile, root, settings } = placement;
    let root = if root == "." { String::new() } else { format!("{ROOT}{root}") };
    let settings = if settings.is_empty() { String::new() } else { format!("{SETTINGS}{}", json(settings)) };
    format!("profile={profile}{root}{STAGE}{stage}{settings}{FORMAT}{OUTPUT_FORMAT} {UNSEALED}", stage = stage.as_str())
}

/// Whether a text can stand in the line and be read back.
#[must_use]
pub fn is_recordable(text: &str) -> bool {
    let is_lost = |c: char| c.is_control() || is_hidden(c);
    !text.contains(is_lost) && ![ROOT, STAGE, SETTINGS].iter().any(|field| text.contains(field))
}

/// A list of texts in one line of ASCII.
fn json(texts: &[String]) -> String {
    let json = serde_json::json!(texts).to_string();
    let mut ascii = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            let mut units = [0; 2];
            ascii.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    ascii
}

fn is_mark(line: &str) -> bool {
    let fields = line.strip_prefix("# ").map(|words| words.strip_prefix(">>> ").unwrap_or(words));
    fields.is_some_and(|fields| fields.starts_with(WORDS) && fields.contains(FORMAT))
}

/// A hash of everything but the line itself, and in `.env` and its example of everything but the values of secrets: so
/// a copied example is recognized as well. It tells an edit from none; it is no protection against deceit.
fn hash(text: &str, output: &Output) -> String {
    // an editor may have changed all line ends; a fold compares 16 bytes at once, where a search has to stop at each
    let has_returns = text.bytes().fold(0, |found, byte| found | u8::from(byte == b'\r')) != 0;
    let text = if has_returns { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) };
    let public = if output.has_values() { Cow::Owned(without_secrets(&text)) } else { text };
    let (before, behind) = around_mark(&public);
    let mut hasher = XxHash3_64::new();
    hasher.write(before.as_bytes());
    hasher.write(behind.as_bytes());
    format!("{:016x}", hasher.finish())
}

/// What a text has before its line and behind it.
fn around_mark(text: &str) -> (&str, &str) {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        if is_mark(line) {
            return (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
        }
        start = end;
    }
    (text, "")
}

/// The lines of an `.env`, where of each entry stands only what may not be edited by hand.
fn without_secrets(text: &str) -> String {
    let entries = dotenv::read(text).unwrap_or_default();
    let mut entries = entries.iter().peekable();
    let mut public = String::with_capacity(text.len());
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        match entries.next_if(|entry| entry.line == index + 1) {
            Some(entry) => {
                public.extend([&entry.key, "=", &public_part(&entry.key, &entry.value), "\n"]);
                lines.by_ref().take(entry.value.matches('\n').count()).for_each(drop);
            }
            None => public.extend([line, "\n"]),
        }
    }
    public
}

/// What of a key's value may not be edited by hand: a URL but for its password, nothing of a secret.
#[must_use]
pub fn public_part(key: &str, value: &str) -> String {
    if matches!(key, POSTGRES_USER | POSTGRES_DB) {
        return value.to_owned();
    }
    if !key.ends_with("__DB_URL") {
        return String::new();
    }
    without_password(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: Output = Output::text("docker-compose.yml");
    const BLOCK: Output = Output::block(".env");

    #[test]
    fn an_edit_breaks_the_seal_and_nothing_else_does() {
        let text = seal("# a\n# codelab-gen: profile=my prod format=1 body=not-yet-computed\nb\n".to_owned(), &TEXT);
        let mark = examine(&text, &TEXT).unwrap();
        assert_eq!((mark.profile.as_str(), mark.root.as_str(), mark.seal), ("my prod", ".", Seal::Intact));
        for edited in [text.replace("# a", "# A"), format!("{text}c\n"), text.replace("b\n", "")] {
            assert_eq!(examine(&edited, &TEXT).unwrap().seal, Seal::Broken, "{edited}");
        }
        assert_eq!(examine("services: {}\n", &TEXT), None);
    }

    #[test]
    fn all_fields_of_the_line_are_read_back() {
        for (root, settings) in
            [(".", vec![]), ("../a b", vec!["a.b=\"ü\u{2028}\u{1f600} set=[".to_owned(), "x=\n".into()])]
        {
            let placement = Placement { profile: "my prod".into(), root: root.into(), settings: settings.clone() };
            let line = format!("# codelab-gen: {}\n", fields(&placement, Stage::Staging));
            assert!(line.is_ascii() && line.lines().count() == 1, "{line}");
            let expected = Mark {
                profile: "my prod".into(),
                root: root.into(),
                stage: Some(Stage::Staging),
                settings,
                format: OUTPUT_FORMAT,
                seal: Seal::Intact,
            };
            assert_eq!(examine(&seal(line, &TEXT), &TEXT), Some(expected));
        }
        assert!(is_recordable("../a b/c.yaml") && !is_recordable("a root=b") && !is_recordable("a\nb"));
        assert!(!is_recordable("a\u{202e}b") && !is_recordable("\u{200b}"));
    }

    #[test]
    fn a_changed_secret_does_not_break_the_seal_of_dotenv_but_a_changed_url_does() {
        let text = "# >>> codelab-gen: profile=p format=1 body=not-yet-computed\nPOSTGRES_USER=u\nPOSTGRES_PASSWORD=old\n\
                    A__DB_URL=postgresql+asyncpg://u:old@postgres:5432/a\n# <<< codelab-gen\n";
        let text = seal(text.to_owned(), &BLOCK);
        let seal_of = |text: &str| examine(text, &BLOCK).unwrap().seal;
        assert_eq!(seal_of(&text.replace("old", "new")), Seal::Intact);
        assert_eq!(seal_of(&text.replace("PASSWORD=old", "PASSWORD='two\nlines'")), Seal::Intact);
        assert_eq!(
            seal_of(&text.replace("PASSWORD=old", "PASSWORD=").replace("old", "${POSTGRES_PASSWORD}")),
            Seal::Intact
        );
        assert_eq!(seal_of(&text.replace("/a\n", "/b\n")), Seal::Broken);
        assert_eq!(seal_of(&text.replace("=u\n", "=v\n")), Seal::Broken);
        assert_eq!(seal_of(&text.replace("# <<<", "B=1\n# <<<")), Seal::Broken);
    }
}
