//! Knows how the files of a deployment become one tree: what each includes, what its services extend, and which comes
//! upon which. Must not know how two values are merged, nor how a file is read.

use super::files::{Files, included_paths, shift};
use super::merge::{Unmergeable, merge, scalar};
use super::notes::COMPOSE;
use super::relocate::{relocate, way_between};
use crate::compose::nodes;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::profile;
use crate::spelling::quoted;
use crate::yaml::{self, Content, Entry, Node};

/// What always works.
const WAY_OUT: &str = "let Docker Compose make one file of them: `docker compose config --no-interpolate \
                       --no-path-resolution --no-env-resolution >one.yml`, and import that: `codelab-gen import one.yml`";

/// How many services may stand between one and the last that it extends.
const DEEPEST: usize = 64;

/// What an included file adds.
const INCLUDED: [&str; 5] = ["services", "volumes", "networks", "secrets", "configs"];

/// The tree of a deployment.
///
/// # Errors
/// What can't be read, or made one.
pub(super) fn tree(files: &Files) -> Result<Node<'_>, Vec<Diagnostic>> {
    let mut trees = Vec::new();
    let mut faults = Vec::new();
    for file in 0..files.ways().count() {
        let start = files.start(file);
        match yaml::read(files.text_of(file)) {
            Ok(mut root) => {
                shift(&mut root, start);
                trees.push(root);
            }
            Err(found) => {
                let mut found = profile::yaml_diagnostics(found, COMPOSE);
                // what `!reset` and `!override` say, the other files must be known for
                for fault in found.iter_mut().filter(|fault| fault.message.starts_with("the tag ")) {
                    WAY_OUT.clone_into(&mut fault.help);
                }
                for label in
                    found.iter_mut().flat_map(|fault| std::iter::once(&mut fault.primary).chain(&mut fault.others))
                {
                    if let Place::Span(_, span) = &mut label.place {
                        *span = span.start + start..span.end + start;
                    }
                }
                faults.extend(found);
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut gather = Gather { files, trees, faults };
    let root = gather.all();
    match root {
        Some(root) if gather.faults.is_empty() => Ok(root),
        Some(_) | None => Err(gather.faults),
    }
}

struct Gather<'f> {
    files: &'f Files,
    trees: Vec<Node<'f>>,
    faults: Vec<Diagnostic>,
}

impl<'f> Gather<'f> {
    /// The files that Compose reads one upon the other, as one.
    fn all(&mut self) -> Option<Node<'f>> {
        let mut root = self.whole(0, &mut Vec::new())?;
        for file in 1..self.files.main() {
            let over = self.whole(file, &mut Vec::new())?;
            root = self.merged(root, over, &[])?;
        }
        Some(root)
    }

    /// A file with what it includes and what its services extend.
    fn whole(&mut self, file: usize, above: &mut Vec<usize>) -> Option<Node<'f>> {
        let mut root = self.trees.get(file)?.clone();
        let names: Vec<String> = services(&root).iter().map(|service| service.key.to_string()).collect();
        for name in names {
            let extended = self.extended(file, &name, &mut Vec::new())?;
            if let Some(service) = services_mut(&mut root).iter_mut().find(|service| service.key == name) {
                service.value = extended;
            }
        }
        let Some(include) = take(&mut root, "include") else { return Some(root) };
        if above.contains(&file) {
            self.refuse(&include, "includes itself by way of others");
            return None;
        }
        above.push(file);
        for item in nodes::items(&include) {
            self.include(file, item, &mut root, above)?;
        }
        above.pop();
        Some(root)
    }

    /// Adds what one item of `include` names.
    fn include(&mut self, file: usize, item: &Node<'f>, root: &mut Node<'f>, above: &mut Vec<usize>) -> Option<()> {
        if nodes::text(item).is_none() && !nodes::has_only(item, &["path"]) {
            self.refuse(item, "includes a file with a folder or variables of its own");
            return None;
        }
        let mut included: Option<Node<'f>> = None;
        let mut folder = String::new();
        for path in included_paths(item) {
            let Some(named) = self.files.of_way(&self.files.way_from(file, &path)) else {
                self.refuse(item, &format!("includes {}, which is not known", quoted(&path)));
                return None;
            };
            let more = self.whole(named, above)?;
            included = Some(match included {
                None => {
                    self.files.folder(named).clone_into(&mut folder);
                    more
                }
                Some(known) => self.merged(known, more, &[])?,
            });
        }
        let own = self.files.folder(file).to_owned();
        for section in nodes::entries(&included?).iter().filter(|entry| INCLUDED.contains(&entry.key.as_ref())) {
            for mut entry in nodes::entries(&section.value).iter().cloned() {
                if folder != own && !relocate(&section.key, &mut entry.value, &way_between(&own, &folder)) {
                    self.refuse(item, &format!("includes {}, whose paths follow variables", quoted(&entry.key)));
                    return None;
                }
                if !add(root, section, entry.clone()) {
                    self.refuse(item, &format!("includes {}, which is in this file as well", quoted(&entry.key)));
                    return None;
                }
            }
        }
        Some(())
    }

    /// A service upon what it extends.
    fn extended(&mut self, file: usize, name: &str, above: &mut Vec<(usize, String)>) -> Option<Node<'f>> {
        let here = (file, name.to_owned());
        let service = services(self.trees.get(file)?).iter().find(|service| service.key == name).cloned();
        let Some(mut service) = service else { return Some(scalar("null".to_owned(), true, &(0..0))) };
        let Some(extends) = take(&mut service.value, "extends") else { return Some(service.value) };
        if above.contains(&here) || above.len() > DEEPEST {
            self.refuse(&extends, "extends a service by way of itself, or of too many");
            return None;
        }
        let of = nodes::text(&extends).or_else(|| nodes::text_of(&extends, "service")).unwrap_or_default().to_owned();
        let named = match nodes::text_of(&extends, "file") {
            None => Some(file),
            Some(path) => self.files.of_way(&self.files.way_from(file, path)),
        };
        let has = |named: &usize| {
            self.trees.get(*named).is_some_and(|root| services(root).iter().any(|service| service.key == of))
        };
        let Some(named) = named.filter(has) else {
            self.refuse(&extends, &format!("extends {}, which is not known", quoted(&of)));
            return None;
        };
        above.push(here);
        let mut base = self.extended(named, &of, above)?;
        above.pop();
        let (own, folder) = (self.files.folder(file).to_owned(), self.files.folder(named).to_owned());
        if folder != own && !relocate("services", &mut base, &way_between(&own, &folder)) {
            self.refuse(&extends, &format!("extends {}, whose paths follow variables", quoted(&of)));
            return None;
        }
        self.merged(base, service.value, &["services", name])
    }

    fn merged(&mut self, base: Node<'f>, over: Node<'f>, path: &[&str]) -> Option<Node<'f>> {
        match merge(base, over, path) {
            Ok(merged) => Some(merged),
            Err(Unmergeable { span, key }) => {
                let message = format!("{} is in two forms that don't go into each other", quoted(&key));
                self.faults.push(Diagnostic::error(Code::InvalidValue, Place::Span(COMPOSE, span), message, WAY_OUT));
                None
            }
        }
    }

    fn refuse(&mut self, node: &Node<'_>, what: &str) {
        let place = Place::Span(COMPOSE, node.span.clone());
        self.faults.push(Diagnostic::error(Code::InvalidValue, place, format!("the file {what}"), WAY_OUT));
    }
}

