//! Knows how files that may not be touched are told, and changes that need consent. Must not know how they were found.

use std::path::Path;

use crate::change::{KeyChange, KeyChangeKind, Refusal, RefusalReason};
use crate::command::target::settings_note;
use crate::disk::TEXT_LIMIT;
use crate::field::FieldPath;
use crate::outcome::Refused;
use crate::report;
use crate::secret::may_name_secret;
use crate::spelling::{self, harmless, on_one_line};
use crate::target::{Danger, compose};

/// Why a file may not be touched.
pub(in crate::command) fn message(refusal: &Refusal, folder: &Path) -> String {
    let path = folder.join(refusal.file.path());
    let path = spelling::path(&path);
    match &refusal.reason {
        RefusalReason::NotOurs => format!("`{path}` is there already, and codelab-gen did not write it"),
        RefusalReason::Edited if refusal.file.is_block() => {
            format!("the block of codelab-gen in `{path}` was edited, beyond its passwords")
        }
        RefusalReason::Edited => format!("`{path}` was edited since codelab-gen wrote it"),
        RefusalReason::Link(link) => format!("`{}` is a symbolic link", spelling::path(&folder.join(link))),
        RefusalReason::NotAFile => format!("`{path}` is not a file"),
        RefusalReason::NotAFolder(file) => {
            format!("`{}` is a file, and should be a folder", spelling::path(&folder.join(file)))
        }
        RefusalReason::TooLarge => format!("`{path}` is larger than {} MiB", TEXT_LIMIT / 1024 / 1024),
        RefusalReason::NotUtf8 => format!("`{path}` is not UTF-8"),
        RefusalReason::CarriageReturns => format!("the block of codelab-gen in `{path}` has line ends of Windows"),
        RefusalReason::BrokenMarks => {
            format!("`{path}` has not exactly one first and one last mark of codelab-gen's block")
        }
        RefusalReason::OddLine(line) => {
            format!("line {line} of `{path}` is written in a way that not all readers of .env read alike")
        }
        RefusalReason::KeyOutside { key, inside, outside } => format!(
            "`{key}` is in the block of codelab-gen, on line {inside} of `{path}`, and outside of it, on line {outside}"
        ),
        RefusalReason::OtherCompose(other) => {
            format!("Docker Compose takes `{}`, and codelab-gen did not write it", spelling::path(&folder.join(other)))
        }
        RefusalReason::Rival => {
            format!("kustomize finds `{path}` beside kustomization.yaml, and fails where there are two of them")
        }
        RefusalReason::ComposeFile(line) => format!(
            "`COMPOSE_FILE`, on line {line} of `{}`, has Docker Compose read other files than `{path}`",
            spelling::path(&folder.join(compose::DOTENV.path()))
        ),
        RefusalReason::OddValue { key, line } => {
            format!("what `{key}` holds is not sure: the readers of .env read line {line} of `{path}` differently")
        }
    }
}

/// The ways out.
pub(in crate::command) fn help(refusal: &Refusal) -> String {
    let name = refusal.file.path();
    match &refusal.reason {
        RefusalReason::NotOurs if refusal.file.is(&compose::DOTENV_EXAMPLE) => format!(
            "`--force` puts the block of codelab-gen into it, leaves your other lines, and keeps it as {name}.orig; or choose \
             another folder with `--out`"
        ),
        RefusalReason::NotOurs if refusal.file.is(&compose::FILE) => format!(
            "`codelab-gen import` makes a profile of it; `--force` replaces it and keeps it as {name}.orig; or choose another \
             folder with `--out`"
        ),
        RefusalReason::NotOurs => {
            format!("`--force` replaces it and keeps it as {name}.orig; or choose another folder with `--out`")
        }
        RefusalReason::Edited if refusal.file.is(&compose::FILE) => format!(
            "put the change into the profile, or into docker-compose.override.yml; then `--force` replaces the file and \
             keeps it as {name}.orig"
        ),
        RefusalReason::Edited if refusal.file.is_manifest() => format!(
            "put the change into the profile, or as a patch into a kustomization.yaml of your own that names this folder as a \
             resource; then `--force` replaces the file and keeps it as {name}.orig"
        ),
        RefusalReason::Edited => format!(
            "put the change into the profile; then `--force` replaces what was edited and keeps the file as {name}.orig"
        ),
        RefusalReason::Link(_) => {
            "replace the link by what it leads to, or choose another folder with `--out`".to_owned()
        }
        RefusalReason::NotAFile | RefusalReason::NotAFolder(_) | RefusalReason::TooLarge => {
            "move it away, or choose another folder with `--out`".to_owned()
        }
        RefusalReason::NotUtf8 if refusal.file.holds_secrets() => "save it as UTF-8".to_owned(),
        RefusalReason::NotUtf8 => {
            format!("save it as UTF-8; or `--force` replaces it and keeps it as {name}.orig")
        }
        RefusalReason::CarriageReturns => format!("convert it: `sed -i 's/\\r$//' {name}`"),
        RefusalReason::BrokenMarks => {
            "restore the line that is missing, or remove the one that is too much, as in .env.example".to_owned()
        }
        RefusalReason::OddLine(_) => "write it as KEY='value', in single quotes".to_owned(),
        RefusalReason::OtherCompose(other) => {
            format!(
                "`codelab-gen import` makes a profile of it; `--force` keeps it as {other}.orig; or choose another folder with `--out`"
            )
        }
        RefusalReason::Rival => {
            "move it into another folder, as a kustomization.yaml that names this one as a resource; or choose \
                                 another folder with `--out`"
                .to_owned()
        }
        RefusalReason::ComposeFile(_) => {
            "`--force` makes a comment of that line; or choose another folder with `--out`".to_owned()
        }
        RefusalReason::OddValue { key, line } => {
            format!("write line {line} as `{key}='VALUE'`, with what it is to hold in the place of VALUE")
        }
        RefusalReason::KeyOutside { key, outside, .. } if may_name_secret(key) => format!(
            "put the value that holds, which is that of the later line, into the block; then remove line {outside}"
        ),
        RefusalReason::KeyOutside { key, outside, .. } => {
            format!("remove line {outside}; what `{key}` holds follows from the profile")
        }
    }
}

