"""A started application for tests that come from outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.process import RunningYoto


@pytest.fixture(scope="module")
def running_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningYoto]:
    """``run.py`` on embedded defaults with the demo, shared by the tests of a module."""
    app = RunningYoto(tmp_path_factory.mktemp("instance"))
    app.wait_for(lambda: app.url)
    yield app
    app.stop()
