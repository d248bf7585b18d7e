//! Knows what of an output folder a target looks at, to say what a change means for the data there.
//! Must not know what it says.

use std::path::Path;

use super::{Change, Existing};
use crate::render::{Mark, examine};
use crate::spelling::raw_path;
use crate::target::compose::{self, After};
use crate::target::{Compared, Stands};

/// What a change means for the data of what stands there.
pub(super) fn compare(after: After<'_>, existing: &Existing, changes: &[Change]) -> Compared {
    let target = after.deployment.target;
    let mark: Option<Mark> = existing.get(&compose::FILE).and_then(|file| examine(&file.text, &compose::FILE));
    let dotenv = existing.dotenv();
    let (values, own_values) = (dotenv.all_values(), dotenv.users_values());
    let value = |key: &str| values.get(key).cloned();
    let compose = existing.standing().map(|standing| compose::Before {
        standing,
        file: "docker-compose.yml",
        mark: mark.as_ref(),
        folder_project: project_of(after.folder),
        has_project_override: own_values.get("COMPOSE_PROJECT_NAME").is_none_or(|name| !name.is_empty())
            && dotenv.users_keys().iter().any(|key| key == "COMPOSE_PROJECT_NAME"),
        volumes_beside: existing.volumes_beside(),
        value: &value,
    });
    let unreadable = if compose.is_none() { existing.compose_file() } else { None };
    let files = existing.standing_outputs().map(|(output, file)| (output, file.text.as_str())).collect();
    let next = changes.iter().filter_map(|change| Some((&change.output, change.text()?))).collect();
    let stands = Stands { compose, unreadable, files, next, value: &value };
    let mut compared = target.compare(&stands, after);
    let other = existing.target(target).filter(|other| *other != target);
    compared.dangers.extend(other.map(|other| other.leaving(target, &stands)));
    compared
}

/// The name that Compose gives a project after its folder
/// (<https://docs.docker.com/compose/how-tos/project-name/>).
fn project_of(folder: &Path) -> String {
    let name = raw_path(folder.file_name().unwrap_or_default()).to_lowercase();
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    name.trim_start_matches(['_', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_named_after_its_folder_as_compose_does_it() {
        for (folder, name) in [
            ("/srv/shop", "shop"),
            ("/srv/My Shop.2", "myshop2"),
            ("/srv/_-shop_-", "shop_-"),
            ("/srv/Ä-shop", "shop"),
            ("/srv/...", ""),
            ("/", ""),
        ] {
            assert_eq!(project_of(Path::new(folder)), name);
        }
    }
}
