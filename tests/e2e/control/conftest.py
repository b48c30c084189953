"""One started application and one browser for the tests of all pages.

Tests leave the application as they found it: what they set, they take back.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from tests.conftest import ASYNC_MODE
from tests.support.browser import chromium
from tests.support.load import Load
from tests.support.process import ROOT, RunningYoto
from tests.support.require import missing

# On a machine that is too busy Redis is slow, not lost.
PATIENT_WITH_REDIS = {"YOTO_REDIS_SOCKET_TIMEOUT": "1.0", "YOTO_REDIS_CONNECT_TIMEOUT": "1.0"}


@pytest.fixture(scope="package", autouse=True)
def unpatched() -> None:
    """Playwright needs a process that is not monkey-patched."""
    if ASYNC_MODE != "threading":
        pytest.skip("Playwright needs a process that is not monkey-patched")


@pytest.fixture(scope="package")
def yoto(unpatched: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningYoto]:
    """``run.py`` with the demo, as a user starts it."""
    app = RunningYoto(
        tmp_path_factory.mktemp("instance"),
        YOTO_ASYNC_MODE="eventlet",
        # The receivers of webhooks are tests on this machine.
        YOTO_ALERT_WEBHOOK_ALLOW_INTERNAL="true",
        **PATIENT_WITH_REDIS,
    )
    app.wait_for(lambda: app.accounts)
    yield app
    app.stop()


@pytest.fixture(scope="package")
def neighbour(yoto: RunningYoto) -> Iterator[Flask]:
    """Another process of the same installation: this one. Its handlers and locks are the tests'."""
    from app import close_app, create_app

    app = create_app("development", instance_path=str(yoto.instance))
    yield app
    close_app(app)


@pytest.fixture(scope="module")
def busy(yoto: RunningYoto) -> Iterator[RunningYoto]:
    """The application with people who use it, in the tests of a module."""
    if not (ROOT / "yoto/control_plane/static/vendor/uplot.js").is_file():
        missing("what draws charts is not installed (make charts)")
    with Load(yoto):
        yield yoto


@pytest.fixture(scope="package")
def browser(unpatched: None) -> Iterator[Browser]:
    # On a machine that is too busy a page is slow, not broken.
    expect.set_options(timeout=15_000)
    with chromium() as found:
        yield found
