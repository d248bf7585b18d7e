"""Every command of every document that has one for a real engine: it does and prints what the document says."""

from collections.abc import Callable, Iterator

import documents
import pytest
from documents import REPOSITORY, Reader

from deployment import Deployment


@pytest.fixture
def reader(deploy: Callable[..., Deployment]) -> Iterator[Reader]:
    deployment = deploy(named_by_env=False)
    if deployment.engine.host_of is None:
        pytest.skip("e2e: skipped: on the user's own engine no port is published")
    reader = Reader(deployment)
    yield reader
    reader.leave()


@pytest.mark.parametrize("name", documents.documents())
def test_docs(reader: Reader, name: str) -> None:
    reader.follow(REPOSITORY / name)
