//! Knows the straight line of `upgrade`: what must be true before a server is copied to another one. Must not know how
//! that is done.

use std::ffi::OsString;

use clap::Args;

use super::generate::drift;
use super::target::{Target, first_line, select};
use super::world::World;
use crate::change::ChangeSet;
use crate::cli::TargetArgs;
use crate::command::print::print_note;
use crate::deployment::Container;
use crate::outcome::{Exit, Failure};
use crate::spelling;
use crate::target::compose::{self, Standing};
use crate::target::{Client, Danger, DangerKind};
use crate::upgrade::{Direction, Order, become_it};
use crate::value::{ImageReference, TextValue as _};

/// What stands below its options.
const HELP: &str = "\
Examples:
  codelab-gen upgrade --to 18              copy to PostgreSQL 18, which the profile's image is
  codelab-gen upgrade --back               mount the volume of before, which the profile names again";

/// Copies all that PostgreSQL holds to another version on another volume, and goes back from there
///
/// The profile names the new image and a new volume for postgres; what is in the output folder is the old side. All
/// databases and roles are copied to a new server beside the old one and compared; only then the files are written, and
/// everything starts on the new one. Services are stopped while rows are copied. The old volume stays as it is. If it fails,
/// what was stopped is started again; if it is killed, run it again.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct UpgradeArgs {
    /// The major version, which the profile's image has as well
    #[arg(long, value_name = "MAJOR", required_unless_present = "back", conflicts_with = "back")]
    to: Option<u16>,
    /// Mounts the volume of before again, without what was written since
    #[arg(long)]
    back: bool,
    /// Makes no backup before
    #[arg(long)]
    without_backup: bool,
    /// Copies as the superuser, with what only he may make: what is in the databases runs with his rights
    #[arg(long, conflicts_with = "back")]
    as_superuser: bool,
    /// Takes well-known and short secrets in staging and production as well, as for generating
    #[arg(long)]
    allow_weak_secrets: bool,
    /// Which deployment, as for generating; without it the one that the outputs record.
    #[command(flatten)]
    target: TargetArgs,
}

/// Becomes the program that does it.
pub(super) fn upgrade(args: &UpgradeArgs, world: &World) -> Result<Exit, Failure> {
    let selection = select(&args.target, true, world)?;
    print_note(&first_line(&selection));
    let target = Target::resolve(selection, &args.target, world)?;
    let container = server(&target)?;
    let existing = target.existing(target.opened()?.as_ref())?;
    let wanted = container.major.get();
    if let Some(to) = args.to.filter(|to| i128::from(*to) != i128::from(wanted)) {
        return Err(Failure::Usage {
            message: format!("`--to {to}`, and the profile's image is `{}`, PostgreSQL {wanted}", container.image),
            help: "write the image of that version as `image` of `postgres` into the profile".to_owned(),
        });
    }
    let folder = spelling::path(&target.folder);
    let stands = existing.standing().and_then(|standing| {
        let image = standing.server()?.image.clone()?;
        Some((image, standing.volume_of_server()?.to_owned()))
    });
    let Some((old_image, old_volume)) = stands.filter(|_| existing.get(&compose::DATABASES).is_some()) else {
        return Err(Failure::outside(
            format!("there is no deployment of codelab-gen with a server and a named volume in `{folder}`"),
            "generate it with the image of now first, and start it",
        ));
    };
    let volume = container.volume.volume().ok_or_else(|| {
        Failure::outside(
            format!("`postgres.volume` is the folder `{}`, and an upgrade makes a named volume", container.volume),
            format!("write a name, such as `volume: postgres-data-{wanted}`, for `postgres` into the profile"),
        )
    })?;
    let changes = drift(&target, &existing)?;
    hold_clean(&changes, &folder)?;
    let direction = direction(args, container, volume.as_str(), (&old_image, &old_volume))?;
    let Some(text) = changes.compose_text() else {
        return Err(Failure::Internal { message: "there is no new docker-compose.yml".to_owned() });
    };
    hold_backups(existing.standing(), text)?;
    let yes = |given: bool| if given { "yes" } else { "" }.to_owned();
    let variables = vec![
        ("UPGRADE_MAJOR", wanted.to_string()),
        ("UPGRADE_IMAGE", container.image.to_string()),
        ("UPGRADE_VOLUME", volume.to_string()),
        ("UPGRADE_OLD_VOLUME", old_volume),
        ("UPGRADE_OLD_IMAGE", old_image),
        ("UPGRADE_DATA_FOLDER", container.data_folder().to_owned()),
        ("UPGRADE_WITHOUT_BACKUP", yes(args.without_backup)),
        ("UPGRADE_AS_SUPERUSER", yes(args.as_superuser)),
    ];
    let generate = generate(&args.target, args.allow_weak_secrets)?;
    let error = become_it(&Order { direction, folder: &target.folder, compose: text, variables, generate });
    Err(Failure::outside(
        format!("the upgrade can't be started: {error}"),
        "bash and a folder for temporary files are needed",
    ))
}

