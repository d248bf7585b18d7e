//! Knows where a name is described and used, and what a base says of a field. Must not know how names are changed.

use gen_lsp_types::{Location, Position};

use super::outline::Part;
use super::project::Layer;
use super::symbol::{mentions, relatives};
use super::view::View;

/// Where something is described: what is extended, a service, a secret, or the field in the next layer below.
pub(super) fn definition(view: &View<'_>, position: Position) -> Vec<Location> {
    let Some(spot) = view.spot(position) else { return Vec::new() };
    if spot.names() == ["extends"] {
        let base = view.layers.get(1).and_then(|base| view.location(base, &(0..0)));
        return base.into_iter().collect();
    }
    if let Some(mention) = view.mention(position) {
        let found = view.layers.iter().flat_map(|layer| {
            let described = mentions(layer).into_iter();
            let described = described.filter(|found| found.symbol == mention.symbol && found.is_description);
            described.filter_map(|found| view.location(layer, &found.span)).collect::<Vec<_>>()
        });
        let here = view.document.text.range(&mention.span);
        let found: Vec<_> = found.collect();
        let elsewhere = |location: &&Location| location.uri != view.document.uri || location.range != here;
        let others: Vec<_> = found.iter().filter(elsewhere).cloned().collect();
        return if others.is_empty() { found } else { others };
    }
    let below = view.writing(&spot.steps).find(|(index, ..)| *index > 0);
    let place = below.and_then(|(_, layer, part)| {
        let span = match part {
            Part::Key(entry) => &entry.key_span,
            Part::Value(node) => &node.span,
        };
        view.location(layer, span)
    });
    place.into_iter().collect()
}

/// Where a name is used; of a place that is no name, which profiles extend this one.
pub(super) fn references(view: &View<'_>, position: Position, with_descriptions: bool) -> Vec<Location> {
    let Some(spot) = view.spot(position) else { return Vec::new() };
    let families = view.families();
    if let Some(mention) = view.mention(position) {
        let found = relatives(&mention.symbol, &view.document.identity, &families);
        return found
            .values()
            .flat_map(|(layer, mentions)| {
                let wanted = mentions.iter().filter(|mention| with_descriptions || !mention.is_description);
                wanted.filter_map(|mention| view.location(layer, &mention.span)).collect::<Vec<_>>()
            })
            .collect();
    }
    // on `extends`: who extends the same; on other fields at the top: who extends this one
    let meant = if spot.names() == ["extends"] { view.layers.get(1) } else { view.own() };
    let Some(meant) = meant.filter(|_| spot.steps.len() == 1).and_then(Layer::identity) else {
        return Vec::new();
    };
    let extending = families.iter().filter_map(|family| {
        let base = family.get(1).filter(|base| base.identity().as_ref() == Some(&meant));
        let layer = family.first().filter(|_| base.is_some())?;
        view.location(layer, &layer.shape.entry("extends")?.value.span)
    });
    extending.collect()
}
