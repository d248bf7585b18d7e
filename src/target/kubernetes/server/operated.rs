//! Knows what CloudNativePG is told: the servers, who logs in to which database, and each role with its password.
//! Must not know how it does that.
//!
//! <https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/>

use super::super::object::object;
use super::super::part::Generated;
use super::super::resources;
use super::super::volume::kept;
use super::common::{file_of, image_pull_secrets, metadata_of_server, name, of_server};
use super::network;
use crate::deployment::{Deployment, Operated, OwnedDatabase, Server, Storage};
use crate::url::Login;
use crate::value::{Access, SettingName};
use crate::yaml::document::{Mapping, Value};

const API: &str = "postgresql.cnpg.io/v1";

/// The label by which the operator gives its pods a name.
const CLUSTER: &str = "cnpg.io/cluster";

/// The label that makes it look again when a Secret changes.
const RELOAD: &str = "cnpg.io/reload";

/// The setting that has a field of its own.
const PRELOADED: &str = "shared_preload_libraries";

/// Everything that the operator is told, with the Secrets of the passwords.
pub(super) fn objects(
    server: &Server,
    operated: &Operated,
    deployment: &Deployment,
) -> (Vec<Mapping>, Vec<Generated>, Vec<Generated>) {
    let logins = server.logins();
    let policy = network::policy(selector(), network::OfServer::Operated, deployment);
    let first = [cluster(server, operated, deployment), policy];
    let roles = logins.iter().map(|login| role(login, server, deployment));
    let databases = server.databases.iter().map(|each| database(each, deployment));
    let secrets = logins.iter().map(|login| secret(login)).collect();
    (first.into_iter().chain(roles).chain(databases).collect(), secrets, Vec::new())
}

/// The labels by which its pods are found.
pub(super) fn selector() -> Mapping {
    Mapping::from_iter([(CLUSTER, Value::text(name()))])
}

/// A role or database as a part of an object's name.
pub(super) fn object_name(text: &str) -> String {
    let known = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = text.chars().map(known).collect();
    name.trim_end_matches('-').to_owned()
}

pub(super) fn role_name(login: &Login) -> String {
    format!("{}-role-{}", name(), object_name(login.role.as_str()))
}

fn cluster(server: &Server, operated: &Operated, deployment: &Deployment) -> Mapping {
    let Operated { image, major: _, user, database: _, instances, storage, limits, settings, sizes: _ } = operated;
    let mut spec = Mapping::default();
    spec.push("instances", Value::number(instances));
    spec.push("imageName", Value::text(image.to_string()));
    spec.push_filled("imagePullSecrets", image_pull_secrets(deployment));
    spec.push_given("postgresUID", user.map(|user| Value::number(user.user)));
    spec.push_given("postgresGID", user.map(|user| Value::number(user.group.unwrap_or(user.user))));
    spec.push("bootstrap", Mapping::from_iter([("initdb", Value::from(first_database(server, operated)))]));
    let why = "nobody but the operator is the superuser";
    spec.push("enableSuperuserAccess", Value::bare("false").behind(why));
    spec.push("postgresql", postgresql(server, operated, settings));
    spec.push_given("storage", storage.as_ref().map(space));
    spec.push_filled("resources", resources::resources(limits));
    let apart = Mapping::from_iter([
        ("enablePodAntiAffinity", Value::bare("true")),
        ("topologyKey", Value::text("kubernetes.io/hostname")),
        ("podAntiAffinityType", Value::text("preferred")),
    ]);
    spec.push("affinity", Value::from(apart).above("on different nodes, as far as there are enough"));
    let metadata = kept(metadata_of_server(name(), deployment), "the operator deletes the data with this object");
    let mut cluster = object(API, "Cluster", metadata);
    cluster.push("spec", spec);
    cluster
}

fn space(Storage { size, class, shared: _ }: &Storage) -> Mapping {
    let mut keys = Mapping::from_iter([("size", Value::bare(size.to_string()))]);
    keys.push_given("storageClass", class.as_ref().map(|class| Value::text(class.to_string())));
    keys
}

/// The database that the servers are made with. Where services share its role, that role has their password from the
/// beginning; otherwise it is nobody's.
fn first_database(server: &Server, operated: &Operated) -> Mapping {
    let mut keys = Mapping::from_iter([
        ("database", Value::text(operated.database.to_string())),
        ("owner", Value::text(server.user.to_string())),
    ]);
    let login = server.logins().into_iter().find(|login| login.role == server.user);
    let login = login.filter(|_| server.access == Access::Shared);
    keys.push_given("secret", login.map(|login| named(role_name(login))));
    keys
}

