//! Knows changes that keep the data where it is, and of which its users would notice nothing before it is late.
//! Must not know what parts a deployment from its data, nor how this is told.

use super::standing::Standing;
use crate::deployment::{Container, INITDB_ARGS};
use crate::interpolation::Template;
use crate::value::{ImageReference, TextValue as _};

/// What is told, and what to do.
type Told = (String, String);

/// What is to be told of the server that stood there, where one of this container takes its volume.
#[must_use]
pub fn unnoticed(standing: &Standing, container: &Container) -> Vec<Told> {
    [other_system(standing, container), made_otherwise(standing, container)].into_iter().flatten().collect()
}

/// The image that stands there.
pub(super) fn standing_image(standing: &Standing) -> Option<ImageReference> {
    let image = standing.server()?.image.as_deref().and_then(Template::parse)?.filled(&|_| None);
    ImageReference::parse(&image).ok()
}

/// Another image under a tag that names no system may have brought one.
fn other_system(standing: &Standing, container: &Container) -> Option<Told> {
    let (stands, wanted) = (standing_image(standing)?, &container.image);
    let is_same_major = stands.postgres_major() == wanted.postgres_major();
    let is_open = stands.flavour() == wanted.flavour() && wanted.flavour() == ("postgres", "");
    (stands != *wanted && is_open && is_same_major).then(|| {
        let message =
            format!("`{wanted}` may be of another system than `{stands}`, by which texts sort differently: no tag names it");
        let help = "once it runs, `codelab-gen doctor` reports whether it is, and `scripts/db/reindex.sh` makes the indexes anew";
        (message, help.to_owned())
    })
}

/// What `initdb` was given counts for the volume that it made.
fn made_otherwise(standing: &Standing, container: &Container) -> Option<Told> {
    let environment = &standing.server()?.environment;
    let made = environment.iter().find(|(name, _)| name == INITDB_ARGS).map(|(_, value)| value.as_str());
    let wanted = container.initdb_arguments();
    (made != wanted.as_deref()).then(|| {
        let (kind, volume) = (container.volume.kind(), &container.volume);
        let made = made.map_or_else(|| "as the image makes it".to_owned(), |made| format!("with `{made}`"));
        let message = format!(
            "the {kind} `{volume}` was made {made} and stays so: what `initdb` and `local_auth` say holds for a new one"
        );
        let help = "to have it: `scripts/db/backup.sh`, another `postgres.volume` with `--accept volume`, the command that is \
                    printed then, and `scripts/db/restore.sh BACKUP`";
        (message, help.to_owned())
    })
}
