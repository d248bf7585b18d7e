//! Knows whether another file is there that what applies the deployment would find as well. Must not know what is in it.

use super::remedy::Remedies;
use super::subject::Subject;
use crate::report::Finding;
use crate::spelling::shell_word;

const CHECK: &str = "outputs";

/// Each file that can't be beside the main one. A link counts, wherever it leads.
pub(super) fn findings(subject: &Subject<'_>, remedies: &Remedies<'_>) -> Vec<Finding> {
    let target = subject.deployment.target;
    let is_there = |name: &&&str| subject.folder.join(name).symlink_metadata().is_ok();
    let finding = |name: &&str| {
        let ours = target.main_output();
        let message = format!("`{name}` is beside `{}`: `{}` fails with two of them", ours.path(), target.up_command());
        let aside = remedies.there(&format!("mv {} {}", shell_word(name), shell_word(format!("{name}.aside"))));
        Finding::problem(CHECK, message, format!("move it away, such as by `{aside}`; an overlay takes what it says"))
    };
    target.rivals().iter().filter(is_there).map(finding).collect()
}
