"""One started application and one browser for the tests of the community's pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import ASYNC_MODE
from tests.support.browser import chromium
from tests.support.process import RunningYoto


@pytest.fixture(scope="package")
def yoto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningYoto]:
    """``run.py`` with the demo, as a user starts it."""
    if ASYNC_MODE != "threading":
        pytest.skip("Playwright needs a process that is not monkey-patched")
    app = RunningYoto(tmp_path_factory.mktemp("instance"), YOTO_ASYNC_MODE="eventlet")
    app.wait_for(lambda: app.accounts)
    yield app
    app.stop()


@pytest.fixture(scope="package")
def browser(yoto: RunningYoto) -> Iterator[Browser]:
    # On a machine that is too busy a page is slow, not broken.
    expect.set_options(timeout=15_000)
    with chromium() as found:
        yield found
