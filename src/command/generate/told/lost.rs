//! Knows which secrets what runs has, and this folder lost. Must not know how they were made anew.

use super::Telling;
use crate::secret::SecretOrigin;
use crate::spelling::shell_word;

impl Telling<'_> {
    /// That secrets of a cluster were made anew, as in a clone, which has the manifests and not the secrets.
    pub(super) fn lost_secrets(&self) -> Option<String> {
        let deployment = &self.target.deployment;
        let target = deployment.target;
        let existing = &self.outcome.existing;
        let known = target.secrets_of_standing(|output| existing.get(output).map(|file| file.text.as_str()));
        let made_up = self.outcome.secrets.iter().filter(|(_, chosen)| chosen.origin == SecretOrigin::Generated);
        let unmeant = made_up.map(|(name, _)| name).filter(|name| !self.outcome.rotated.contains(name));
        let lost: Vec<_> = unmeant.filter(|name| known.contains(&target.secret_file(name))).collect();
        let first = lost.first()?;
        let names: Vec<_> = lost.iter().map(|name| format!("`{name}`")).collect();
        let file = shell_word(self.shown(&target.secret_file(first)));
        Some(format!(
            "warning: what was made of `{}` may run with {}, which {} nowhere to be found; new ones were made up\n  = help: \
             before the next command, put what the cluster has into the files: `kubectl get secrets -l \
             app.kubernetes.io/part-of={}` lists the names, and `kubectl get secret NAME -o jsonpath='{{.data.{first}}}' | \
             base64 -d >{file}` reads one; then run codelab-gen again\n",
            self.named(target.main_output().path()),
            names.join(", "),
            if lost.len() == 1 { "was" } else { "were" },
            deployment.project,
        ))
    }
}