fn named(name: String) -> Value {
    Value::from(Mapping::from_iter([("name", Value::text(name))])).on_one_line()
}

fn postgresql(server: &Server, operated: &Operated, settings: &[(SettingName, String)]) -> Mapping {
    let parameters = settings.iter().filter(|(name, _)| name.as_str() != PRELOADED);
    let parameters = parameters.map(|(name, value)| (name.to_string(), Value::quoted(value.clone())));
    let preloaded = settings.iter().filter(|(name, _)| name.as_str() == PRELOADED);
    let preloaded = preloaded.flat_map(|(_, value)| value.split(','));
    let preloaded = preloaded.map(|library| Value::text(library.trim().trim_matches('"').to_owned()));
    let mut keys = Mapping::default();
    keys.push_filled("parameters", parameters.collect::<Mapping>());
    keys.push_filled(PRELOADED, preloaded.collect::<Value>());
    keys.push("pg_hba", who_comes_in(server));
    keys.push_given("synchronous", synchronous(operated.instances.get()));
    keys
}

/// The first line that fits decides. The operator's own lines stand before these.
fn who_comes_in(server: &Server) -> Value {
    let allowed = server.databases.iter().flat_map(|OwnedDatabase { name, owner, .. }| {
        let line =
            |database: &str| format!("hostssl {} {} all scram-sha-256", word(database), word(owner.role.as_str()));
        let restored = restored_beside(name.as_str(), server).map(|database| line(&database));
        std::iter::once(line(name.as_str())).chain(restored).map(Value::text)
    });
    let others = Value::text("host all all all reject");
    let why = "each role comes into its own database, or that as restore.sh makes it anew, encrypted and by its \
               password; nobody else comes in anywhere";
    allowed.chain(std::iter::once(others)).collect::<Value>().above(why)
}

/// What `restore.sh` calls a database until it has all of it, so that its role can load it; none where PostgreSQL would cut
/// the name off, or where another service's database is called so.
fn restored_beside(database: &str, server: &Server) -> Option<String> {
    let beside = format!("{database}_restoring");
    let is_free = server.databases.iter().all(|other| other.name.as_str() != beside);
    (beside.len() <= 63 && is_free).then_some(beside)
}

/// A name in `pg_hba.conf`, which has some words of its own.
fn word(name: &str) -> String {
    const KEPT: [&str; 5] = ["all", "sameuser", "samerole", "samegroup", "replication"];
    if KEPT.contains(&name) { format!("\"{name}\"") } else { name.to_owned() }
}

/// What is acknowledged is on two servers, so that the loss of one loses none of it. Of two servers one must be able to
/// go on alone.
fn synchronous(instances: u16) -> Option<Value> {
    let (durability, why) = match instances {
        0 | 1 => return None,
        2 => ("preferred", "where the copy is gone, the other one goes on without"),
        _ => ("required", "what is acknowledged is on two servers"),
    };
    let keys = Mapping::from_iter([
        ("method", Value::text("any")),
        ("number", Value::number(1)),
        ("dataDurability", Value::text(durability).behind(why)),
    ]);
    Some(keys.into())
}

fn role(login: &Login, server: &Server, deployment: &Deployment) -> Mapping {
    let limits = server.databases.iter().find(|database| database.owner == *login).map(|database| &database.limits);
    let mut spec = Mapping::default();
    spec.push("cluster", named(name()));
    spec.push("name", Value::text(login.role.to_string()));
    spec.push("login", Value::bare("true"));
    let connections = limits.and_then(|limits| limits.connections);
    spec.push_given("connectionLimit", connections.map(Value::number));
    spec.push("passwordSecret", named(role_name(login)));
    spec.push("databaseRoleReclaimPolicy", Value::text("retain"));
    let mut role = of_server(API, "DatabaseRole", role_name(login), deployment);
    role.push("spec", spec);
    role
}

fn database(owned: &OwnedDatabase, deployment: &Deployment) -> Mapping {
    let OwnedDatabase { name: database, owner, extensions, limits: _, members: _ } = owned;
    let extensions = extensions.iter().map(|extension| named(extension.to_string()));
    let mut spec = Mapping::default();
    spec.push("cluster", named(name()));
    spec.push("name", Value::text(database.to_string()));
    spec.push("owner", Value::text(owner.role.to_string()));
    spec.push("template", Value::text("template0"));
    spec.push("encoding", Value::text("UTF8"));
    spec.push_filled("extensions", extensions.collect::<Value>());
    spec.push("databaseReclaimPolicy", Value::text("retain").behind("what is in it stays where this object goes"));
    let called = format!("{}-{}", name(), object_name(database.as_str()));
    let mut object = of_server(API, "Database", called, deployment);
    object.push("spec", spec);
    object
}

