//! Knows how a service, a secret or a volume gets another name in every profile that means it. Must not know the grammar of names.

use gen_lsp_types::{
    OptionalVersionedTextDocumentIdentifier, Position, TextDocumentEdit, TextDocumentIdentifier, TextEdit,
    WorkspaceEdit,
};

use super::refusal::Refusal;
use super::symbol::{Symbol, mentions, relatives};
use super::view::View;
use crate::value::{EnvironmentKey, Mismatch, ServiceName, TextValue as _, VolumeName};
use crate::yaml::as_needed;

/// The range and the name that can be changed at a place.
pub(super) fn prepare(view: &View<'_>, position: Position) -> Option<(gen_lsp_types::Range, String)> {
    let mention = view.mention(position)?;
    Some((view.document.text.range(&mention.span), mention.symbol.name().to_owned()))
}

/// Gives another name; refused where it is no name, or something has it.
pub(super) fn rename(view: &View<'_>, position: Position, name: &str) -> Result<WorkspaceEdit, Refusal> {
    let symbol = view.mention(position).map(|mention| mention.symbol);
    let symbol =
        symbol.ok_or_else(|| Refusal::new("only services, secrets and volumes have a name that can be changed"))?;
    let checked = match &symbol {
        Symbol::Service(_) => ServiceName::parse(name).map(drop),
        Symbol::Secret(_) => EnvironmentKey::parse(name).map(drop),
        Symbol::Volume(_) => VolumeName::parse(name).map(drop),
    };
    checked.map_err(|Mismatch { expected, help }| Refusal::new(format!("expected {expected}; {help}")))?;
    if is_ours(&symbol, name) {
        return Err(Refusal::new(format!("`{name}` is a name of codelab-gen's own")));
    }
    let families = view.families();
    let found = relatives(&symbol, &view.document.identity, &families);
    let renamed = symbol.renamed(name);
    for family in &families {
        if !family.iter().any(|layer| layer.identity().is_some_and(|identity| found.contains_key(&identity))) {
            continue;
        }
        for layer in family {
            let mentions = mentions(layer);
            if mentions.iter().any(|mention| mention.symbol == renamed) {
                return Err(Refusal::new(format!("`{name}` is a name in {} already", layer.source.name)));
            }
            if layer.path().is_none() && mentions.iter().any(|mention| mention.symbol == symbol) {
                let base = &layer.source.name;
                return Err(Refusal::new(format!("`{}` is a name of the built-in {base}", symbol.name())));
            }
        }
    }
    let whole = as_needed(name);
    let edits = found.iter().map(|(identity, (layer, mentions))| {
        let (uri, text) = view.file(identity, layer);
        let edits = mentions.iter().map(|mention| {
            let written = if mention.is_part { name } else { &whole };
            TextEdit { range: text.range(&mention.span), new_text: written.to_owned() }.into()
        });
        let text_document = OptionalVersionedTextDocumentIdentifier {
            version: view.version(identity),
            text_document_identifier: TextDocumentIdentifier { uri },
        };
        TextDocumentEdit { text_document, edits: edits.collect() }.into()
    });
    Ok(WorkspaceEdit { document_changes: Some(edits.collect()), ..WorkspaceEdit::default() })
}

/// Whether it is the name of something that codelab-gen adds, be it there or not: a service would get a key that is not its own.
fn is_ours(symbol: &Symbol, name: &str) -> bool {
    match symbol {
        Symbol::Service(_) => {
            let ours = [ServiceName::postgres(), ServiceName::postgres_ensure(), ServiceName::postgres_backup()];
            ours.iter().any(|own| own.as_str() == name)
        }
        Symbol::Secret(_) => {
            let ours = [EnvironmentKey::postgres_password(), EnvironmentKey::backup_key()];
            ours.iter().any(|own| own.as_str() == name)
        }
        Symbol::Volume(_) => {
            let ours = [VolumeName::postgres_data(), VolumeName::postgres_socket(), VolumeName::backup_work()];
            ours.iter().any(|own| own.as_str() == name)
        }
    }
}
