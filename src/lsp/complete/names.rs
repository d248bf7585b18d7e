//! Knows which names of a project, an image or a server may stand at a place. Must not know what else may.

use std::path::Path;

use gen_lsp_types::CompletionItemKind;

use super::offer::Offer;
use crate::lsp::outline::Step;
use crate::lsp::symbol::{Symbol, below_service, described, mentions};
use crate::lsp::view::View;
use crate::postgres::{
    Extension, Kind, Setting, extensions, known_image, major_of_tag, newest, setting, setting_names,
};
use crate::source::{BUILTIN_PREFIX, Catalogue};
use crate::value::{ImageReference, PostgresMajor, TextValue as _};

/// The names that may stand at a place: as keys of the mapping there, else as the value.
pub(super) fn names(view: &View<'_>, way: &[Step], are_keys: bool) -> Vec<Offer> {
    let steps = crate::lsp::outline::names(way);
    let steps: Vec<_> = steps.iter().map(String::as_str).collect();
    let offers = |names: Vec<String>, detail: &str| {
        let offer = |name: String| Offer::new(name, CompletionItemKind::Reference).detailed(detail.to_owned());
        names.into_iter().map(offer).collect::<Vec<_>>()
    };
    match steps.as_slice() {
        ["extends"] if !are_keys => profiles(view),
        ["services"] if are_keys => offers(described(&view.layers, "services"), "a service"),
        ["services", name, "depends_on", ..] if steps.len() <= 4 => {
            let mut names = described(&view.layers, "services");
            names.retain(|known| known != name);
            offers(names, "a service")
        }
        ["secrets"] if are_keys => offers(used_secrets(view), "a secret that is used"),
        ["services", _, "environment", _, "secret"] | ["postgres", "environment", _, "secret"] => {
            offers(described(&view.layers, "secrets"), "a secret")
        }
        ["volumes"] if are_keys => offers(volumes(view), "a volume that is mounted"),
        ["services", _, "data"] | ["services", _, "volumes", _] if !are_keys => {
            let mounted = |name: String| format!("{name}:/");
            offers(described(&view.layers, "volumes").into_iter().map(mounted).collect(), "a volume")
        }
        ["services", name, "environment", _, "of"] if !are_keys => {
            offers(below_service(&view.layers, name, "databases"), "a further database of the service")
        }
        ["services", _, "database", "postgres", "extensions", _]
        | ["services", _, "databases", _, "postgres", "extensions", _]
            if !are_keys =>
        {
            of_image(view)
        }
        ["postgres", "settings"] if are_keys => of_server(view),
        _ => Vec::new(),
    }
}

/// What a setting of the server may hold.
pub(super) fn settings(view: &View<'_>, way: &[Step]) -> Vec<Offer> {
    let steps = crate::lsp::outline::names(way);
    let ["postgres", "settings", name] = steps.iter().map(String::as_str).collect::<Vec<_>>()[..] else {
        return Vec::new();
    };
    let Some(found) = major(view).and_then(|major| setting(major, name)) else { return Vec::new() };
    let words: Vec<&str> = if found.kind == Kind::Switch { vec!["on", "off"] } else { found.words.clone() };
    let word = |word: &str| Offer::new(word, CompletionItemKind::EnumMember);
    let unit =
        |unit: &&'static str| Offer::new(format!("1{unit}"), CompletionItemKind::Unit).detailed(found.shown_range());
    let units = found.unit.map(|_| found.units()).unwrap_or_default();
    words.into_iter().map(word).chain(units.iter().map(unit)).collect()
}

fn profiles(view: &View<'_>) -> Vec<Offer> {
    let own = &view.document.path;
    let folder = own.parent().unwrap_or(Path::new("/"));
    let files = view.catalogue.as_ref().map(Catalogue::files).unwrap_or_default();
    let beside = files.iter().filter(|file| *file != own).filter_map(|file| {
        let name = file.strip_prefix(folder).ok()?.to_str()?;
        Some(Offer::new(format!("./{name}"), CompletionItemKind::File).detailed("a profile of the project".to_owned()))
    });
    let built_in = Catalogue::builtin_names().map(|name| {
        let name = format!("{BUILTIN_PREFIX}{name}");
        Offer::new(name, CompletionItemKind::File).detailed("built in".to_owned()).ranked(2)
    });
    beside.chain(built_in).collect()
}

/// Secrets that are used, whether or not they are described.
fn used_secrets(view: &View<'_>) -> Vec<String> {
    let mut names = described(&view.layers, "secrets");
    for mention in view.layers.iter().flat_map(mentions) {
        if let Symbol::Secret(name) = mention.symbol
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// The named volumes that services mount.
fn volumes(view: &View<'_>) -> Vec<String> {
    let mut names = described(&view.layers, "volumes");
    let services = view.layers.iter().filter_map(|layer| layer.shape.entry("services"));
    for service in services.flat_map(|services| services.value.entries()) {
        let data = service.value.entry("data").map(|data| &data.value);
        let more = service.value.entry("volumes").map(|more| more.value.items()).unwrap_or_default();
        for mount in data.into_iter().chain(more).filter_map(|mount| mount.text()) {
            let name = mount.split(':').next().unwrap_or_default();
            if !name.is_empty()
                && !name.contains('/')
                && !name.starts_with('.')
                && !names.iter().any(|known| known == name)
            {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// The extensions of the image first, and those that are had elsewhere.
fn of_image(view: &View<'_>) -> Vec<Offer> {
    let Some(major) = major(view) else { return Vec::new() };
    let image = image(view).and_then(|image| known_image(&image));
    let offer = |extension: Extension| {
        let has = image
            .as_ref()
            .map_or(Some(extension.is_official(major)), |image| image.has(extension.name, Some(&extension), major));
        let (detail, rank) = match has {
            Some(true) => ("the image carries it".to_owned(), 1),
            Some(false) | None => {
                (extension.image(major).map_or("the image has it not".to_owned(), |image| format!("in {image}")), 3)
            }
        };
        Offer::new(extension.name, CompletionItemKind::Module).detailed(detail).ranked(rank)
    };
    extensions().into_iter().map(offer).collect()
}

fn of_server(view: &View<'_>) -> Vec<Offer> {
    let Some(major) = major(view) else { return Vec::new() };
    let known = setting_names(major).into_iter().filter_map(|name| setting(major, name));
    known.map(|known| Offer::new(known.name, CompletionItemKind::Property).detailed(rule(&known))).collect()
}

fn rule(setting: &Setting) -> String {
    match setting.kind {
        Kind::Switch => "`on` or `off`".to_owned(),
        Kind::Word => format!("one of `{}`", setting.words.join("`, `")),
        Kind::Whole | Kind::Real => setting.shown_range(),
        Kind::Text => "a text".to_owned(),
    }
}

fn of_postgres(view: &View<'_>, key: &str) -> Option<String> {
    let text = |layer: &crate::lsp::project::Layer| layer.shape.at(&["postgres", key])?.text().map(str::to_owned);
    view.layers.iter().find_map(text)
}

fn image(view: &View<'_>) -> Option<ImageReference> {
    ImageReference::parse(&of_postgres(view, "image")?).ok()
}

/// The version of the server, as far as the layers say it; else the newest.
fn major(view: &View<'_>) -> Option<PostgresMajor> {
    let written = of_postgres(view, "version").and_then(|version| version.parse().ok());
    let of_tag = || {
        let image = image(view)?;
        image.postgres_major().or_else(|| major_of_tag(&image))
    };
    written.or_else(of_tag).and_then(PostgresMajor::new).or_else(newest)
}
