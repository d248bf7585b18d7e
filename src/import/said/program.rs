//! Knows how a hand-kept service says what is run: its image, how that is built, and its command.
//! Must not know what the program needs to run.

use crate::compose::nodes;
use crate::compose::{self, Understood};
use crate::diagnostic::Code;
use crate::import::environment::{self, Given, GivenValue};
use crate::import::layout::Line;
use crate::import::ledger::Ledger;
use crate::import::service::Service;
use crate::interpolation::{Otherwise, Part, Template};
use crate::profile::Raw;
use crate::target::compose::Takes;
use crate::value::{BuildContext, ImageReference, ServiceImage, TextValue as _, VariableName, split};
use crate::yaml::Node;

/// A text that Compose does not load, which was told.
struct Unloadable;

impl Service<'_, '_> {
    pub(super) fn program(&self, field: &str, ledger: &mut Ledger<'_>) -> Vec<Line> {
        let node = &self.entry.value;
        let mut lines = Vec::new();
        if let Some(build) = nodes::child(node, "build") {
            match self.build(build, &format!("{field}.build"), ledger) {
                Some(raw) => lines.push(Line::short("build", raw)),
                None => self.refuse_program(build, "is built in a way that a profile can't say", ledger),
            }
        }
        if let Some(image) = nodes::child(node, "image") {
            lines.extend(self.image(image, field, lines.is_empty(), ledger));
        }
        if nodes::child(node, "build").is_none() && nodes::child(node, "image").is_none() {
            let message = format!("the service `{}` has neither `build` nor `image` of its own", self.name);
            let help = "write here what it takes from elsewhere (`extends`), and import again";
            ledger.fault(Code::NoProgram, &self.entry.key_span, message, help);
        }
        lines
    }

    /// The image. A tag goes on following its variable; what follows one otherwise does so in the file beside.
    fn image(&self, image: &Node<'_>, field: &str, is_needed: bool, ledger: &mut Ledger<'_>) -> Option<Line> {
        let template = nodes::text(image).and_then(Template::parse);
        if let Some(text) = template.as_ref().and_then(|template| following(template, ledger)) {
            return Some(Line::text("image", &text));
        }
        let text = ledger.fixed(image, &format!("{field}.image"));
        let text = text.filter(|text| ImageReference::parse(text).is_ok());
        let is_fixed = template.is_some_and(|template| template.literal().is_some());
        match (text, is_fixed) {
            (Some(text), true) => Some(Line::text("image", &text)),
            (Some(text), false) => {
                self.leave("image", image, "follows a variable by more than its tag", ledger);
                Some(Line::text("image", &text))
            }
            (None, _) if is_needed => {
                self.refuse_program(image, "has an image that is none once its variables are filled in", ledger);
                None
            }
            (None, _) => {
                self.leave("image", image, "is none once its variables are filled in", ledger);
                None
            }
        }
    }

    fn refuse_program(&self, node: &Node<'_>, why: &str, ledger: &mut Ledger<'_>) {
        let message = format!("the service `{}` {why}", self.name);
        let help = "write `build: ./FOLDER` or `image: NAME:TAG`, with values for its variables in .env";
        ledger.fault(Code::NoProgram, &node.span, message, help);
    }

    fn build(&self, build: &Node<'_>, field: &str, ledger: &mut Ledger<'_>) -> Option<Raw> {
        const KEYS: [&str; 4] = ["context", "dockerfile", "target", "args"];
        let path = |text: &str| BuildContext::parse(&of_git(text)).ok();
        if nodes::text(build).is_some() {
            let context = path(&ledger.fixed(build, field)?)?;
            return Some(Raw::text(&placed(&context, ledger)));
        }
        let context = match nodes::child(build, "context") {
            Some(context) => path(&ledger.fixed(context, field)?)?,
            None => path(".")?,
        };
        let mut entries = vec![("context".to_owned(), Raw::text(&placed(&context, ledger)))];
        for key in ["dockerfile", "target"] {
            if let Some(value) = nodes::child(build, key) {
                entries.push((key.to_owned(), Raw::text(&ledger.fixed(value, field)?)));
            }
        }
        let mut args = Vec::new();
        for given in nodes::child(build, "args").map(environment::read).unwrap_or_default() {
            let value = argument(&given, field, ledger);
            if value.is_none() {
                let raw = vec![("args".to_owned(), Raw::Mapping(vec![(given.name.clone(), given.raw())]))];
                let why = format!("has the argument `{}`, which a profile can't say", given.name);
                ledger.leave(&self.entry.key, "build", Raw::Mapping(raw), &given.span, &why);
            }
            args.extend(value.map(|value| (given.name, Raw::text(&value))));
        }
        if !args.is_empty() {
            entries.push(("args".to_owned(), Raw::Mapping(args)));
        }
        for entry in nodes::entries(build).iter().filter(|entry| !KEYS.contains(&entry.key.as_ref())) {
            let raw = Raw::Mapping(vec![(entry.key.to_string(), Raw::of(&entry.value))]);
            let why = format!("has `{}`, which a profile can't say", entry.key);
            ledger.leave(&self.entry.key, "build", raw, &entry.key_span, &why);
        }
        match entries.as_slice() {
            [(_, context)] => Some(context.clone()),
            [] | [_, _, ..] => Some(Raw::Mapping(entries)),
        }
    }

