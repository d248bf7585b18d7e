//! Knows which pods are drawn together: those that reach the same. Must not know how a policy says that, nor what else is
//! drawn.

use crate::deployment::{Deployment, Service};

/// What stands above the pods that reach the same as a service, beside the other services.
pub(in crate::target) fn group_of_service(service: &Service, deployment: &Deployment) -> String {
    match (service.outbound, deployment.reaches_server(service)) {
        (true, true) => "pods that reach the outside and the database",
        (true, false) => "pods that reach the outside",
        (false, true) => "pods that reach the database",
        (false, false) => "pods that reach each other alone",
    }
    .to_owned()
}

/// The same for the server.
pub(in crate::target) fn group_of_server() -> String {
    "pods that the services reach".to_owned()
}
