"""What the manifests of a deployment say, read as a cluster reads them.

What this module knows:

* the kubelet puts the values of variables in the place of `$(NAME)` and takes `$$` for a dollar: in values of variables, in
  `command` and `args`, and in the command of a probe (`third_party/forked/golang/expansion` of Kubernetes);
* the rules of the Pod Security Standard `restricted`, as far as any of our manifests could break one;
* whom a NetworkPolicy lets a pod reach, and by whom it is reached: with one that names the pod, what it does not list is denied.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]

# The kinds with pods.
WORKLOADS = ("Deployment", "StatefulSet", "Job", "CronJob")

# Volumes that a pod may have in `restricted`.
ALLOWED_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def objects(folder: Path) -> list[Object]:
    """Every object of every manifest."""
    paths = [path for path in sorted((folder / "kubernetes").glob("*.yaml")) if path.name != "kustomization.yaml"]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return [found for text in texts for found in yaml.safe_load_all(text)]


def named(found: list[Object], kind: str, name: str) -> Object:
    [one] = [each for each in found if each["kind"] == kind and each["metadata"].get("labels", {}).get(NAME) == name]
    return one


NAME = "app.kubernetes.io/name"


def template(workload: Object) -> Object:
    """What a workload makes pods of; a CronJob makes Jobs that do."""
    inner = workload["spec"]["jobTemplate"] if workload["kind"] == "CronJob" else workload
    return inner["spec"]["template"]


def pod(workload: Object) -> Object:
    return template(workload)["spec"]


def pods(found: list[Object]) -> Iterator[tuple[str, Object]]:
    for each in found:
        if each["kind"] in WORKLOADS:
            yield f"{each['kind']} {each['metadata']['name']}", pod(each)


def containers(of: Object) -> list[Object]:
    return [*of.get("initContainers", []), *of["containers"]]


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """A text as the kubelet gives it to a program."""
    made, rest = "", text
    while (at := rest.find("$")) >= 0:
        made, rest = made + rest[:at], rest[at + 1 :]
        if rest.startswith("$"):
            made, rest = made + "$", rest[1:]
        elif rest.startswith("(") and ")" in rest:
            name, rest = rest[1:].split(")", 1)
            made += variables.get(name, f"$({name})")
        else:
            made += "$"
    return made + rest


def environment(container: Object, secrets: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The variables that a program gets, with the Secrets by their names."""
    variables: dict[str, str] = {}
    for variable in container.get("env", []):
        match variable:
            case {"name": name, "value": value}:
                variables[name] = expanded(value, variables)
            case {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}:
                variables[name] = secrets[secret][key]
            case _:
                raise AssertionError(f"another form of a variable: {variable}")
    return variables


def words(container: Object, key: str, variables: Mapping[str, str]) -> list[str] | None:
    return [expanded(word, variables) for word in container[key]] if key in container else None


def broken_rules(of: Object) -> list[str]:
    """The rules of `restricted` that a pod breaks (https://kubernetes.io/docs/concepts/security/pod-security-standards/)."""
    outer = of.get("securityContext", {})
    broken = [f"spec.{key}" for key in ("hostNetwork", "hostPID", "hostIPC") if of.get(key)]
    kinds = [set(volume) - {"name"} for volume in of.get("volumes", [])]
    broken += [f"volume {kind}" for kind in kinds if len(kind) != 1 or not kind <= ALLOWED_VOLUMES]
    if outer.get("runAsUser") == 0 or outer.get("sysctls") or outer.get("windowsOptions") or outer.get("seLinuxOptions"):
        broken.append("spec.securityContext")
    for container in containers(of):
        name, inner = container["name"], container.get("securityContext", {})
        capabilities = inner.get("capabilities", {})
        seccomp = inner.get("seccompProfile", outer.get("seccompProfile", {})).get("type")
        rules = {
            "privileged": not inner.get("privileged", False),
            "allowPrivilegeEscalation": inner.get("allowPrivilegeEscalation") is False,
            "capabilities": capabilities.get("drop") == ["ALL"]
            and set(capabilities.get("add", [])) <= {"NET_BIND_SERVICE"},
            "runAsNonRoot": inner.get("runAsNonRoot", outer.get("runAsNonRoot")) is True,
            "runAsUser": inner.get("runAsUser") != 0,
            "seccompProfile": seccomp in {"RuntimeDefault", "Localhost"},
            "hostPort": not any(port.get("hostPort") for port in container.get("ports", [])),
            "procMount": inner.get("procMount", "Default") == "Default",
        }
        broken += [f"{name}: {rule}" for rule, holds in rules.items() if not holds]
    return broken


def labels(workload: Object) -> dict[str, str]:
    return template(workload)["metadata"]["labels"]


class Network:
    """The policies of a deployment, in a namespace of their own."""

    def __init__(self, found: list[Object]) -> None:
        self.policies = [each["spec"] for each in found if each["kind"] == "NetworkPolicy"]

    def reaches(self, source: Mapping[str, str], target: Mapping[str, str], port: int) -> bool:
        """Whether a pod with these labels reaches a port of another one."""
        out = self._lets(source, "Egress", "to", target, port)
        return out and self._lets(target, "Ingress", "from", source, port)

    def reaches_outside(self, source: Mapping[str, str]) -> bool:
        return self._lets(source, "Egress", "to", None, 443)

    def is_reached_from_outside(self, target: Mapping[str, str], port: int) -> bool:
        return self._lets(target, "Ingress", "from", None, port)

    def _lets(self, own: Mapping[str, str], way: str, key: str, other: Mapping[str, str] | None, port: int) -> bool:
        own_policies = [spec for spec in self.policies if selects(spec["podSelector"], own) and way in spec["policyTypes"]]
        if not own_policies:
            return True
        rules = [rule for spec in own_policies for rule in spec.get(way.lower(), [])]
        return any(self._admits(rule, key, other, port) for rule in rules)

    @staticmethod
    def _admits(rule: Object, key: str, other: Mapping[str, str] | None, port: int) -> bool:
        if "ports" in rule and all(each["port"] != port or each["protocol"] != "TCP" for each in rule["ports"]):
            return False
        if key not in rule:
            return True
        return any(Network._is(peer, other) for peer in rule[key])

    @staticmethod
    def _is(peer: Object, other: Mapping[str, str] | None) -> bool:
        match peer:
            case {"podSelector": selector, **rest} if not rest:
                return other is not None and selects(selector, other)
            case {"namespaceSelector": _, "podSelector": _} | {"ipBlock": {"cidr": "169.254.20.10/32"}}:
                return False
            case _:
                raise AssertionError(f"another form of a peer: {json.dumps(peer)}")


def selects(selector: Object, own: Mapping[str, str]) -> bool:
    assert set(selector) == {"matchLabels"}
    return all(own.get(name) == value for name, value in selector["matchLabels"].items())
