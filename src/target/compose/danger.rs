//! Knows which changes would part a deployment from its data, by comparing what stands with what is wanted.
//! Must not know how that is told, nor whether somebody accepted it.

use super::super::danger::{Danger, DangerKind};
use super::super::engine::engine_danger;
use super::before::{After, Before};
use super::standing::{Standing, StandingMount, StandingService};
use super::switch::EngineSwitch;
use super::unnoticed::standing_image;
use crate::deployment::{Container, Deployment, External, Host, POSTGRES_USER, SOCKET_FOLDER, Service};
use crate::disk::normalized;
use crate::interpolation::Template;
use crate::spelling::shell_word;
use crate::value::{ImageReference, MountSource, TextValue as _, UserId};

/// Every change that would part the deployment from its data.
pub(crate) fn dangers(before: &Before<'_>, after: After<'_>, switches: &[EngineSwitch]) -> Vec<Danger> {
    let wanted = after.deployment.contained_server().map(|(_, container)| container.volume.source());
    let holds_it = |service: &&StandingService| {
        let (data, wanted) = (service.data_of_server(), wanted);
        data.zip(wanted).is_some_and(|(data, wanted)| is_same(&data.filled(before.value), wanted, before, after))
    };
    // of several servers that whose data it is
    let server_before = before.standing.servers().find(holds_it).or_else(|| before.standing.server());
    let mut dangers = Vec::new();
    dangers.extend(engine_danger(before.mark, after.placement, switches, before.file));
    dangers.extend(project_danger(before, after));
    for service in &after.deployment.services {
        dangers.extend(volume_danger(service, before, after));
    }
    match (after.deployment.server.as_ref().map(|server| &server.host), server_before) {
        (Some(Host::Container(container)), Some(service)) => {
            match server_volume_danger(container, service, before, after) {
                // on another volume nothing of the old one is read
                Some(danger) => dangers.push(danger),
                None => dangers.extend(image_dangers(container, service, before, after.deployment)),
            }
        }
        (Some(Host::External(external)), Some(service)) => dangers.extend(server_leaves(external, service)),
        (None | Some(Host::Operated(_)), _) | (_, None) => {}
    }
    dangers
}

fn project_danger(before: &Before<'_>, after: After<'_>) -> Option<Danger> {
    let wanted = after.deployment.project.to_string();
    if before.has_project_override {
        return None;
    }
    let stands = before.project();
    if stands == wanted || stands.is_empty() || stands.contains('$') || before.standing.services.is_empty() {
        return None;
    }
    let volumes = if before.standing.has_named_volumes() { ", and its volumes would not be found" } else { "" };
    Some(Danger {
        kind: DangerKind::Project,
        message: format!(
            "the Compose project would be `{wanted}` instead of `{stands}`: the containers of `{stands}` keep running \
             beside it{volumes}"
        ),
        steps: format!(
            "keep the name: `project: {stands}` in the profile, or `COMPOSE_PROJECT_NAME={stands}` in .env outside of \
             the block; or stop the old project first (`docker compose -p {} down`)",
            shell_word(&stands)
        ),
    })
}

/// Where the data mount, or any named volume, becomes another one.
fn volume_danger(service: &Service, before: &Before<'_>, after: After<'_>) -> Option<Danger> {
    let standing = before.standing.service(service.name.as_str())?.mounted();
    service.mounts.iter().enumerate().find_map(|(index, mount)| {
        let mounted = &standing.get(mount.target.as_str().trim_end_matches('/'))?.filled(before.value);
        let is_data = index == 0 && service.has_data;
        if is_same(mounted, &mount.source, before, after) || !(is_data || mounted.is_volume()) {
            return None;
        }
        let source = after.placement.source(&mount.source);
        Some(Danger {
            kind: DangerKind::Volume,
            message: format!(
                "`{}` would mount `{source}` instead of `{}`, and not see the data there",
                service.name, mounted.source
            ),
            steps: format!("keep `{}` in the profile, or copy its content to the new place first", mounted.source),
        })
    })
}