/// Gives services that have no program the one that the file beside gives them. That stays, and says it again.
pub(super) fn take_programs<'t>(root: &mut Node<'t>, beside: &Node<'t>) {
    for service in services_mut(root) {
        let has_program = ["image", "build"].iter().any(|key| nodes::child(&service.value, key).is_some());
        let other = services(beside).iter().find(|other| other.key == service.key && !has_program);
        let Some(other) = other else { continue };
        let programs =
            nodes::entries(&other.value).iter().filter(|entry| matches!(entry.key.as_ref(), "image" | "build"));
        let mut programs: Vec<_> = programs.cloned().collect();
        for entry in &mut programs {
            entry.key_span = service.key_span.clone();
            place_at(&mut entry.value, &service.key_span);
        }
        match &mut service.value.content {
            Content::Mapping(entries) => entries.extend(programs),
            Content::Scalar(_) | Content::Sequence(_) => service.value.content = Content::Mapping(programs),
        }
    }
}

/// Places a tree of another text where it is needed.
fn place_at(node: &mut Node<'_>, span: &std::ops::Range<usize>) {
    node.span = span.clone();
    match &mut node.content {
        Content::Scalar(_) => {}
        Content::Sequence(items) => items.iter_mut().for_each(|item| place_at(item, span)),
        Content::Mapping(entries) => {
            for entry in entries {
                entry.key_span = span.clone();
                place_at(&mut entry.value, span);
            }
        }
    }
}

fn services<'n, 't>(root: &'n Node<'t>) -> &'n [Entry<'t>] {
    nodes::child(root, "services").map(nodes::entries).unwrap_or_default()
}

fn services_mut<'n, 't>(root: &'n mut Node<'t>) -> &'n mut [Entry<'t>] {
    let Content::Mapping(entries) = &mut root.content else { return &mut [] };
    match entries.iter_mut().find(|entry| entry.key == "services").map(|entry| &mut entry.value.content) {
        Some(Content::Mapping(services)) => services,
        Some(Content::Scalar(_) | Content::Sequence(_)) | None => &mut [],
    }
}

/// Takes a key out of a mapping.
fn take<'t>(node: &mut Node<'t>, key: &str) -> Option<Node<'t>> {
    let Content::Mapping(entries) = &mut node.content else { return None };
    let at = entries.iter().position(|entry| entry.key == key && !entry.value.is_null())?;
    Some(entries.remove(at).value)
}

/// Adds an entry to a section of a file; whether it was not there yet.
fn add<'t>(root: &mut Node<'t>, section: &Entry<'t>, entry: Entry<'t>) -> bool {
    let Content::Mapping(entries) = &mut root.content else { return false };
    let at = entries.iter().position(|known| known.key == section.key);
    let at = at.unwrap_or_else(|| {
        let value = Node { span: section.value.span.clone(), content: Content::Mapping(Vec::new()) };
        entries.push(Entry { key: section.key.clone(), key_span: section.key_span.clone(), value });
        entries.len() - 1
    });
    let Some(place) = entries.get_mut(at) else { return false };
    if place.value.is_null() {
        place.value.content = Content::Mapping(Vec::new());
    }
    let Content::Mapping(known) = &mut place.value.content else { return false };
    let is_new = known.iter().all(|known| known.key != entry.key);
    if is_new {
        known.push(entry);
    }
    is_new
}

#[cfg(test)]
mod tests;
