"""A started application for tests that come from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.support.process import RunningYoto
from tests.support.require import LONG_FORM, TEST_ALL

PAGES = tuple(f"{Path(__file__).parent / suite}/" for suite in ("community", "control"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In a usual run the browser walks one journey a page; all else there is the long form."""
    if TEST_ALL:
        return
    for item in items:
        if str(item.path).startswith(PAGES) and not item.get_closest_marker("journey"):
            item.add_marker(pytest.mark.skip(reason=LONG_FORM))


@pytest.fixture(scope="module")
def running_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningYoto]:
    """``run.py`` on embedded defaults with the demo, shared by the tests of a module."""
    app = RunningYoto(tmp_path_factory.mktemp("instance"))
    app.wait_for(lambda: app.url)
    yield app
    app.stop()


@pytest.fixture
def neighbour(running_app: RunningYoto) -> Iterator[Flask]:
    """Another process of the same installation: this one, where code and commands run."""
    from app import close_app, create_app

    assert running_app.accounts
    app = create_app("development", instance_path=str(running_app.instance))
    yield app
    close_app(app)