/// Whether what is mounted now is what will be.
fn is_same(mounted: &StandingMount, source: &MountSource, before: &Before<'_>, after: After<'_>) -> bool {
    match source {
        MountSource::Volume(name) => same_volume(mounted, name.as_str(), before),
        MountSource::Bind(path) => {
            let place = |path: &str| normalized(&after.folder.join(path));
            !mounted.is_volume() && place(&mounted.source) == place(&after.placement.from_out(path))
        }
    }
}

/// A volume that says its real name itself is the same where Compose would make that name of the project's.
fn same_volume(mounted: &StandingMount, name: &str, before: &Before<'_>) -> bool {
    let fixed = before.standing.fixed_volumes.iter().find(|(key, _)| *key == mounted.source);
    let is_same_name = |fixed: &(String, String)| {
        let stays = mounted.source == name && before.volumes_beside.contains(fixed);
        stays || fixed.1 == format!("{}_{name}", before.project())
    };
    mounted.is_volume() && fixed.map_or(mounted.source == name, is_same_name)
}

fn server_volume_danger(
    container: &Container,
    service: &StandingService,
    before: &Before<'_>,
    after: After<'_>,
) -> Option<Danger> {
    let mounted = service.data_of_server()?.filled(before.value);
    let volume = &container.volume;
    let copied = match volume.volume() {
        Some(_) => format!(
            "`codelab-gen upgrade --to {}` copies all of it to the new volume; after an upgrade `codelab-gen upgrade --back` \
             mounts that of before",
            container.major
        ),
        None => "`scripts/db/backup.sh` first, and `scripts/db/restore.sh` on the new one".to_owned(),
    };
    (!is_same(&mounted, volume.source(), before, after)).then(|| Danger {
        kind: DangerKind::Volume,
        message: format!(
            "`postgres` would mount the {} `{volume}` instead of `{}`, and start on an empty one",
            volume.kind(),
            mounted.source
        ),
        steps: format!("keep it: `postgres.volume: {}` in the profile; or {copied}", mounted.source),
    })
}

/// Another image on the same data.
fn image_dangers(
    container: &Container,
    service: &StandingService,
    before: &Before<'_>,
    deployment: &Deployment,
) -> Vec<Danger> {
    let image = service.image.as_deref().and_then(Template::parse).map(|image| image.filled(before.value));
    let Some(stands) = image.and_then(|image| ImageReference::parse(&image).ok()) else { return Vec::new() };
    let mut dangers = Vec::new();
    dangers.extend(role_danger(service, deployment));
    let major = i128::from(container.major.get());
    if let Some(standing) = stands.postgres_major().filter(|standing| *standing != major) {
        let steps = if standing < major {
            format!(
                "write `volume: {}-{major}` for `postgres` into the profile, beside the image; then `codelab-gen upgrade --to \
                 {major}` copies all of it there, and the old volume stays",
                container.volume.volume().map_or("postgres-data", |volume| volume.as_str())
            )
        } else {
            format!(
                "keep PostgreSQL {standing}; after an upgrade write the volume of before into the profile, beside the image, \
                 and `codelab-gen upgrade --back` mounts it again"
            )
        };
        dangers.push(Danger {
            kind: DangerKind::Major,
            message: format!("PostgreSQL {major} does not start on the data of PostgreSQL {standing}"),
            steps,
        });
    }
    dangers.extend(flavour_danger(container, &stands));
    dangers
}

/// An image of another system, whose own user may be another one too: the server can't read the files of the former.
fn flavour_danger(container: &Container, stands: &ImageReference) -> Option<Danger> {
    let wanted = &container.image;
    if stands.flavour() == wanted.flavour() {
        return None;
    }
    let owner = new_owner(container, stands);
    let keep = if stands.leaves_system_open() || wanted.leaves_system_open() {
        format!(
            "only one of the tags names its system: where that of `{stands}` is the same, nothing more is to be done"
        )
    } else {
        "keep the system in the tag".to_owned()
    };
    let given_away = owner.map(|owner| {
        let before = stands.postgres_identity().map(|user| format!(" of {user}")).unwrap_or_default();
        format!("gives the files{before} to {owner}, as whom the new image runs, and ")
    });
    let steps = format!(
        "{keep}; or another `postgres.volume`, to which `codelab-gen upgrade --to {}` copies all of it; else the command that \
         is printed then {}makes all indexes anew: `{}{UP}`",
        container.major,
        given_away.unwrap_or_default(),
        before_start(container, owner),
    );
    Some(Danger::flavour(stands, wanted, steps))
}

