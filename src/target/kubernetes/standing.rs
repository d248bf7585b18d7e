//! Knows which objects manifests of ours make, and which claim a pod has where. Must not know what they should be.

use super::object::{NAME, PART_OF};
use crate::value::{DatabaseLabel, ServiceName};
use crate::yaml::{self, Content, Node};

/// What stands between two objects of a file.
const BETWEEN: &str = "\n---\n";

/// The kind of servers that an operator runs.
const OPERATED: &str = "Cluster";

/// The kind of a volume's claim.
const CLAIM: &str = "PersistentVolumeClaim";

/// The annotation of what runs a service, with its database.
const DATABASE: &str = "codelab-gen/database";

/// What such an annotation of a further database begins and ends with, around its name.
const OF_FURTHER: [&str; 2] = ["codelab-gen/", ".database"];

/// The annotation for a database of a service: for its first one, or for the further one of this name.
pub(super) fn annotation(further: Option<&DatabaseLabel>) -> String {
    let [before, behind] = OF_FURTHER;
    further.map_or_else(|| DATABASE.to_owned(), |name| format!("{before}{name}{behind}"))
}

/// An object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Object {
    /// Its kind, as written.
    pub(super) kind: String,
    pub(super) name: String,
    /// The claims that its pods mount, each with the folder.
    pub(super) mounts: Vec<(String, String)>,
    /// The image of its first container.
    pub(super) image: Option<String>,
    /// Its variables that say their value.
    pub(super) environment: Vec<(String, String)>,
    /// The service that it belongs to.
    pub(super) of: Option<String>,
    /// The project by which it finds its pods.
    pub(super) project: Option<String>,
    /// The databases that a service opens, by the annotations that record them.
    pub(super) databases: Vec<(String, String)>,
    /// Whether its name means the addresses of pods.
    pub(super) is_headless: bool,
    /// What it asks of the storage.
    pub(super) rooms: Vec<Room>,
    /// The user that its pods run as, in numbers.
    pub(super) user: Option<String>,
    /// What an operator is told of the servers that it runs.
    pub(super) servers: Option<Servers>,
}

/// What an operator is told of servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Servers {
    /// How many there are.
    pub(super) instances: u16,
    /// The role that they are made with.
    pub(super) owner: String,
}

/// What a claim asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Room {
    /// The claim, or what a StatefulSet makes it of.
    pub(super) name: String,
    pub(super) size: String,
    /// Nothing for what the cluster takes.
    pub(super) class: Option<String>,
    pub(super) modes: Vec<String>,
}

impl Room {
    /// Whether it has more room than another one.
    pub(super) fn is_larger_than(&self, other: &Self) -> bool {
        mebibytes(&self.size).zip(mebibytes(&other.size)).is_some_and(|(own, other)| own > other)
    }
}

fn mebibytes(size: &str) -> Option<u64> {
    let units = [("Mi", 1), ("Gi", 1 << 10), ("Ti", 1 << 20)];
    units.into_iter().find_map(|(unit, times)| size.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(times))
}

impl Object {
    /// How kubectl takes it.
    pub(super) fn reference(&self) -> String {
        format!("{}/{}", self.kind.to_ascii_lowercase(), self.name)
    }

    /// Whether an operator runs servers by it.
    pub(super) fn is_operated(&self) -> bool {
        self.kind == OPERATED
    }

    /// Whether its pod is the server of PostgreSQL.
    pub(super) fn is_server(&self) -> bool {
        self.kind == "StatefulSet" && self.name == ServiceName::postgres().as_str()
    }

    /// A variable of its first container.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether data is in it.
    pub(super) fn is_claim(&self) -> bool {
        self.kind == CLAIM
    }
}

/// The objects of a file; one that can't be read is none.
pub(super) fn objects(text: &str) -> Vec<Object> {
    // what stands above the first line between objects are comments
    text.split(BETWEEN).filter_map(|document| object(&yaml::read(document).ok()?)).collect()
}

fn object(root: &Node<'_>) -> Option<Object> {
    let of_schedule = at(root, &["spec", "jobTemplate"]);
    let pod = at(of_schedule.unwrap_or(root), &["spec", "template", "spec"]);
    let first = pod.and_then(|pod| list(at(pod, &["containers"])).first());
    let metadata = at(root, &["metadata"])?;
    let environment = list(first.and_then(|first| at(first, &["env"]))).iter();
    let kind = text(root, "kind")?;
    let claim = if kind == CLAIM { std::slice::from_ref(root) } else { &[] };
    let rooms = claim.iter().chain(list(at(root, &["spec", "volumeClaimTemplates"]))).filter_map(room);
    let spec = at(root, &["spec"]);
    let servers = spec.filter(|_| kind == OPERATED).and_then(servers);
    let room_of_servers = spec.filter(|_| kind == OPERATED).and_then(room_of_servers);
    let user = pod.and_then(|pod| text(at(pod, &["securityContext"])?, "runAsUser"));
    Some(Object {
        name: text(metadata, "name")?,
        mounts: pod.map(|pod| mounts(root, pod)).unwrap_or_default(),
        image: first.and_then(|first| text(first, "image")).or_else(|| text(spec?, "imageName")),
        environment: environment.filter_map(|each| Some((text(each, "name")?, text(each, "value")?))).collect(),
        of: at(metadata, &["labels"]).and_then(|labels| text(labels, NAME)),
        project: at(root, &["spec", "selector", "matchLabels"]).and_then(|labels| text(labels, PART_OF)),
        databases: at(metadata, &["annotations"]).map(databases).unwrap_or_default(),
        is_headless: at(root, &["spec"]).and_then(|spec| text(spec, "clusterIP")).as_deref() == Some("None"),
        rooms: rooms.chain(room_of_servers).collect(),
        user: user.or_else(|| text(spec?, "postgresUID")),
        servers,
        kind,
    })
}

