//! Knows what `scripts/deploy.sh` is told of a stack: names, files, order. Must not know a secret's value, nor what the script
//! does.

use indexmap::IndexMap;
use serde::Serialize;

use super::outputs::DEPLOY;
use super::{names, pin, waves};
use crate::deployment::Deployment;
use crate::placement::Placement;
use crate::render::{Dialect, Header, RenderFault, Template};

/// What follows from the profile.
const NAMES: Template = Template(include_str!("../../../templates/swarm/names.j2"), Dialect::Shell);

/// What is the same for every stack.
const BODY: &str = include_str!("../../../templates/swarm/deploy.sh");

#[derive(Serialize)]
struct DeployView {
    #[serde(flatten)]
    header: Header,
    stack: String,
    secrets: Vec<NamedView>,
    configs: Vec<NamedView>,
    /// What the file reads of `.env` or the environment.
    variables: Vec<String>,
    labels: Vec<String>,
    /// The services of each wave.
    waves: Vec<String>,
}

#[derive(Serialize)]
struct NamedView {
    /// What begins its real name.
    base: String,
    /// The variable that holds that.
    variable: String,
    /// The key of `.env`, or the file.
    from: String,
}

/// How much of a real name stands before the hash: Docker takes 64 characters.
const LONGEST_BASE: usize = 64 - 9;

/// The script.
pub(super) fn text(
    deployment: &Deployment,
    placement: &Placement,
    configs: &IndexMap<String, String>,
) -> Result<String, RenderFault> {
    let project = &deployment.project;
    let base = |key: &str| format!("{project}_{key}").chars().take(LONGEST_BASE).collect::<String>();
    let secret = |name: String| NamedView {
        base: base(&names::secret_key(&name)),
        variable: names::secret_variable(&name),
        from: name,
    };
    let config = |(key, path): (&String, &String)| NamedView {
        base: base(key),
        variable: names::config_variable(key),
        from: path.clone(),
    };
    let keys = deployment.dotenv_keys().into_all().map(|key| key.name);
    let followed = deployment.variables();
    let followed = followed.keys().map(ToString::to_string);
    let wave =
        |names: Vec<crate::value::ServiceName>| names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let view = DeployView {
        header: Header::new(deployment.stage, placement),
        stack: project.to_string(),
        secrets: names::secrets(deployment).into_iter().map(secret).collect(),
        configs: configs.iter().map(config).collect(),
        variables: keys.chain(followed).collect(),
        labels: pin::labels(deployment),
        waves: waves::waves(deployment).into_iter().map(wave).collect(),
    };
    Ok(format!("#!/usr/bin/env bash\n{}{BODY}", NAMES.fill(&DEPLOY, &view)?))
}
