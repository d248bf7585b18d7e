//! Knows which changes would part a deployment from its data, by comparing what stands with what is wanted.
//! Must not know how that is told, nor whether somebody accepted it.

use super::super::danger::{Danger, DangerKind};
use super::before::{After, Before};
use super::standing::{StandingMount, StandingService};
use super::switch::EngineSwitch;
use crate::deployment::{Container, Deployment, External, Host, POSTGRES_USER, Service};
use crate::disk::normalized;
use crate::interpolation::Template;
use crate::spelling::shell_word;
use crate::value::{Choice as _, ImageReference, MountSource, TextValue as _};

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
    dangers.extend(engine_danger(before, after, switches));
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

/// Only where another profile does it: what the same profile says was meant.
fn engine_danger(before: &Before<'_>, after: After<'_>, switches: &[EngineSwitch]) -> Option<Danger> {
    let mark = before.mark.filter(|mark| mark.stage.is_some_and(crate::value::Stage::is_strict))?;
    let is_same_profile = mark.profile == after.placement.profile && mark.settings == after.placement.settings;
    let switches: Vec<_> = switches.iter().filter(|switch| switch.from != switch.to).collect();
    let switch = switches.first().filter(|_| !is_same_profile)?;
    let stage = mark.stage?.as_str();
    let names: Vec<_> = switches.iter().map(|switch| format!("`{}`", switch.service)).collect();
    let others = switches.iter().skip(1).map(|other| format!(", that of `{}` {}", other.service, other.stays));
    let others: Vec<_> = others.collect();
    let settings: Vec<_> = mark.settings.iter().map(|setting| format!(" --set {}", shell_word(setting))).collect();
    let with = if settings.is_empty() { String::new() } else { format!(" with `{}`", settings.concat().trim()) };
    Some(Danger {
        kind: DangerKind::Engine,
        message: format!(
            "this folder is a {stage} deployment of another profile, and {} would start on an empty {} database",
            names.join(" and "),
            switch.to.as_str(),
        ),
        steps: format!(
            "leave `--profile` out{with}, then the profile `{}` is taken that docker-compose.yml records; or choose \
             another folder with `--out`; its data stays {}{}",
            mark.profile,
            switch.stays,
            others.concat()
        ),
    })
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
    (!is_same(&mounted, volume.source(), before, after)).then(|| Danger {
        kind: DangerKind::Volume,
        message: format!(
            "`postgres` would mount the {} `{volume}` instead of `{}`, and start on an empty one",
            volume.kind(),
            mounted.source
        ),
        steps: format!(
            "keep it: `postgres.volume: {}` in the profile; or dump the old server first and restore into the new one",
            mounted.source
        ),
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
    let wanted = &container.image;
    let mut dangers = Vec::new();
    dangers.extend(role_danger(service, deployment));
    let major = i128::from(container.major.get());
    if let Some(standing) = stands.postgres_major().filter(|standing| *standing != major) {
        let user = deployment.server.as_ref().map_or("postgres", |server| server.user.as_str());
        dangers.push(Danger {
            kind: DangerKind::Major,
            message: format!("PostgreSQL {major} does not start on the data of PostgreSQL {standing}"),
            steps: format!(
                "dump the old server (`docker compose exec -T {} pg_dumpall -U {user} >all.sql`), give the new one \
                 another `postgres.volume`, and restore there",
                shell_word(&service.name)
            ),
        });
    }
    if stands.flavour() != wanted.flavour() {
        dangers.push(Danger {
            kind: DangerKind::Flavour,
            message: format!(
                "`{wanted}` instead of `{stands}`: another system may sort texts differently, and indexes then miss rows"
            ),
            steps: "keep the system in the tag; or after the change, in each database, `REINDEX DATABASE` and `ALTER \
                    DATABASE … REFRESH COLLATION VERSION`"
                .to_owned(),
        });
    }
    dangers
}

/// A server that the volume's data was not made for: it knows no role of this name.
fn role_danger(service: &StandingService, deployment: &Deployment) -> Option<Danger> {
    let (_, stands) = service.environment.iter().find(|(name, _)| name == POSTGRES_USER)?;
    let wanted = &deployment.server.as_ref()?.user;
    (stands != wanted.as_str() && !stands.contains('$')).then(|| Danger {
        kind: DangerKind::Volume,
        message: format!("the data of `{}` was made with the role `{stands}`, and has no role `{wanted}`", service.name),
        steps: format!(
            "keep `postgres.user: {stands}`, or make the role first (`CREATE ROLE {wanted} SUPERUSER LOGIN` in the server)"
        ),
    })
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
            "move the databases first: dump them from `{}` while it still runs, and restore them there",
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
    use crate::target::compose::Standing;

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
