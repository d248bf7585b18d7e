"""The control plane: etcd, API server, controllers, scheduler, and who may log in."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import trustme

from cage import Cage

ADDRESS = "10.84.0.10"
SERVICES = "10.96.0.0/16"
FIRST_SERVICE = "10.96.0.1"
DNS = "10.96.0.10"
PORT = 6443
BRIDGE = "nodes"

# A node that says nothing for so long is lost, and its pods are started elsewhere after the same time again. It is less
# than usual, so that tests do not wait for minutes, and more than a busy machine holds up a heartbeat.
PATIENCE = 20

# Who logs in, with the groups that say what each may do.
USERS = {
    "admin": "system:masters",
    "system:kube-controller-manager": "",
    "system:kube-scheduler": "",
    "system:kube-proxy": "",
    "kube-router": "system:masters",
}


@dataclass(frozen=True)
class Keys:
    """The files of certificates and tokens."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    def kubeconfig(self, user: str) -> Path:
        return self.folder / f"{user.replace(':', '-')}.json"


def keys(folder: Path, nodes: list[str]) -> Keys:
    """Makes an authority, certificates, and a configuration for each user."""
    made = Keys(folder)
    folder.mkdir(mode=0o700)
    authority = trustme.CA(organization_name="tests of codelab-gen")
    authority.cert_pem.write_to_path(made.ca)
    identities = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", FIRST_SERVICE, ADDRESS, "127.0.0.1"]
    issued = {
        "server": authority.issue_cert(*identities),
        # what the API server shows to a kubelet
        "client": authority.issue_cert(
            "kube-apiserver", common_name="kube-apiserver", organization_name="system:masters"
        ),
        "accounts": authority.issue_cert("service-accounts"),
    }
    for name, certificate in issued.items():
        certificate.cert_chain_pems[0].write_to_path(folder / f"{name}.crt")
        certificate.private_key_pem.write_to_path(folder / f"{name}.key")
    users = {**USERS, **{f"system:node:{node}": "system:nodes" for node in nodes}}
    tokens = {user: secrets.token_hex(16) for user in users}
    rows = [f'{tokens[user]},{user},{user},"{groups}"' for user, groups in users.items()]
    folder.joinpath("tokens.csv").write_text("\n".join(rows) + "\n", encoding="ascii")
    for user, token in tokens.items():
        made.kubeconfig(user).write_text(json.dumps(configuration(made.ca, user, token), indent=2), encoding="ascii")
    return made


def configuration(ca: Path, user: str, token: str) -> dict[str, object]:
    """What kubectl and all others find the API server by."""
    cluster = {"server": f"https://{ADDRESS}:{PORT}", "certificate-authority": str(ca)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": user}}],
        "current-context": "tests",
    }


def start(cage: Cage, keys: Keys) -> None:
    """Starts all of it in a network that the nodes can join; returns before it answers."""
    for command in (
        f"ip link add {BRIDGE} type bridge",
        f"ip address add {ADDRESS}/24 dev {BRIDGE}",
        f"ip link set {BRIDGE} up",
    ):
        cage.run(*command.split())
    cage.run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
    etcd = [
        "--data-dir=/run/etcd",
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
    ]
    cage.start("etcd", "etcd", *etcd, "--listen-peer-urls=http://127.0.0.1:2380")
    cage.start("kube-apiserver", "kube-apiserver", *api_server(keys.folder))
    cage.start(
        "kube-controller-manager",
        "kube-controller-manager",
        f"--kubeconfig={keys.kubeconfig('system:kube-controller-manager')}",
        f"--service-account-private-key-file={keys.folder / 'accounts.key'}",
        f"--root-ca-file={keys.ca}",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        f"--node-monitor-grace-period={PATIENCE}s",
        "--node-monitor-period=2s",
        "--cert-dir=/run/controllers",
    )
    scheduler = [f"--kubeconfig={keys.kubeconfig('system:kube-scheduler')}", "--leader-elect=false"]
    cage.start("kube-scheduler", "kube-scheduler", *scheduler, "--cert-dir=/run/scheduler")


def api_server(folder: Path) -> list[str]:
    return [
        "--etcd-servers=http://127.0.0.1:2379",
        f"--bind-address={ADDRESS}",
        f"--advertise-address={ADDRESS}",
        f"--secure-port={PORT}",
        f"--tls-cert-file={folder / 'server.crt'}",
        f"--tls-private-key-file={folder / 'server.key'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        f"--client-ca-file={folder / 'ca.crt'}",
        f"--kubelet-client-certificate={folder / 'client.crt'}",
        f"--kubelet-client-key={folder / 'client.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--service-account-key-file={folder / 'accounts.key'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--service-cluster-ip-range={SERVICES}",
        "--allow-privileged=true",
        # Webhooks are called by the address of a pod: no kube-proxy runs in the control plane's network.
        "--enable-aggregator-routing=true",
        f"--default-not-ready-toleration-seconds={PATIENCE}",
        f"--default-unreachable-toleration-seconds={PATIENCE}",
    ]