/// What brings the deployment up.
const UP: &str = "docker compose up -d --wait";

/// What comes before that, where the system of the server's image changes: no service may meet indexes that are sorted
/// otherwise.
fn before_start(container: &Container, owner: Option<UserId>) -> String {
    let given_away = owner.map(|owner| format!("{} && ", give_away(container, owner))).unwrap_or_default();
    format!("docker compose stop && {given_away}{UP} postgres && scripts/db/reindex.sh --all && ")
}

/// The same for the changes of a run that were consented to.
pub(crate) fn around_start(dangers: &[Danger], deployment: &Deployment, standing: Option<&Standing>) -> Option<String> {
    let (_, container) = deployment.contained_server()?;
    let stands = standing_image(standing?)?;
    let is_new = dangers.iter().any(|danger| danger.kind == DangerKind::Flavour);
    is_new.then(|| before_start(container, new_owner(container, &stands)))
}

/// Who owns the server's files where its image changes, if that is somebody else. An image that starts as root gives them
/// away by itself.
fn new_owner(container: &Container, stands: &ImageReference) -> Option<UserId> {
    container.user.filter(|user| stands.postgres_identity() != Some(user.to_string().as_str()))
}

/// What gives the server's files to another user, while it stands still.
pub(crate) fn give_away(container: &Container, owner: impl std::fmt::Display) -> String {
    let folder = container.data_folder();
    format!(
        "docker compose run --rm --no-deps --user 0 --cap-add CHOWN --cap-add DAC_OVERRIDE --entrypoint chown postgres -R \
         {owner} {folder} {SOCKET_FOLDER}"
    )
}

/// A server that the volume's data was not made for: it knows no role of this name.
fn role_danger(service: &StandingService, deployment: &Deployment) -> Option<Danger> {
    let (_, stands) = service.environment.iter().find(|(name, _)| name == POSTGRES_USER)?;
    let wanted = &deployment.server.as_ref()?.user;
    (stands != wanted.as_str() && !stands.contains('$')).then(|| Danger::role(&service.name, stands, wanted.as_str()))
}

/// A server elsewhere in the place of one in a container.
fn server_leaves(external: &External, service: &StandingService) -> Option<Danger> {
    let mounted = service.data_of_server()?;
    Some(Danger {
        kind: DangerKind::Volume,
        message: format!(
            "the services would use the server on `{}`, and not see the data in the volume `{}`",
            external.host, mounted.source
        ),
        steps: format!(
            "move the databases: `scripts/db/backup.sh` while `{}` still runs, and `scripts/db/restore.sh` there",
            service.name
        ),
    })
}

/// A file that starts containers now, and that says more than can be read here.
pub(crate) fn unreadable(file: &str) -> Danger {
    Danger {
        kind: DangerKind::Volume,
        message: format!("`{file}` can't be read whole, so what data its services have is not known"),
        steps: "compare its volumes and its project's name with the profile by hand".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_the_same_by_its_real_name() {
        let compose =
            "name: shop\nservices: {}\nvolumes:\n  data: { name: shop_data }\n  other: { name: real }\n  plain: {}\n";
        let standing = Standing::read(compose).unwrap();
        let beside = ("other".to_owned(), "real".to_owned());
        for (mounted, wanted, is_beside, is_same) in [
            ("plain", "plain", false, true),
            ("plain", "data", false, false),
            ("data", "data", false, true),
            ("data", "other", false, false),
            ("data", "plain", false, false),
            ("other", "other", false, false),
            ("other", "other", true, true),
            ("other", "data", true, false),
            ("./plain", "./plain", false, false),
        ] {
            let before = Before {
                standing: &standing,
                file: "docker-compose.yml",
                mark: None,
                folder_project: String::new(),
                has_project_override: false,
                volumes_beside: is_beside.then(|| beside.clone()).into_iter().collect(),
                value: &|_| None,
            };
            let mount = StandingMount { source: mounted.to_owned(), target: "/data".to_owned() };
            assert_eq!(same_volume(&mount, wanted, &before), is_same, "{mounted} and {wanted}");
        }
    }
}
