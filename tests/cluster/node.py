"""A node: containerd, kubelet, kube-proxy and kube-router in a cage of its own within that of the cluster.

It has its own process, mount and network namespace. `/run`, `/var/lib` and `/var/log` are its own too, so its programs
use the paths that they always use. Killing its first process ends everything in it: that is how a node is lost.
"""

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import machine

import control
from cage import STOP_TIMEOUT, Cage, children, make_group

PLUGINS = "/usr/lib/cni"
ETC_SYSCTLS = {
    # What the kubelet wants the kernel to have. It reads it here, and so leaves the machine's own settings as they are.
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}

# Run by sh in the new namespaces, with the folder of the node's own, and a folder of containerd with the images. Of
# those it has a description of its own, and the contents as they are.
FIRST = """
set -e
own=/var/lib/containerd content=io.containerd.content.v1.content layers=io.containerd.snapshotter.v1.overlayfs
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/lib
mount --make-rshared /
mkdir -p /run/netns /var/lib/containerd /var/lib/kubelet
for folder in lib/containerd lib/kubelet log; do
  mkdir -p "$1/$folder"
  mount --bind "$1/$folder" "/var/$folder"
done
if [ ! -d "$own/$content" ]; then
  mkdir -p "$own/$content/blobs" "$own/$content/ingest" "$own/$layers/snapshots"
  cp -a "$2/io.containerd.metadata.v1.bolt" "$own"
  cp -a "$2/$layers/metadata.db" "$own/$layers"
fi
mount --bind "$2/$content/blobs" "$own/$content/blobs"
mount -o remount,bind,ro "$own/$content/blobs"
for layer in "$2/$layers/snapshots"/*/; do
  here=$own/$layers/snapshots/$(basename "$layer")
  mkdir -p "$here/fs" "$here/work"
  mount --bind "$layer/fs" "$here/fs"
  mount -o remount,bind,ro "$here/fs"
done
cd "$1/sysctl"
find . -type f | while read -r setting; do
  [ ! -e "/proc/sys/$setting" ] || mount --bind "$setting" "/proc/sys/$setting"
done
cd /
containerd --config "$1/containerd.toml" >>"$1/log/containerd.log" 2>&1 &
touch "$1/began"
wait
"""


