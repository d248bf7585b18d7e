//! Knows what the containers of the server's pod share: volumes, the user, how a variable and a mount are written. Must not
//! know what either container does.

use super::super::security::Identity;
use crate::deployment::Container;
use crate::yaml::document::{Mapping, Value};

/// The script for roles and databases, by the way from the folder of the manifests, and its name where it is mounted.
pub(super) const SCRIPT: &str = "init-postgres.sh";

/// The volume of the socket, by which `ensure` logs in.
pub(super) const SOCKET: &str = "socket";

/// The ConfigMap with the script, and its volume.
pub(super) const SCRIPTS: &str = "postgres-init";

/// The volumes of the pod beside that of the data, whose name is the profile's.
pub(super) const VOLUMES: [&str; 7] =
    [SOCKET, SCRIPTS, "tmp", "shared-memory", "superuser-password", "passwords", "ensure-tmp"];

/// Where passwords appear as files.
pub(super) const PASSWORDS_FOLDER: &str = "/run/secrets/postgres";

/// The user of the server; nothing where the image becomes another one by itself.
pub(super) fn identity(container: &Container) -> Option<Identity> {
    container.known_user.map(Identity::known)
}

/// A variable of a container.
pub(super) fn variable(name: &str, value: Value) -> Value {
    Mapping::from_iter([("name", Value::text(name.to_owned())), ("value", value)]).into()
}

/// A volume where a container has it.
pub(super) fn mount(volume: &str, folder: &str, is_read_only: bool) -> Value {
    let mut keys =
        Mapping::from_iter([("name", Value::text(volume.to_owned())), ("mountPath", Value::text(folder.to_owned()))]);
    keys.push_given("readOnly", is_read_only.then(|| Value::bare("true")));
    keys.into()
}

/// Who may read a password's file: the user and the group of the pod.
pub(super) fn mode() -> Value {
    Value::number(0o440).behind("0440")
}
