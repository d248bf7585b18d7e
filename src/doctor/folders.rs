//! Knows whether the folders of the host are there that services need. Must not make one.

use super::remedy::Remedies;
use super::subject::Subject;
use crate::deployment::Program;
use crate::folders::{DataFolder, data_folders, making};
use crate::report::Finding;
use crate::value::{HostPath, ServiceName};

const CHECK: &str = "folders";

/// What is missing, or can't be written to.
pub(super) fn findings(subject: &Subject<'_>, _: &Remedies<'_>) -> Vec<Finding> {
    [contexts(subject), data(subject)].concat()
}

/// Folders of data that are not there, or that a service can't write to.
fn data(subject: &Subject<'_>) -> Vec<Finding> {
    let folders = data_folders(subject.deployment, subject.root, subject.current);
    let missing = making(&folders, subject.folder).into_iter().map(|command| {
        Finding::problem(
            CHECK,
            "a folder where a service keeps data does not exist; Docker would make it as root's",
            command,
        )
    });
    let closed = folders.iter().filter_map(DataFolder::closed);
    let closed = closed.map(|(message, help)| Finding::problem(CHECK, message, help));
    missing.chain(closed).collect()
}

/// Build contexts that are not there.
fn contexts(subject: &Subject<'_>) -> Vec<Finding> {
    let services = subject.deployment.services.iter();
    let contexts = services.filter_map(|service| match &service.program {
        Program::Built(build) | Program::BuiltAs(build, _) => Some((&service.name, build.context.folder()?)),
        Program::Image(_) => None,
    });
    let missing = contexts.filter(|(_, context)| !subject.root.join(context.as_str()).exists());
    let finding = |(service, context): (&ServiceName, &HostPath)| {
        let message = format!("the build context `{context}` of `{service}` does not exist");
        Finding::problem(CHECK, message, "put the service's source with its Dockerfile there")
    };
    missing.map(finding).collect()
}
