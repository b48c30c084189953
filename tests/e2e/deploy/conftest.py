"""The topology of production, for tests that leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.cluster import Cluster


@pytest.fixture(scope="package")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """All of it, without Prometheus, which nobody here asks."""
    with Cluster(tmp_path_factory.mktemp("cluster"), prometheus=False) as cluster:
        yield cluster
