"""Random profiles: whatever codelab-gen makes of one, the API server takes, with all that it checks and fills in."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from random_profiles import profile

from cluster import Cluster
from namespace import Namespace
from release import Release

LONG = os.environ.get("CODELAB_GEN_LONG") == "1"
COUNT = 300 if LONG else 30


@pytest.mark.always
@pytest.mark.usefixtures("operator")
def test_the_api_server_takes_what_is_made_of_a_random_profile(
    cluster: Cluster, namespaces: Callable[[], Namespace], binary: Path, tmp_path: Path
) -> None:
    restricted = namespaces()
    refused: dict[int, str] = {}
    taken, faults = 0, []
    for number in range(COUNT):
        root = tmp_path / str(number)
        root.mkdir()
        release = Release(restricted, binary, root)
        release.write_profile("random", profile(number))
        done = release.attempt("--profile", "random")
        if done.returncode == 3:
            refused[number] = done.stderr
            continue
        assert done.returncode == 0, f"profile {number}: {done.stdout}{done.stderr}"
        applied = restricted.finish(["kubectl", "apply", "--dry-run=server", "-k", str(release.manifests)], cwd=root)
        taken += 1
        if applied.returncode != 0 or "Warning" in applied.stderr:
            faults.append(f"profile {number}: {applied.stderr}")
    print(*refused.items(), sep="\n")
    assert faults == []
    assert taken >= COUNT * 2 // 3, "most random profiles are right"
