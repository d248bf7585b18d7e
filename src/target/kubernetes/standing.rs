//! Knows which objects manifests of ours make, and which claim a pod has where. Must not know what they should be.

use crate::yaml::{self, Content, Node};

/// What stands between two objects of a file.
const BETWEEN: &str = "\n---\n";

/// The kind of a volume's claim.
const CLAIM: &str = "PersistentVolumeClaim";

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    /// Its kind, as written.
    pub(super) kind: String,
    pub(super) name: String,
    /// The claims that its pods mount, each with the folder.
    pub(super) mounts: Vec<(String, String)>,
    /// The image of its first container.
    pub(super) image: Option<String>,
}

impl Object {
    /// How kubectl takes it.
    pub(super) fn reference(&self) -> String {
        format!("{}/{}", self.kind.to_ascii_lowercase(), self.name)
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
    let image = pod.and_then(|pod| list(at(pod, &["containers"])).first().and_then(|first| text(first, "image")));
    Some(Object {
        kind: text(root, "kind")?,
        name: text(at(root, &["metadata"])?, "name")?,
        mounts: pod.map(|pod| mounts(root, pod)).unwrap_or_default(),
        image,
    })
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
fn at<'n, 't>(node: &'n Node<'t>, keys: &[&str]) -> Option<&'n Node<'t>> {
    keys.iter().try_fold(node, |node, key| match &node.content {
        Content::Mapping(entries) => entries.iter().find(|entry| entry.key == *key).map(|entry| &entry.value),
        Content::Scalar(_) | Content::Sequence(_) => None,
    })
}

fn text(node: &Node<'_>, key: &str) -> Option<String> {
    match &at(node, &[key])?.content {
        Content::Scalar(scalar) => Some(scalar.text.to_string()),
        Content::Sequence(_) | Content::Mapping(_) => None,
    }
}

fn list<'n, 't>(node: Option<&'n Node<'t>>) -> &'n [Node<'t>] {
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
        let claim = Object { kind: CLAIM.to_owned(), name: "a-data".to_owned(), mounts: Vec::new(), image: None };
        let mounts = [("/data", "a-data"), ("/more", "more")].map(|(path, claim)| (path.to_owned(), claim.to_owned()));
        let set = Object {
            kind: "StatefulSet".to_owned(),
            name: "a".to_owned(),
            mounts: mounts.to_vec(),
            image: Some("a:1".to_owned()),
        };
        assert_eq!((claim.is_claim(), set.is_claim(), set.reference()), (true, false, "statefulset/a".to_owned()));
        assert_eq!(objects(file), [claim, set]);
    }
}
