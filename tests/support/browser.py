"""Chromium for tests of pages, watched for everything that a page must not do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.support.require import missing

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
# Chromium refuses its sandbox to root, and must not call home during a test.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    # Both are the same engine; the first has no windows, which take half of the other's time.
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    executable = next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        missing("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Watch:
    """Acts of the pages of a browser's context that they must not do."""

    def __init__(self, context: BrowserContext, origin: str, allowed: Sequence[str] = ()) -> None:
        self.console: list[str] = []
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        self._allowed = list(allowed)
        self._origins = (f"{origin}/", f"ws{origin.removeprefix('http')}/")
        context.on("console", self._hear)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("request", lambda request: self._see(request.url))
        context.on("page", lambda page: page.on("websocket", lambda one: self._see(one.url)))

    def allow(self, *texts: str) -> None:
        """Allow console messages with one of these texts, as part of what the test is about."""
        self._allowed += texts

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            self.console.append(f"{message.text} ({where})")

    def _see(self, url: str) -> None:
        if not url.startswith(self._origins):
            self.elsewhere.append(url)

    def assert_quiet(self) -> None:
        """No console error (a violation of the content policy is one), no other host."""
        said = [text for text in self.console if not any(one in text for one in self._allowed)]
        found = (said, self.errors, self.elsewhere)
        assert found == ([], [], []), found


@contextmanager
def watched_page(
    browser: Browser, origin: str, allowed: Sequence[str] = (), **options: Any
) -> Iterator[tuple[Page, Watch]]:
    """A page of a fresh profile, which must have been quiet when it is left.

    Args:
        allowed: parts of texts that may be in the console nevertheless.
        options: those of ``Browser.new_context``.
    """
    context = browser.new_context(**options)
    watch = Watch(context, origin, allowed)
    try:
        yield context.new_page(), watch
        watch.assert_quiet()
    finally:
        context.close()


def screenshot(page: Page, name: str) -> None:
    """Keep a picture of the whole page under ``build/screenshots``."""
    os.makedirs(SCREENSHOTS, exist_ok=True)
    page.screenshot(path=str(SCREENSHOTS / f"{name}.png"), full_page=True)