/// A key of `.env` that was edited, and what to change instead.
fn key_note(key: &KeyChange, field: Option<&FieldPath>) -> String {
    let KeyChange { key: name, kind, line } = key;
    let line = line.map(|line| format!(", on line {line}")).unwrap_or_default();
    let instead = match (kind, field) {
        (KeyChangeKind::Stale, _) => "a line of your own belongs outside of the block".to_owned(),
        (_, Some(field)) => format!("it follows from `{field}` in the profile"),
        (_, None) => "it follows from the profile".to_owned(),
    };
    format!("`{name}`{line}: {}; {instead}", kind.as_str())
}

/// One line each; help may have more below it, which stand where no help begins.
pub(super) fn paragraph(text: &str, help: &str) -> String {
    let help = harmless(help).replace('\n', "\n          ");
    format!("error: {}\n  |\n  = help: {help}\n", on_one_line(text))
}

/// All that is in the way, for people.
pub(super) fn text(refused: &Refused) -> String {
    let Refused { folder, refusals, keys, differences, dangers, made_with } = refused;
    // what was forgotten may be all that is in the way: its help comes first
    let mut paragraphs: Vec<String> = settings_note(made_with.iter()).into_iter().collect();
    for refusal in refusals {
        let mut told = paragraph(&message(refusal, folder), &help(refusal));
        if refusal.reason == RefusalReason::Edited && refusal.file.is_block() {
            told.extend(keys.iter().map(|(key, field)| format!("  = note: {}\n", key_note(key, field.as_ref()))));
        }
        let difference = differences.iter().find(|(output, _)| refusal.file.is(output));
        let is_shown = refusal.reason == RefusalReason::Edited && !refusal.file.is_block();
        if let Some((_, difference)) = difference.filter(|_| is_shown) {
            told.push_str(&shortened(difference));
        }
        // one folder can be in the way of many files
        if !paragraphs.contains(&told) {
            paragraphs.push(told);
        }
    }
    for Danger { kind, message, steps } in dangers {
        let help = format!("{}; `--accept {}` does it all the same", on_one_line(steps), kind.as_str());
        paragraphs.push(paragraph(message, &help));
    }
    paragraphs.join("\n") + "\nnothing was written\n"
}

/// The first lines of a long difference.
fn shortened(difference: &str) -> String {
    const SHOWN: usize = 60;
    let lines: Vec<_> = difference.split_inclusive('\n').collect();
    let mut text = lines.iter().take(SHOWN).copied().collect::<String>();
    if lines.len() > SHOWN {
        let more = (lines.len() - SHOWN).to_string();
        text.extend(["… and ", &more, " lines more: `codelab-gen --diff` shows all\n"]);
    }
    text
}

/// All that is in the way, for programs.
pub(super) fn document(refused: &Refused) -> report::Refused {
    let Refused { folder, refusals, keys, differences, dangers, made_with } = refused;
    let refusals = refusals.iter().map(|refusal| {
        let is_edit = refusal.reason == RefusalReason::Edited;
        let of_block = is_edit && refusal.file.is_block();
        let difference = differences.iter().find(|(output, _)| is_edit && !of_block && refusal.file.is(output));
        report::Refusal {
            path: refusal.file.path().to_owned(),
            message: message(refusal, folder),
            help: help(refusal),
            keys: keys.iter().filter(|_| of_block).map(|(key, field)| key_document(key, field.as_ref())).collect(),
            diff: difference.map(|(_, difference)| difference.clone()),
        }
    });
    report::Refused {
        refusals: refusals.collect(),
        dangers: dangers.iter().map(danger_document).collect(),
        made_with: made_with.clone(),
    }
}

/// A key of `.env` that differs, for programs.
pub(in crate::command) fn key_document(key: &KeyChange, field: Option<&FieldPath>) -> report::Key {
    report::Key {
        name: key.key.clone(),
        state: key.kind.as_str().to_owned(),
        line: key.line,
        field: field.map(ToString::to_string),
    }
}

/// A change that needs consent, for programs.
pub(in crate::command) fn danger_document(danger: &Danger) -> report::Danger {
    let Danger { kind, message, steps } = danger;
    report::Danger { accept: kind.as_str().to_owned(), message: message.clone(), help: steps.clone() }
}
