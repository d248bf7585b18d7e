//! Knows how faults of secrets are told. Must not know a value.

use std::path::Path;

use crate::secret::SecretFaults;
use crate::spelling;
use crate::target::Target;

/// What is wrong with secrets, each with the way out. Names only, never a value.
pub(super) fn messages(faults: &SecretFaults, folder: &Path, target: Target) -> Vec<(String, String)> {
    let SecretFaults {
        disagreeing,
        exported,
        not_ours,
        only_given,
        weak,
        unwritable,
        missing,
        empty,
        unreadable,
        no_randomness,
    } = faults;
    let place = folder.join(target.keeps_secrets_in());
    let mut messages = Vec::new();
    for name in disagreeing {
        let message = format!(
            "`{name}` is set in the environment and differs from the value that is there already{}",
            if target.runs_here() { "; Docker Compose would take the environment's" } else { "" }
        );
        let help = format!("`unset {name}`, or take it over: `codelab-gen rotate {name} --from-env`");
        messages.push((message, help));
    }
    for name in exported {
        let message = if target.runs_here() {
            format!("`{name}` is set in the environment; Docker Compose would take that instead of a new one")
        } else {
            format!("`{name}` is set in the environment, and is to get a new value")
        };
        messages.push((message, format!("`unset {name}`, or take its value over with `--from-env`")));
    }
    for (name, path) in not_ours {
        let message = format!("the secret `{name}` is read from `{path}`, which codelab-gen does not write");
        messages.push((message, format!("write the new value into `{path}`, then run codelab-gen")));
    }
    for name in only_given {
        let message =
            format!("the secret `{name}` is `required`: somebody must give it, and one made up would be wrong");
        let help = format!("`read -rs {name} && export {name}`, then the same with `--from-env`");
        messages.push((message, help));
    }
    for (name, why) in weak {
        let help = "give it another value, leave it out to have one made, or pass --allow-weak-secrets".to_owned();
        messages.push((format!("the secret `{name}` {why}"), help));
    }
    for (name, why) in unwritable {
        let why = if target.keeps_in_dotenv() { why.to_string() } else { why.what.to_owned() };
        let help = "give it another value, best of letters and digits only".to_owned();
        messages.push((format!("the secret `{name}` can't be written: {why}"), help));
    }
    if !missing.is_empty() {
        let names: Vec<_> = missing.iter().map(|name| format!("`{name}`")).collect();
        let help = format!(
            "set them in the environment of one run (`read -rs NAME && export NAME`); codelab-gen keeps them in `{}`",
            spelling::path(&place)
        );
        messages.push((format!("required secrets are missing: {}", names.join(", ")), help));
    }
    for (name, path) in empty {
        let help = "write the secret into it, or change `secrets` in the profile".to_owned();
        messages.push((format!("`{path}`, the file of the secret `{name}`, is empty"), help));
    }
    for (name, path, error) in unreadable {
        let help = "put a readable text file there, relative to the project's root, or change `secrets` in the profile";
        let help = help.to_owned();
        messages.push((format!("can't read `{path}`, the file of the secret `{name}`: {error}"), help));
    }
    if let Some(error) = no_randomness {
        messages.push((error.to_string(), "try again".to_owned()));
    }
    messages
}