/// The password of a role, whose Secret keeps its name: the operator notices that it changes.
fn secret(login: &Login) -> Generated {
    let (_, file) = file_of(login.password.as_str());
    Generated {
        name: role_name(login),
        files: vec![("password".to_owned(), file)],
        texts: vec![("username".to_owned(), login.role.to_string())],
        kind: Some("kubernetes.io/basic-auth"),
        labels: vec![(RELOAD, "true")],
        keeps_name: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::resolved;

    const PROFILE: &str = "format: 1\nproject: shop\nstage: production\ntarget: kubernetes\npostgres: { user: app, image: 'postgres:17', \
                           access: ACCESS, operator: cloudnative-pg, storage: 1Gi, instances: INSTANCES }\nservices:\n  \
                           all: { image: 'a:1', database: { postgres: Replication } }\n  \
                           b-c: { image: 'a:1', database: { postgres: replication } }\n";

    /// What the `Cluster` says.
    fn cluster_of(access: &str, instances: &str) -> serde_yaml::Value {
        let deployment = resolved(&PROFILE.replace("ACCESS", access).replace("INSTANCES", instances));
        let server = deployment.server.as_ref().unwrap();
        let cluster = cluster(server, server.operated().unwrap(), &deployment);
        serde_yaml::from_str(&cluster.manifest(2)).unwrap()
    }

    #[test]
    fn names_of_objects_have_no_other_characters() {
        for (text, name) in [("auth_db", "auth-db"), ("App-DB", "app-db"), ("a__", "a"), ("s_2fauth", "s-2fauth")] {
            assert_eq!(object_name(text), name);
        }
    }

    #[test]
    fn a_name_that_pg_hba_knows_stands_in_quotes_and_the_last_line_lets_nobody_in() {
        let lines = |access| cluster_of(access, "3")["spec"]["postgresql"]["pg_hba"].clone();
        let expected = |lines: [&str; 5]| serde_yaml::Value::from(lines.to_vec());
        let of_services = [
            "hostssl Replication \"all\" all scram-sha-256",
            "hostssl Replication_restoring \"all\" all scram-sha-256",
            "hostssl \"replication\" b_c all scram-sha-256",
            "hostssl replication_restoring b_c all scram-sha-256",
            "host all all all reject",
        ];
        assert_eq!(lines("per_service"), expected(of_services));
        let shared = [
            "hostssl Replication app all scram-sha-256",
            "hostssl Replication_restoring app all scram-sha-256",
            "hostssl \"replication\" app all scram-sha-256",
            "hostssl replication_restoring app all scram-sha-256",
            "host all all all reject",
        ];
        assert_eq!(lines("shared"), expected(shared));
    }

    #[test]
    fn a_database_of_another_service_is_never_what_is_restored_beside() {
        let named = |first: &str, second: &str| {
            let profile = PROFILE.replace("ACCESS", "per_service").replace("INSTANCES", "1");
            let profile = profile.replace("postgres: Replication", &format!("postgres: {first}"));
            let deployment = resolved(&profile.replace("postgres: replication", &format!("postgres: {second}")));
            let server = deployment.server.unwrap();
            [first, second].map(|database| restored_beside(database, &server))
        };
        assert_eq!(named("a", "a_restoring"), [None, Some("a_restoring_restoring".to_owned())]);
        let (fits, long) = ("f".repeat(53), "l".repeat(54));
        assert_eq!(named(&fits, &long), [Some(format!("{fits}_restoring")), None]);
    }

    #[test]
    fn what_is_acknowledged_is_on_two_servers_where_one_can_be_spared() {
        for (instances, durability) in [("1", None), ("2", Some("preferred")), ("3", Some("required"))] {
            let synchronous = &cluster_of("per_service", instances)["spec"]["postgresql"]["synchronous"];
            assert_eq!(synchronous["dataDurability"].as_str(), durability, "{instances}");
        }
    }

    #[test]
    fn the_first_role_has_a_password_only_where_services_log_in_as_it() {
        for (access, secret) in [("per_service", None), ("shared", Some("postgres-role-app"))] {
            let first = &cluster_of(access, "1")["spec"]["bootstrap"]["initdb"];
            assert_eq!((first["owner"].as_str(), first["secret"]["name"].as_str()), (Some("app"), secret));
        }
    }
}