    pub(super) fn command(&self, key: &str, field: &str, ledger: &mut Ledger<'_>) -> Option<Line> {
        let node = nodes::child(&self.entry.value, key)?;
        let at = format!("{field}.{key}");
        let raw = match nodes::text(node) {
            Some(_) => match self.understood(key, node, &at, ledger) {
                Ok(raw) => raw,
                Err(Unloadable) => return None,
            },
            None if nodes::is_list(node) => {
                let words: Option<Vec<_>> = nodes::items(node).iter().map(|word| ledger.fixed(word, &at)).collect();
                words.map(|words| Raw::words(words.iter().map(String::as_str)))
            }
            None => None,
        };
        if raw.is_none() {
            self.leave(key, node, "refers to a secret, or to what is not set", ledger);
        }
        raw.map(|raw| Line::short(key, raw))
    }

    /// What Compose makes of a text; the text itself where a profile splits it alike.
    fn understood(
        &self,
        key: &str,
        node: &Node<'_>,
        at: &str,
        ledger: &mut Ledger<'_>,
    ) -> Result<Option<Raw>, Unloadable> {
        let Some(line) = ledger.fixed(node, at) else { return Ok(None) };
        let Some(Understood { words, dropped }) = compose::split(&line) else {
            let message =
                format!("Compose does not load `{key}` of `{}`: it can't split the text into words", self.name);
            let help = "close quotes and parentheses, or write a list of words, and import again";
            ledger.fault(Code::ShellSyntax, &node.span, message, help);
            return Err(Unloadable);
        };
        if let Some(dropped) = dropped {
            let operator = dropped.get(..1).unwrap_or_default();
            let message = format!("Compose drops `{key}` of `{}` from `{operator}` on", self.name);
            let help = "it stays so; for a shell write `[sh, -c, \"TEXT\"]` in the profile";
            ledger.note(Some(&node.span), message, help);
        }
        let same = split(&line).is_ok_and(|split| split.words == words && split.unexpanded.is_none());
        Ok(Some(if same { Raw::text(&line) } else { Raw::words(words.iter().map(String::as_str)) }))
    }

    pub(super) fn word(&self, key: &str, field: &str, ledger: &mut Ledger<'_>) -> Option<Line> {
        let node = nodes::child(&self.entry.value, key)?;
        let text = ledger.fixed(node, &format!("{field}.{key}"));
        if text.is_none() {
            self.leave(key, node, "refers to what is not set", ledger);
        }
        text.map(|text| Line::text(key, &text))
    }

    /// A text that the field of the same name takes.
    pub(super) fn taken(&self, key: &str, is_taken: Takes, field: &str, ledger: &mut Ledger<'_>) -> Option<Line> {
        let node = nodes::child(&self.entry.value, key)?;
        let text = ledger.fixed(node, &format!("{field}.{key}")).filter(|text| is_taken(text));
        if text.is_none() {
            self.leave(key, node, "is none that a profile can say", ledger);
        }
        text.map(|text| Line::text(key, &text))
    }
}

/// An image whose tag follows a variable, as a profile says it: with the default that it has, or with today's value.
fn following(template: &Template, ledger: &Ledger<'_>) -> Option<String> {
    let mut text = String::new();
    let mut follows = false;
    for part in template.parts() {
        let reference = match part {
            Part::Text(part) => {
                text.push_str(part);
                continue;
            }
            Part::Reference(reference) => reference,
        };
        let name = reference.name.as_str();
        let default = match &reference.otherwise {
            Otherwise::Default { text, .. } => text.literal(),
            Otherwise::Empty | Otherwise::Required { .. } => ledger.variables.value(name),
            Otherwise::Alternative { .. } => None,
        };
        if ledger.is_secret(name) || std::mem::replace(&mut follows, true) {
            return None;
        }
        text.extend(["${", name, ":-", default?, "}"]);
    }
    let is_one = ServiceImage::parse(&text).is_ok_and(|image| image.follows().is_some());
    is_one.then_some(text)
}

fn argument(given: &Given, field: &str, ledger: &mut Ledger<'_>) -> Option<String> {
    VariableName::parse(&given.name).ok()?;
    match &given.value {
        GivenValue::Text(text) => ledger.fixed_text(text, field),
        GivenValue::Passed | GivenValue::Odd(_) => None,
    }
}

/// The address of a repository that Compose takes without its scheme.
fn of_git(text: &str) -> String {
    if text.starts_with("github.com/") { format!("https://{text}") } else { text.to_owned() }
}

/// A context as the profile writes it.
fn placed(context: &BuildContext, ledger: &Ledger<'_>) -> String {
    let Some(path) = context.folder() else { return context.to_string() };
    let path = ledger.placement.from_out(path);
    if path == "./" { ".".to_owned() } else { path }
}