/// The server that a container runs.
fn server(target: &Target) -> Result<&Container, Failure> {
    let on = target.deployment.target;
    let help = match on.client() {
        Client::Docker => None,
        Client::Swarm => Some(
            "`scripts/db/backup.sh`, another `postgres.volume` beside the new image, `scripts/deploy.sh`, and \
             `scripts/db/restore.sh`",
        ),
        Client::Kubectl => Some(
            "with CloudNativePG a new major version as `image` is all: its operator upgrades by itself; for a single \
             server `scripts/db/backup.sh`, another `postgres.volume`, and `scripts/db/restore.sh`",
        ),
    };
    if let Some(help) = help {
        let message = format!("`upgrade` copies servers of Docker Compose, and this profile has `target: {on}`");
        return Err(Failure::Usage { message, help: help.to_owned() });
    }
    target.deployment.contained_server().map(|(_, container)| container).ok_or_else(|| Failure::Usage {
        message: "this deployment has no server in a container".to_owned(),
        help: "who runs the server upgrades it".to_owned(),
    })
}

/// Whether nothing else is changed than the server's image and volume.
fn hold_clean(changes: &ChangeSet, folder: &str) -> Result<(), Failure> {
    if !changes.refusals().is_empty() {
        return Err(Failure::outside(
            format!("files in `{folder}` were edited, or are not codelab-gen's"),
            "`codelab-gen --diff` shows them; bring them in line first, with the image of now",
        ));
    }
    match changes.dangers.iter().find(|danger| !is_of_server(danger)) {
        Some(danger) => Err(Failure::outside(
            format!("the profile would do more than an upgrade: {}", danger.message),
            "make that change by a run of its own, before or behind it",
        )),
        None => Ok(()),
    }
}

/// Whether the backups of the section `backups` find a place of their own: those of one server go on with no other one.
fn hold_backups(standing: Option<&Standing>, text: &str) -> Result<(), Failure> {
    let next = Standing::read(text);
    let destination = next.as_ref().and_then(Standing::destination_of_backups);
    let before = standing.and_then(Standing::destination_of_backups);
    match destination.filter(|next| before.as_ref() == Some(next)) {
        Some(destination) => Err(Failure::outside(
            format!("the backups in `{destination}` are of another server, and the new one can't go on with them"),
            "name a place of its own for each server as `to` of `backups`; what is in the other one stays",
        )),
        None => Ok(()),
    }
}

/// Whether an upgrade takes care of it.
fn is_of_server(danger: &Danger) -> bool {
    match danger.kind {
        DangerKind::Major | DangerKind::Flavour => true,
        DangerKind::Volume => danger.message.starts_with("`postgres` would mount "),
        DangerKind::Target | DangerKind::Engine | DangerKind::Project => false,
    }
}

/// Which way it goes, by what stands and what the profile says.
fn direction(
    args: &UpgradeArgs,
    container: &Container,
    volume: &str,
    (old_image, old_volume): (&str, &str),
) -> Result<Direction, Failure> {
    let wanted = container.major.get();
    let major = ImageReference::parse(old_image).ok().and_then(|image| image.postgres_major());
    if volume != old_volume {
        return Ok(if args.back { Direction::Back } else { Direction::To });
    }
    if !args.back && major == Some(i128::from(wanted)) {
        return Ok(Direction::Start);
    }
    Err(if args.back {
        Failure::outside(
            format!("the profile names the volume `{volume}`, which is the one of now"),
            "write the image and the volume of before for `postgres` into the profile",
        )
    } else {
        Failure::outside(
            format!(
                "the new server needs a volume of its own, and the profile names `{volume}`, which the old one has"
            ),
            format!(
                "write `volume: {volume}-{wanted}` for `postgres` into the profile, beside `image`, and run this again"
            ),
        )
    })
}

/// What writes the files, from the folder that this was called in.
fn generate(args: &TargetArgs, allow_weak_secrets: bool) -> Result<Vec<OsString>, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::outside(format!("this program can't find itself: {error}"), "call it by its path"))?;
    if args.profile.as_deref() == Some("-") {
        return Err(Failure::Usage {
            message: "an upgrade reads its profile twice, and standard input can be read once".to_owned(),
            help: "write the profile to a file".to_owned(),
        });
    }
    let mut command = vec![program.into_os_string()];
    for kind in ["major", "flavour", "volume"] {
        command.extend(["--accept".into(), kind.into()]);
    }
    if allow_weak_secrets {
        command.push("--allow-weak-secrets".into());
    }
    if let Some(profile) = &args.profile {
        command.extend(["--profile".into(), profile.into()]);
    }
    if let Some(out) = &args.out {
        command.extend(["--out".into(), out.into()]);
    }
    command.extend(args.settings.iter().flat_map(|setting| ["--set".into(), setting.into()]));
    Ok(command)
}
