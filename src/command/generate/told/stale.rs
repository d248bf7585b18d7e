//! Knows where the old value of a secret still stands that has a new one: in lines of `.env`, and in files that
//! containers read. Must not show a value.

use std::collections::BTreeSet;

use super::Telling;
use crate::compose::{lexical, nodes};
use crate::deployment::secret_file_path;
use crate::secret::Secret;
use crate::source::{Project, SIZE_LIMIT, Source};
use crate::spelling::on_one_line;
use crate::target::compose;
use crate::value::EnvironmentKey;
use crate::yaml;

impl Telling<'_> {
    /// A warning for each place that a new value does not reach.
    pub(super) fn stale(&self) -> Vec<String> {
        let existing = &self.outcome.existing;
        if self.outcome.rotated.is_empty() {
            return Vec::new();
        }
        let stored = existing.values(|_| true).unwrap_or_default();
        let old = |name: &EnvironmentKey| {
            stored.get(name.as_str()).cloned().or_else(|| existing.kept(&secret_file_path(name)))
        };
        let rotated = self.outcome.rotated.iter().filter_map(|name| Some((name, old(name)?)));
        rotated.flat_map(|(name, old)| self.stale_of(name, &old)).collect()
    }

    fn stale_of(&self, name: &EnvironmentKey, old: &Secret) -> Vec<String> {
        let is_new = |key: &str| self.outcome.rotated.iter().any(|rotated| rotated.as_str() == key);
        let mut told = Vec::new();
        let others = self.outcome.secrets.iter().filter(|(key, _)| !is_new(key.as_str()));
        for (key, _) in others.filter(|(_, chosen)| old.is_in_secret(&chosen.secret)) {
            let message = format!("the secret `{key}` still has the old value of `{name}` in it");
            told.push((message, format!("give it the new one: `codelab-gen rotate {key} --from-env`")));
        }
        let dotenv = self.named(compose::DOTENV.path());
        let written = self.target.deployment.dotenv_keys();
        let names = written.names();
        for part in self.outcome.existing.dotenv().users_parts().unwrap_or_default() {
            let Some(key) = part.key.filter(|key| !names.contains(key)) else { continue };
            let refers = part.text.contains(&format!("${{{name}")) || part.text.contains(&format!("${name}"));
            if !refers && part.to_compose.is_some_and(|value| old.is_in(&value)) {
                let message = format!("line {} of {dotenv}: `{key}` still has the old value of `{name}`", part.line);
                let help =
                    format!("write the new one there; below the block of codelab-gen `${{{name}}}` always has it");
                told.push((message, help));
            }
        }
        for path in self.files_read() {
            let project = Project::of_folder(&self.target.folder);
            let file = Source::from_file_of(&project, &self.target.folder.join(&path), &path, SIZE_LIMIT);
            let text = file.map(|file| file.text).unwrap_or_default();
            let value = |line: &str| {
                line.split_once('=').map_or(line, |(_, value)| value).trim_matches(['"', '\'', ' ']).to_owned()
            };
            if let Some(line) = text.lines().position(|line| old.is_in(&value(line))) {
                let message = format!("line {} of {} still has the old value of `{name}`", line + 1, self.named(&path));
                told.push((message, "write the new one there, or give the variable in the profile".to_owned()));
            }
        }
        let warning =
            |(message, help): (String, String)| format!("warning: {}\n  = help: {help}\n", on_one_line(&message));
        told.into_iter().map(warning).collect()
    }

    /// The files beside `.env` from which containers get variables or secrets.
    fn files_read(&self) -> BTreeSet<String> {
        let mut paths = BTreeSet::new();
        for text in self.outcome.changes.compose_text().into_iter().chain(self.outcome.existing.beside()) {
            let Ok(root) = yaml::read(text) else { continue };
            let part = |name: &str| nodes::child(&root, name).map(nodes::entries).unwrap_or_default();
            for service in part("services") {
                let Some(files) = nodes::child(&service.value, "env_file") else { continue };
                let items =
                    nodes::items(files).iter().filter_map(|item| nodes::text(item).or(nodes::text_of(item, "path")));
                paths.extend(nodes::text(files).into_iter().chain(items).map(lexical));
            }
            paths
                .extend(part("secrets").iter().filter_map(|secret| nodes::text_of(&secret.value, "file")).map(lexical));
        }
        let ours = self.target.deployment.secrets.keys().map(secret_file_path);
        paths.remove(compose::DOTENV.path());
        ours.for_each(|path| {
            paths.remove(&path);
        });
        paths
    }
}
