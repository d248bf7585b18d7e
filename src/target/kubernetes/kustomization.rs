//! Knows `kustomization.yaml`: which manifests belong together, and which Secrets and ConfigMaps are made of files.
//! Must not know what a manifest says, nor what is in a file.

use super::part::{Generated, Part};
use super::{head, outputs};
use crate::deployment::Deployment;
use crate::render::RenderedFile;
use crate::target::inputs::Inputs;
use crate::value::SecretsIn;
use crate::yaml::document::{Mapping, Value};

/// Who made an object.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// What an object belongs to.
const PART_OF: &str = "app.kubernetes.io/part-of";

/// The file.
pub(super) fn file(parts: &[Part], deployment: &Deployment, inputs: &Inputs<'_>) -> RenderedFile {
    let resources = parts.iter().map(|part| Value::text(format!("{}.yaml", part.name)));
    let is_made = deployment.secrets_in != SecretsIn::External;
    let secrets = parts.iter().filter(|_| is_made).flat_map(|part| &part.secrets);
    let secrets: Value = secrets.map(generator).collect();
    let configs: Value = parts.iter().flat_map(|part| &part.configs).map(generator).collect();
    let mut file = Mapping::default();
    file.push("apiVersion", Value::text("kustomize.config.k8s.io/v1beta1"));
    file.push("kind", Value::text("Kustomization"));
    file.push_filled("resources", resources.collect::<Value>().apart());
    file.push_filled("secretGenerator", secrets.apart());
    file.push_filled("configMapGenerator", configs.apart());
    file.push("generatorOptions", Value::from(options(deployment)).apart());
    head::file(outputs::KUSTOMIZATION, &[file], deployment, inputs.placement)
}

fn generator(generated: &Generated) -> Value {
    let files = generated.files.iter().map(|(key, file)| Value::text(format!("{key}={file}")));
    let mut generator = Mapping::default();
    generator.push("name", Value::text(generated.name.clone()));
    let texts = generated.texts.iter().map(|(key, text)| Value::text(format!("{key}={text}")));
    generator.push_given("type", generated.kind.map(Value::text));
    generator.push("files", files.collect::<Value>());
    generator.push_filled("literals", texts.collect::<Value>());
    let labels = generated.labels.iter().map(|(name, text)| (*name, Value::quoted(*text)));
    let mut options = Mapping::default();
    options.push_given("disableNameSuffixHash", generated.keeps_name.then(|| Value::bare("true")));
    options.push_filled("labels", Value::from(labels.collect::<Mapping>()).on_one_line());
    generator.push_filled("options", Value::from(options).on_one_line());
    generator.into()
}

/// What is made of files is labelled as the rest.
fn options(deployment: &Deployment) -> Mapping {
    let labels = [(PART_OF, deployment.project.to_string()), (MANAGED_BY, "codelab-gen".to_owned())];
    let labels: Mapping = labels.into_iter().map(|(name, value)| (name, Value::text(value))).collect();
    Mapping::from_iter([("labels", Value::from(labels))])
}