@dataclass
class Node:
    """One of the cluster's nodes, running or lost."""

    cage: Cage
    folder: Path
    name: str
    number: int
    images: Path  # a folder of containerd that has them

    @property
    def address(self) -> str:
        return f"10.84.0.{10 + self.number}"

    @property
    def pods(self) -> str:
        return f"10.85.{self.number}.0/24"

    def prepare(self, sandbox: str, ca: Path) -> None:
        """Writes what its programs read."""
        self.folder.mkdir()
        for path, value in ETC_SYSCTLS.items():
            setting = self.folder / "sysctl" / path
            setting.parent.mkdir(parents=True, exist_ok=True)
            setting.write_text(f"{value}\n", encoding="ascii")
        group = make_group(self.cage.folder.name, self.name)
        settings = containerd("/var/lib/containerd", self.folder / "cni", sandbox)
        self.folder.joinpath("containerd.toml").write_text(settings, encoding="ascii")
        self.folder.joinpath("kubelet.json").write_text(json.dumps(self.kubelet(group, ca), indent=2), encoding="ascii")
        network = self.folder / "cni"
        network.mkdir()
        network.joinpath("10-pods.conflist").write_text(json.dumps(self.pod_network(), indent=2), encoding="ascii")

    def join(self, others: list["Node"]) -> None:
        """Makes its network, which stays when the node is lost, as cables do."""
        outside, inside = f"to-{self.name}", "eth0"
        for command in (
            f"ip netns add {self.name}",
            f"ip link add {outside} type veth peer name {inside} netns {self.name}",
            f"ip link set {outside} master {control.BRIDGE} up",
            f"ip route add {self.pods} via {self.address}",
        ):
            self.cage.run(*command.split())
        for command in (
            "ip link set lo up",
            f"ip address add {self.address}/24 dev {inside}",
            f"ip link set {inside} up",
            f"ip route add default via {control.ADDRESS}",
            *(f"ip route add {other.pods} via {other.address}" for other in others),
        ):
            self.cage.run(*command.split(), network=self.name)
        # Without the second the rules of kube-proxy and kube-router do not see what goes from pod to pod on one node.
        for setting in ("ipv4/ip_forward", "bridge/bridge-nf-call-iptables"):
            self.cage.run("sh", "-c", f"echo 1 >/proc/sys/net/{setting}", network=self.name)

    def start(self) -> None:
        """Starts its cage with containerd."""
        began = self.folder / "began"
        began.unlink(missing_ok=True)
        kinds = ["--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--propagation", "private"]
        first = ["unshare", *kinds, "sh", "-c", FIRST, "node", str(self.folder), str(self.images)]
        self.cage.start(self.name, *first, by=self.cage.inside(self.name))
        self.cage.until(f"the cage of {self.name}", began.exists)
        self.cage.until(f"containerd of {self.name}", lambda: self.try_run("ctr", "version"))

    def work(self, keys: control.Keys) -> None:
        """Starts what makes it a node of the cluster, where the API server answers already."""
        self.start_program(
            "kubelet",
            f"--config={self.folder / 'kubelet.json'}",
            f"--kubeconfig={keys.kubeconfig(f'system:node:{self.name}')}",
            f"--hostname-override={self.name}",
            f"--node-ip={self.address}",
        )
        self.start_program(
            "kube-proxy",
            f"--kubeconfig={keys.kubeconfig('system:kube-proxy')}",
            f"--hostname-override={self.name}",
            "--proxy-mode=nftables",
            # The kernel has one table of connections for all, which is the machine's.
            "--conntrack-max-per-core=0",
            "--conntrack-tcp-timeout-established=0",
            "--conntrack-tcp-timeout-close-wait=0",
        )

    def guard(self, keys: control.Keys) -> None:
        """Starts what holds NetworkPolicies, where the cluster knows the node already."""
        self.start_program(
            "kube-router",
            f"--kubeconfig={keys.kubeconfig('kube-router')}",
            f"--hostname-override={self.name}",
            "--run-firewall=true",
            "--run-router=false",
            "--run-service-proxy=false",
            f"--service-cluster-ip-range={control.SERVICES}",
            "--health-port=0",
        )

    def start_program(self, program: str, *arguments: str) -> None:
        self.cage.start(f"{self.name}-{program}", program, *arguments, by=self.inside())

    def lose(self) -> None:
        """What a power cut does."""
        gone = {name: process for name, process in self.cage.processes.items() if name.startswith(self.name)}
        os.kill(self.first, signal.SIGKILL)
        for name, process in gone.items():
            process.wait(STOP_TIMEOUT)
            del self.cage.processes[name]

    @property
    def is_guarded(self) -> bool:
        return f"{self.name}-kube-router" in self.cage.processes

    @property
    def is_lost(self) -> bool:
        return self.name not in self.cage.processes

    @property
    def first(self) -> int:
        """Its first process, as the machine numbers it: that of `unshare`, which nsenter has started."""
        pid = self.cage.processes[self.name].pid
        for _ in range(2):
            [pid] = children(pid)
        return pid

    def inside(self) -> list[str]:
        return ["nsenter", f"--target={self.first}", "--mount", "--pid", "--net", "--"]

    def run(self, *command: str | Path) -> str:
        return machine.checked(*self.inside(), "env", f"PATH={self.cage.path}", *command)

    def try_run(self, *command: str) -> bool:
        inside = [*self.inside(), *command]
        return subprocess.run(inside, env={"PATH": self.cage.path}, capture_output=True, check=False).returncode == 0

    def kubelet(self, group: str, ca: Path) -> dict[str, object]:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": self.address,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(ca)},
            },
            "authorization": {"mode": "Webhook"},
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": group,
            "failCgroupV1": False,
            "enforceNodeAllocatable": [],
            "localStorageCapacityIsolation": False,
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
            "clusterDNS": [control.DNS],
            "clusterDomain": "cluster.local",
            "resolvConf": "",
            # The disk and the memory are the machine's: what others fill is no reason to end pods, or to remove images.
            "evictionHard": {"memory.available": "10Mi", "nodefs.available": "10Mi", "imagefs.available": "10Mi"},
            "imageGCHighThresholdPercent": 100,
            "failSwapOn": False,
            "oomScoreAdj": 0,
            "nodeStatusUpdateFrequency": "2s",
            "nodeLeaseDurationSeconds": 12,
            "volumePluginDir": "/var/lib/kubelet/plugins",
        }

    def pod_network(self) -> dict[str, object]:
        return {
            "cniVersion": "1.0.0",
            "name": "pods",
            "plugins": [
                {
                    "type": "bridge",
                    "bridge": "pods",
                    "isGateway": True,
                    # Behind the address of its node a pod could not be told from others.
                    "ipMasq": False,
                    "hairpinMode": True,
                    "ipam": {
                        "type": "host-local",
                        "ranges": [[{"subnet": self.pods}]],
                        "routes": [{"dst": "0.0.0.0/0"}],
                    },
                },
                {"type": "portmap", "capabilities": {"portMappings": True}},
            ],
        }


def containerd(root: Path | str, networks: Path, sandbox: str) -> str:
    """Its configuration. The machine may forbid to make a process safer from a lack of memory than it is."""
    return f"""version = 3
root = "{root}"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri", "io.containerd.internal.v1.tracing"]
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{sandbox}"
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["{PLUGINS}"]
conf_dir = "{networks}"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
BinaryName = "{machine.program("runc")}"
SystemdCgroup = false
"""
