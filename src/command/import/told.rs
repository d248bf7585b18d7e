//! Knows what is told of an import that was compared: what changes, what stays as it was, and what can't. Must not
//! know how anything is compared, and never shows a secret.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::compose::{Dotenv, Tree, nodes};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::import::{COMPOSE, HandKept, Imported, Note, in_its_file};
use crate::proof::{Difference, Verdict};
use crate::render::examine;
use crate::secret::names_secret;
use crate::spelling::quoted;
use crate::target::compose;
use crate::url::password_of;
use crate::value::ServiceName;
use crate::yaml::Node;

/// How the line begins by which a generated file names its profile.
const MARK: &str = "# codelab-gen: profile=";

/// The longest part of a value that a message shows, in characters.
const LONGEST: usize = 60;

/// Shorter values are found everywhere.
const SHORTEST: usize = 4;

/// Adds to the notes what changes, and what no longer follows a variable; drops what turned out not to be so.
pub(super) fn tell(verdict: &Verdict, root: &Node<'_>, imported: &mut Imported) {
    let spans = spans(root);
    let own = ServiceName::postgres().to_string();
    let today = |name: &String| match &imported.server {
        Some(server) if *name == own => server.clone(),
        Some(_) | None => name.clone(),
    };
    let mut notes = Vec::new();
    for (improvement, services) in &verdict.improvements {
        let Some((what, help)) = improvement.sentence() else { continue };
        for service in services.iter().map(today) {
            let message = format!("`{service}` {what}");
            notes.push(Note { span: spans.get(&service).cloned(), message, help: help.to_owned(), is_reason: false });
        }
    }
    for frozen in &verdict.frozen {
        let told = imported.fixed.get(&frozen.variable).into_iter().flatten();
        let prefix = format!("services.{}.", frozen.service);
        let is_server = frozen.service == own && imported.server.is_some();
        let is_field = |field: &&String| field.starts_with(&prefix) || (is_server && field.starts_with("postgres."));
        let mut told = told.filter(|field| is_field(field) || *field == "postgres");
        if told.next().is_none() {
            let service = today(&frozen.service);
            let message = format!("`{}` of `{service}` follows `{}` no more", frozen.key, frozen.variable);
            let span = spans.get(&service).cloned();
            notes.push(Note {
                span,
                message,
                help: "change it in the profile, or in .env under its new name".to_owned(),
                is_reason: false,
            });
        }
    }
    imported.notes.extend(notes);
    imported.notes.sort_by_key(|note| note.span.as_ref().map_or(usize::MAX, |span| span.start));
}

/// Where the services stand.
fn spans(root: &Node<'_>) -> BTreeMap<String, Range<usize>> {
    let services = nodes::child(root, "services").map(nodes::entries).unwrap_or_default();
    services.iter().map(|entry| (entry.key.to_string(), entry.key_span.clone())).collect()
}

/// What can't stay as it was, each with its place.
pub(super) fn refused(
    faults: &[Difference],
    kept: &HandKept<'_>,
    root: &Node<'_>,
    imported: &Imported,
) -> Vec<Diagnostic> {
    let spans = spans(root);
    let told = |fault: &Difference| {
        let name = fault.service().map(|name| match &imported.server {
            Some(server) if name == ServiceName::postgres().as_str() => server.as_str(),
            Some(_) | None => name,
        });
        let of = name.filter(|_| !fault.key().is_empty()).map(|name| format!(" of `{name}`")).unwrap_or_default();
        let (what, how) = parts(fault, kept);
        let message = format!("{what}{of} would mean something else: {how}");
        let span = name.and_then(|name| spans.get(name)).cloned().unwrap_or(0..0);
        let help = "write it so that a profile can say it (docs/profile.md), and import again";
        in_its_file(Diagnostic::error(Code::InvalidValue, Place::Span(COMPOSE, span), message, help), kept.files)
            .conceal()
    };
    faults.iter().map(told).collect()
}

/// What differs, and how: what is called so, or the service as a whole.
fn parts(fault: &Difference, kept: &HandKept<'_>) -> (String, String) {
    let key = fault.key();
    let dotenv = Dotenv::read(kept.dotenv, &|_| None);
    // a value of `.env` may be a secret whatever it is called
    let secrets: Vec<&str> = dotenv.all().map(|(_, value)| value).filter(|value| value.len() >= SHORTEST).collect();
    let show = |tree: &Option<Tree>| shown(tree.as_ref(), &key, &secrets);
    let (before, after) = (show(&fault.before), show(&fault.after));
    let what = if key.is_empty() { fault.service().unwrap_or_default() } else { key.as_str() };
    (format!("`{what}`"), format!("{before} today, {after} afterwards"))
}

/// Why a server stays as it is.
pub(super) fn told(fault: &Difference, kept: &HandKept<'_>) -> String {
    let (what, how) = parts(fault, kept);
    let own = ServiceName::postgres();
    let of = fault.service().filter(|name| *name != own.as_str() && !fault.key().is_empty());
    let of = of.map(|name| format!(" of `{name}`")).unwrap_or_default();
    format!("{what}{of} would mean something else ({how})")
}

/// What is told of a file that codelab-gen wrote, and that says no more what its profile said.
pub(super) fn generated(kept: &HandKept<'_>) -> Option<Diagnostic> {
    let mark = examine(kept.files.text_of(0), &compose::FILE)?;
    let message =
        format!("this file is generated from the profile {}, and import can't make that again", quoted(&mark.profile));
    let help = "change that profile instead; where it is lost, take it from a backup or the version control";
    let text = kept.files.text();
    let start = text.find(MARK).unwrap_or_default();
    let length = text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    let fault = Diagnostic::error(Code::InvalidValue, Place::Span(COMPOSE, start..start + length), message, help);
    Some(in_its_file(fault, kept.files))
}

fn is_secret(name: &str, value: &str) -> bool {
    !value.is_empty() && (names_secret(name) || password_of(value).is_some_and(|password| !password.is_empty()))
}

/// A value in a message; never one that may be a secret.
fn shown(tree: Option<&Tree>, key: &str, secrets: &[&str]) -> String {
    let Some(tree) = tree else { return "nothing".to_owned() };
    let mut words = Vec::new();
    tree.each_text(&mut |text| words.push(text.to_owned()));
    let text = words.join(" ");
    let name = key.rsplit('.').next().unwrap_or_default();
    let holds = is_secret(name, &text) || secrets.iter().any(|secret| text.contains(secret));
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '=');
    if holds || text.split(is_end).any(|word| is_secret("", word)) {
        return "a value that is not shown".to_owned();
    }
    let visible: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    if visible.is_empty() { "what it is".to_owned() } else { format!("`{visible}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_unless_it_may_be_a_secret() {
        let secrets = ["an-unnamed-value-of-dotenv"];
        for (key, text, expected) in [
            ("environment.CACHE", "redis://cache:6379", "`redis://cache:6379`"),
            ("environment.CACHE", "x-an-unnamed-value-of-dotenv", "a value that is not shown"),
            ("environment.PASS_PHRASE", "kq83hf", "a value that is not shown"),
            ("command", "run postgresql://u:kq83hf@db/x", "a value that is not shown"),
            ("user", "", "what it is"),
            ("user", "a\u{1b}[8mb", "`a[8mb`"),
        ] {
            assert_eq!(shown(Some(&Tree::text(text)), key, &secrets), expected, "{key} {text}");
        }
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(shown(Some(&Tree::text(long.as_str())), "user", &[]), format!("`{}`", &long[1..]));
        assert_eq!(shown(None, "user", &secrets), "nothing");
    }
}
