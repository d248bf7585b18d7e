//! Knows what a deployment can run on, and what each of these has to answer: nothing else asks which one it is.
//! Must not know how any of them answers.

pub mod compose;
mod danger;
mod databases;
mod engine;
mod init_script;
mod inputs;
pub mod kubernetes;
mod program;
mod secret_file;
mod stands;

use std::collections::{HashMap, HashSet};

use self::compose::{After, Extras};
pub use self::danger::{Danger, DangerKind};
pub use self::inputs::{Asked, AskedVariable, Found, FoundFile, Ground, Inputs};
pub use self::secret_file::SecretFile;
pub(crate) use self::stands::{Compared, Stands};
use crate::deployment::{Container, Deployment, DotenvKeys, SECRET_FOLDER, Service, secret_file_path};
use crate::diagnostic::Diagnostic;
use crate::field::FieldPath;
use crate::profile::Profile;
use crate::render::{Output, RenderFault, RenderedFile};
pub use crate::value::Target;
use crate::value::{Choice as _, EnvironmentKey, ServiceName, StartCondition};

/// The program that knows what runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// `docker`: containers of one machine.
    Docker,
    /// `kubectl`: pods of a cluster.
    Kubectl,
}

impl Target {
    /// How people call it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Compose => "Docker Compose",
            Self::Kubernetes => "Kubernetes",
        }
    }

    /// A first profile for it, which describes a service itself.
    #[must_use]
    pub fn starter(self) -> &'static str {
        match self {
            Self::Compose => include_str!("../templates/starter/whole.yaml"),
            Self::Kubernetes => include_str!("../templates/starter/kubernetes.yaml"),
        }
    }

    /// Whether it runs on this machine: with its folders, its containers, and the environment of its program.
    #[must_use]
    pub fn runs_here(self) -> bool {
        match self {
            Self::Compose => true,
            Self::Kubernetes => false,
        }
    }

    /// Which program says how what runs is.
    #[must_use]
    pub fn client(self) -> Client {
        match self {
            Self::Compose => Client::Docker,
            Self::Kubernetes => Client::Kubectl,
        }
    }

    /// The file that says what runs; where it is ours, the deployment in its folder runs on this.
    #[must_use]
    pub fn main_output(self) -> Output {
        match self {
            Self::Compose => compose::FILE,
            Self::Kubernetes => kubernetes::KUSTOMIZATION,
        }
    }

    /// Whether what runs follows from a file.
    #[must_use]
    pub fn says_what_runs(self, output: &Output) -> bool {
        match self {
            Self::Compose => *output == compose::FILE,
            Self::Kubernetes => kubernetes::is_manifest(output),
        }
    }

    /// Every file that it may write whatever a profile says, in the order that they are written in: what gets run last.
    #[must_use]
    pub fn outputs(self) -> Vec<Output> {
        match self {
            Self::Compose => compose::outputs(),
            Self::Kubernetes => kubernetes::outputs(),
        }
    }

    /// The files beside those whose names follow from the profile.
    #[must_use]
    pub fn named_outputs(self, deployment: &Deployment) -> Vec<Output> {
        match self {
            Self::Compose => Vec::new(),
            Self::Kubernetes => kubernetes::named_outputs(deployment),
        }
    }

    /// Files that can't stand beside the main one: what applies the deployment would fail, or take them instead.
    #[must_use]
    pub fn rivals(self) -> &'static [&'static str] {
        match self {
            // they are put aside
            Self::Compose => &[],
            Self::Kubernetes => &kubernetes::RIVALS,
        }
    }

    /// A file of another target that stays as it is.
    #[must_use]
    pub fn leaves(self, output: &Output) -> bool {
        match self {
            Self::Compose => false,
            Self::Kubernetes => *output == compose::DOTENV,
        }
    }

    /// The keys that it reads from `.env`.
    #[must_use]
    pub fn dotenv_keys(self, deployment: &Deployment) -> DotenvKeys<'_> {
        match self {
            Self::Compose => deployment.dotenv_keys(),
            Self::Kubernetes => DotenvKeys::default(),
        }
    }

    /// Whether it keeps secrets in `.env`.
    #[must_use]
    pub fn keeps_in_dotenv(self) -> bool {
        match self {
            Self::Compose => true,
            Self::Kubernetes => false,
        }
    }

    /// The keys of a `.env` whose values are taken over.
    #[must_use]
    pub fn keys_taken_over(self, deployment: &Deployment) -> DotenvKeys<'_> {
        match self {
            Self::Compose => deployment.dotenv_keys(),
            Self::Kubernetes => deployment.all_keys(),
        }
    }

    /// The files of secrets that a deployment needs.
    #[must_use]
    pub fn secret_files(self, deployment: &Deployment) -> Vec<SecretFile<'_>> {
        match self {
            Self::Compose => compose::secret_files(deployment),
            Self::Kubernetes => kubernetes::secret_files(deployment),
        }
    }

    /// Where the file of a secret stands, if it has one.
    #[must_use]
    pub fn secret_file(self, name: &EnvironmentKey) -> String {
        match self {
            Self::Compose => secret_file_path(name),
            Self::Kubernetes => kubernetes::secret_file(name.as_str()),
        }
    }

    /// The folder of such files.
    #[must_use]
    pub fn secret_folder(self) -> &'static str {
        match self {
            Self::Compose => SECRET_FOLDER,
            Self::Kubernetes => kubernetes::SECRETS,
        }
    }

    /// Where its secrets are kept, as messages say it.
    #[must_use]
    pub fn keeps_secrets_in(self) -> &'static str {
        match self {
            Self::Compose => ".env",
            Self::Kubernetes => kubernetes::SECRETS,
        }
    }

    /// What a change means for the data of what stands there.
    pub(crate) fn compare(self, stands: &Stands<'_>, after: After<'_>) -> Compared {
        match self {
            Self::Compose => compose::compare(stands, after),
            Self::Kubernetes => kubernetes::compare(stands, after),
        }
    }

    /// What stays of a deployment that ran on this, where another target takes its place.
    pub(crate) fn leaving(self, other: Self, stands: &Stands<'_>) -> Danger {
        match self {
            Self::Compose => compose::leaving(other.title(), stands),
            Self::Kubernetes => kubernetes::leaving(other.title()),
        }
    }

    /// What of a profile it can't run.
    #[must_use]
    pub fn refusals(self, profile: &Profile) -> Vec<Diagnostic> {
        match self {
            Self::Compose => compose::refusals(profile),
            Self::Kubernetes => kubernetes::refusals(profile),
        }
    }

    /// What of a deployment it can't run, where the profile alone does not say so.
    #[must_use]
    pub fn faults(self, deployment: &Deployment, extras: &Extras) -> Vec<Diagnostic> {
        match self {
            Self::Compose => compose::faults(deployment, extras),
            Self::Kubernetes => kubernetes::faults(deployment),
        }
    }

    /// When a service that runs once is started, and what follows for it.
    #[must_use]
    pub fn runs_once(self) -> &'static str {
        match self {
            Self::Compose => compose::RUNS_ONCE,
            Self::Kubernetes => kubernetes::RUNS_ONCE,
        }
    }

    /// Every file that a deployment has, finished in memory.
    ///
    /// # Errors
    /// Where codelab-gen has a fault.
    pub fn render(
        self,
        deployment: &Deployment,
        extras: &Extras,
        inputs: &Inputs<'_>,
    ) -> Result<Vec<RenderedFile>, RenderFault> {
        match self {
            Self::Compose => compose::render(deployment, extras, inputs),
            Self::Kubernetes => kubernetes::render(deployment, inputs),
        }
    }

    /// What it asks for of the world outside of its files.
    #[must_use]
    pub fn asks(self, deployment: &Deployment) -> Asked<'_> {
        match self {
            Self::Compose => Asked::default(),
            Self::Kubernetes => kubernetes::asked(deployment),
        }
    }

    /// What the variables of a service hold by its files that stand, as far as it fills them when they are made.
    #[must_use]
    pub fn standing<'t>(
        self,
        service: &ServiceName,
        text_of: impl Fn(&Output) -> Option<&'t str>,
    ) -> HashMap<String, String> {
        match self {
            Self::Compose => HashMap::new(),
            Self::Kubernetes => kubernetes::standing(service, text_of),
        }
    }

    /// The files of secrets that what stands is made of, where a main output says them.
    #[must_use]
    pub fn secrets_of_standing<'t>(self, text_of: impl Fn(&Output) -> Option<&'t str>) -> Vec<String> {
        match self {
            Self::Compose => Vec::new(),
            Self::Kubernetes => text_of(&self.main_output()).map(kubernetes::files_of_secrets).unwrap_or_default(),
        }
    }

    /// The service whose files of the project are more than it takes.
    #[must_use]
    pub fn too_large<'d>(self, deployment: &'d Deployment, found: &Found) -> Option<&'d ServiceName> {
        match self {
            Self::Compose => None,
            Self::Kubernetes => kubernetes::too_large(deployment, found),
        }
    }

    /// What follows from a deployment for who runs it there, by fields that no profile has.
    #[must_use]
    pub fn derived(self, deployment: &Deployment) -> Vec<(FieldPath, String)> {
        match self {
            Self::Compose => Vec::new(),
            Self::Kubernetes => kubernetes::derived(deployment),
        }
    }

    /// What a service waits for before it starts, as far as anything waits there.
    #[must_use]
    pub fn waits_for(self, deployment: &Deployment, service: &Service) -> Vec<(ServiceName, StartCondition)> {
        match self {
            Self::Compose => deployment.waits_for(service),
            Self::Kubernetes => kubernetes::waits_for(deployment, service),
        }
    }

    /// The service that brings the databases of a server in line, where that is one beside the server.
    #[must_use]
    pub fn ensured_by(self, container: &Container) -> Option<ServiceName> {
        match self {
            Self::Compose => container.ensure.then(ServiceName::postgres_ensure),
            // a container in the server's own pod does it
            Self::Kubernetes => None,
        }
    }

    /// What several of a service are called.
    #[must_use]
    pub fn replicas(self) -> &'static str {
        match self {
            Self::Compose => "containers",
            Self::Kubernetes => "pods",
        }
    }

    /// Whether the number of processes of a container has a limit there.
    #[must_use]
    pub fn limits_processes(self) -> bool {
        match self {
            Self::Compose => true,
            Self::Kubernetes => false,
        }
    }

    /// Whether a published port is one of a host, which has each number once.
    #[must_use]
    pub fn publishes_on_a_host(self) -> bool {
        match self {
            Self::Compose => true,
            Self::Kubernetes => false,
        }
    }

    /// What of a deployment it can run and better did not, and of the file that says what runs.
    #[must_use]
    pub fn warnings(self, deployment: &Deployment, extras: &Extras, files: &[RenderedFile]) -> Vec<Diagnostic> {
        match self {
            Self::Compose => compose::warnings(deployment, extras, files),
            Self::Kubernetes => kubernetes::warnings(deployment, extras),
        }
    }

    /// What of a profile its files leave out: every run tells it, since nobody would look for it there.
    #[must_use]
    pub fn left_out(self, deployment: &Deployment, extras: &Extras) -> Vec<Diagnostic> {
        match self {
            Self::Compose => Vec::new(),
            Self::Kubernetes => kubernetes::left_out(deployment, extras),
        }
    }

    /// What a drawing has above a service and those that reach the same; nothing where it reaches nothing.
    #[must_use]
    pub fn group_of_service(self, service: &Service, deployment: &Deployment, extras: &Extras) -> Option<String> {
        match self {
            Self::Compose => compose::group_of_service(service, deployment, extras),
            Self::Kubernetes => Some(kubernetes::group_of_service(service, deployment)),
        }
    }

    /// The same for the server.
    #[must_use]
    pub fn group_of_server(self, deployment: &Deployment, extras: &Extras) -> Option<String> {
        match self {
            Self::Compose => {
                let (_, container) = deployment.contained_server()?;
                Some(compose::group_of_server(container, deployment, extras))
            }
            Self::Kubernetes => Some(kubernetes::group_of_server()),
        }
    }

    /// The command that brings everything in line with the outputs, as typed in their folder.
    #[must_use]
    pub fn up_command(self) -> &'static str {
        match self {
            Self::Compose => "docker compose up -d --wait",
            Self::Kubernetes => kubernetes::UP,
        }
    }

    /// The command that starts a deployment, as typed in the folder of its outputs.
    #[must_use]
    pub fn next_command(self, deployment: &Deployment, ground: Ground) -> String {
        match self {
            Self::Compose => compose::next_command(deployment, ground),
            Self::Kubernetes => kubernetes::next_command(deployment),
        }
    }
}

/// The folders whose manifests are named after what a profile says.
#[must_use]
pub fn folders_of_manifests() -> [&'static str; 1] {
    [kubernetes::FOLDER]
}

/// Every folder with files of secrets.
pub fn secret_folders() -> impl Iterator<Item = &'static str> {
    Target::ALL.iter().map(|target| target.secret_folder())
}

/// The files that say what runs, of every target.
pub fn main_outputs() -> impl Iterator<Item = Output> {
    Target::ALL.iter().map(|target| target.main_output())
}

/// The outputs whose record counts, the first one that is there.
pub fn recording() -> impl Iterator<Item = Output> {
    main_outputs().chain([compose::DOTENV])
}

/// Every file that any target may have written, whatever a profile says.
pub fn outputs() -> impl Iterator<Item = Output> {
    let mut paths = HashSet::new();
    let all: Vec<_> = Target::ALL.iter().flat_map(|target| target.outputs()).collect();
    all.into_iter().chain(program::FORMER).filter(move |output| paths.insert(output.path().to_owned()))
}
