//! Knows what a kustomization.yaml that stands there names, and which manifests beside it are ours. Must not know what
//! becomes of them.

use super::outputs::{FOLDER, KUSTOMIZATION};
use super::standing::{at, list, root_with, scalar, text};
use crate::render::{Output, Seal, examine};
use crate::yaml::Node;

/// The label that says which part of a deployment an object is.
const NAME: [&str; 3] = ["metadata", "labels", "app.kubernetes.io/name"];

/// Whether a manifest is ours, and no copy that somebody made of one: our kustomization.yaml lists it, or a run that was
/// killed left it, when nothing listed it any more.
pub(crate) fn is_own(output: &Output, manifest: &str, kustomization: Option<&str>, profile: Option<&str>) -> bool {
    let Some(mark) = examine(manifest, output) else { return false };
    let name = output.path().rsplit('/').next().unwrap_or_default();
    let is_listed = kustomization.filter(|text| is_intact(text)).is_some_and(|text| lists(text, name));
    let is_left = || profile == Some(&mark.profile) && name.strip_suffix(".yaml") == part(manifest).as_deref();
    is_listed || is_left()
}

fn is_intact(kustomization: &str) -> bool {
    examine(kustomization, &KUSTOMIZATION).is_some_and(|mark| mark.seal == Seal::Intact)
}

fn lists(kustomization: &str, name: &str) -> bool {
    let is_it = |resource: &Node<'_>| scalar(resource).as_deref() == Some(name);
    root_with(kustomization, "resources", |root| list(at(root, &["resources"])).iter().any(is_it)).unwrap_or_default()
}

/// The part of the deployment that a manifest says.
fn part(manifest: &str) -> Option<String> {
    let (last, way) = NAME.split_last()?;
    root_with(manifest, "metadata", |root| text(at(root, way)?, last)).flatten()
}

/// The files that Secrets are made of, by their ways from the output folder.
pub(crate) fn files_of_secrets(kustomization: &str) -> Vec<String> {
    let key = "secretGenerator";
    let files = root_with(kustomization, key, |root| {
        let generators = list(at(root, &[key])).iter().flat_map(|generator| list(at(generator, &["files"])));
        let files = generators.filter_map(|file| Some(scalar(file)?.split_once('=')?.1.to_owned()));
        files.map(|file| format!("{FOLDER}/{file}")).collect()
    });
    files.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::RenderedFile;

    const KUSTOMIZED: &str = "# codelab-gen: profile=p format=1 body=not-yet-computed\n---\nresources:\n  - web.yaml\n\
                              secretGenerator:\n  - name: web\n    files:\n      - \"KEY=secrets/key\"\n";

    fn sealed(name: &str, text: String) -> (Output, String) {
        let output = Output::named(format!("{FOLDER}/{name}"));
        let RenderedFile { output, text } = RenderedFile::sealed(output, text);
        (output, text)
    }

    fn manifest(name: &str, part: &str) -> (Output, String) {
        let head = "# codelab-gen: profile=p format=1 body=not-yet-computed\n---\nkind: ServiceAccount\nmetadata:\n";
        sealed(name, format!("{head}  name: {part}\n  labels: {{ app.kubernetes.io/name: {part} }}\n"))
    }

    #[test]
    fn a_manifest_is_ours_where_it_is_listed_or_named_as_its_part() {
        let (_, intact) = sealed("kustomization.yaml", KUSTOMIZED.to_owned());
        let edited = intact.clone() + "# mine\n";
        let windows = intact.replace('\n', "\r\n");
        for (name, part, kustomization, profile, is_ours) in [
            ("web.yaml", "web", Some(&intact), Some("p"), true),
            ("web.yaml", "web", Some(&windows), Some("other"), true),
            ("web.yaml", "web", Some(&edited), Some("other"), false),
            ("gone.yaml", "gone", Some(&intact), Some("p"), true),
            ("gone.yaml", "gone", None, Some("p"), true),
            ("gone.yaml", "gone", Some(&intact), Some("other"), false),
            ("web-v1.yaml", "web", Some(&intact), Some("p"), false),
            ("web-v1.yaml", "web", None, None, false),
        ] {
            let (output, text) = manifest(name, part);
            let found = is_own(&output, &text, kustomization.map(String::as_str), profile);
            assert_eq!(found, is_ours, "{name} {profile:?}");
            assert_eq!(
                is_own(&output, &text.replace('\n', "\r\n"), kustomization.map(String::as_str), profile),
                is_ours
            );
        }
        let (output, _) = manifest("web.yaml", "web");
        assert!(!is_own(&output, "kind: Ingress\n", Some(&intact), Some("p")), "it has no header");
        let (output, copy) = sealed("kustomization-old.yaml", KUSTOMIZED.to_owned());
        assert!(!is_own(&output, &copy, Some(&intact), Some("p")));
        assert_eq!(files_of_secrets(&intact), ["kubernetes/secrets/key"]);
        assert_eq!(files_of_secrets("kind: Ingress\n"), [""; 0]);
    }
}
