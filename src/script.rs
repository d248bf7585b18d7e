//! Knows how this process becomes a script of ours that reaches what runs of a deployment, and what every such script reads.
//! Must not know what the script does.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use crate::disk;

/// How the containers of a deployment are reached, as by the scripts in its own folder.
const REACHING: [(&str, &str); 4] = [
    ("postgres.sh", include_str!("../templates/scripts/db/postgres.sh")),
    ("sqlite.py", include_str!("../templates/scripts/db/sqlite.py")),
    // the names in the deployment, which its own files have
    ("databases.sh", ". \"$CODELAB_GEN_FOLDER/scripts/db/databases.sh\"\n"),
    (
        "reach.sh",
        concat!(
            include_str!("../templates/scripts/db/reach.sh"),
            "\n",
            include_str!("../templates/scripts/db/reach-compose.sh")
        ),
    ),
];

/// One that is laid down for a run, and removes itself at its end.
pub struct Script<'s> {
    /// What it is called, without `.sh`.
    pub name: &'static str,
    /// Its text and what else it reads, by their names.
    pub files: Vec<(&'static str, &'s str)>,
    /// The output folder.
    pub folder: &'s Path,
}

impl Script<'_> {
    /// Becomes it; comes back where that can't be.
    #[must_use]
    pub fn become_it(&self, arguments: &[OsString], variables: &[(&str, String)]) -> io::Error {
        let files = REACHING.into_iter().chain(self.files.iter().copied());
        let work = match disk::laid_down(&format!("codelab-gen-{}", self.name), files) {
            Ok(work) => work,
            Err(error) => return error,
        };
        let mut command = Command::new("bash");
        command.arg(work.join(format!("{}.sh", self.name))).args(arguments);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        command.env("CODELAB_GEN_FOLDER", self.folder).env("CODELAB_GEN_WORK", &work);
        let error = command.exec();
        // what it would have removed at its end
        disk::take_away(&work);
        error
    }
}