/// What annotations record of databases.
fn databases(annotations: &Node<'_>) -> Vec<(String, String)> {
    let Content::Mapping(entries) = &annotations.content else { return Vec::new() };
    let [before, behind] = OF_FURTHER;
    let is_one = |key: &str| key == DATABASE || key.starts_with(before) && key.ends_with(behind);
    let found = entries.iter().filter(|entry| is_one(&entry.key));
    found.filter_map(|entry| Some((entry.key.to_string(), text(annotations, &entry.key)?))).collect()
}

fn servers(spec: &Node<'_>) -> Option<Servers> {
    let instances = text(spec, "instances")?.parse().ok()?;
    Some(Servers { instances, owner: text(at(spec, &["bootstrap", "initdb"])?, "owner")? })
}

fn room_of_servers(spec: &Node<'_>) -> Option<Room> {
    let storage = at(spec, &["storage"])?;
    let class = text(storage, "storageClass");
    Some(Room { name: ServiceName::postgres().to_string(), size: text(storage, "size")?, class, modes: Vec::new() })
}

fn room(claim: &Node<'_>) -> Option<Room> {
    let spec = at(claim, &["spec"])?;
    let mode = |mode: &Node<'_>| match &mode.content {
        Content::Scalar(scalar) => Some(scalar.text.to_string()),
        Content::Sequence(_) | Content::Mapping(_) => None,
    };
    Some(Room {
        name: text(at(claim, &["metadata"])?, "name")?,
        size: text(at(spec, &["resources", "requests"])?, "storage")?,
        class: text(spec, "storageClassName"),
        modes: list(at(spec, &["accessModes"])).iter().filter_map(mode).collect(),
    })
}

/// What is told of the first document with this key; nothing where none has it.
pub(super) fn root_with<R>(file: &str, key: &str, told: impl FnOnce(&Node<'_>) -> R) -> Option<R> {
    let file = file.replace("\r\n", "\n");
    let mut roots = file.split(BETWEEN).filter_map(|document| yaml::read(document).ok());
    roots.find(|root| at(root, &[key]).is_some()).map(|root| told(&root))
}

fn mounts(root: &Node<'_>, pod: &Node<'_>) -> Vec<(String, String)> {
    let of_pod = list(at(pod, &["volumes"])).iter().filter_map(|volume| {
        Some((text(volume, "name")?, text(at(volume, &["persistentVolumeClaim"])?, "claimName")?))
    });
    let templates = list(at(root, &["spec", "volumeClaimTemplates"])).iter();
    let made =
        templates.filter_map(|template| text(at(template, &["metadata"])?, "name")).map(|name| (name.clone(), name));
    let claims: Vec<_> = of_pod.chain(made).collect();
    let containers = list(at(pod, &["containers"])).iter().flat_map(|container| list(at(container, &["volumeMounts"])));
    let mount = |mount: &Node<'_>| {
        let volume = text(mount, "name")?;
        let (_, claim) = claims.iter().find(|(name, _)| *name == volume)?;
        Some((text(mount, "mountPath")?, claim.clone()))
    };
    containers.filter_map(mount).collect()
}

/// What stands below these keys.
pub(super) fn at<'n, 't>(node: &'n Node<'t>, keys: &[&str]) -> Option<&'n Node<'t>> {
    keys.iter().try_fold(node, |node, key| match &node.content {
        Content::Mapping(entries) => entries.iter().find(|entry| entry.key == *key).map(|entry| &entry.value),
        Content::Scalar(_) | Content::Sequence(_) => None,
    })
}

pub(super) fn text(node: &Node<'_>, key: &str) -> Option<String> {
    scalar(at(node, &[key])?)
}

pub(super) fn scalar(node: &Node<'_>) -> Option<String> {
    match &node.content {
        Content::Scalar(scalar) => Some(scalar.text.to_string()),
        Content::Sequence(_) | Content::Mapping(_) => None,
    }
}

pub(super) fn list<'n, 't>(node: Option<&'n Node<'t>>) -> &'n [Node<'t>] {
    match node.map(|node| &node.content) {
        Some(Content::Sequence(items)) => items,
        Some(Content::Scalar(_) | Content::Mapping(_)) | None => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_with_what_their_pods_mount() {
        let file = "# comment\n---\nkind: PersistentVolumeClaim\nmetadata: { name: a-data }\n---\nkind: StatefulSet\n\
                    metadata: { name: a }\nspec:\n  template:\n    spec:\n      containers:\n        - image: a:1\n          \
                    volumeMounts: [{ name: data, mountPath: /data }, { name: tmp, mountPath: /tmp }, { name: more, mountPath: \
                    /more }]\n      volumes: [{ name: data, persistentVolumeClaim: { claimName: a-data } }, { name: tmp, \
                    emptyDir: {} }]\n  volumeClaimTemplates: [{ metadata: { name: more } }]\n---\n- odd\n";
        let claim = Object { kind: CLAIM.to_owned(), name: "a-data".to_owned(), ..Object::default() };
        let mounts = [("/data", "a-data"), ("/more", "more")].map(|(path, claim)| (path.to_owned(), claim.to_owned()));
        let set = Object {
            kind: "StatefulSet".to_owned(),
            name: "a".to_owned(),
            mounts: mounts.to_vec(),
            image: Some("a:1".to_owned()),
            ..Object::default()
        };
        assert_eq!((claim.is_claim(), set.is_claim(), set.reference()), (true, false, "statefulset/a".to_owned()));
        assert_eq!(objects(file), [claim, set]);
    }
}
