"""Chromium for tests of pages, watched for everything that a page must not do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

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
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        missing("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Watch:
    """What a page did that it must not do."""

    def __init__(self, page: Page, origin: str) -> None:
        self.console: list[str] = []
        self.errors: list[str] = []
        self.elsewhere: list[str] = []
        self._origin = origin
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._see)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.console.append(message.text)

    def _see(self, request: Request) -> None:
        if not request.url.startswith(f"{self._origin}/"):
            self.elsewhere.append(request.url)

    def assert_quiet(self) -> None:
        """No console error (a violation of the content policy is one), no other host."""
        found = (self.console, self.errors, self.elsewhere)
        assert found == ([], [], []), found


@contextmanager
def watched_page(browser: Browser, origin: str, **options: Any) -> Iterator[tuple[Page, Watch]]:
    """A page of a fresh profile; the options are those of ``Browser.new_context``."""
    context = browser.new_context(**options)
    try:
        page = context.new_page()
        yield page, Watch(page, origin)
    finally:
        context.close()


def screenshot(page: Page, name: str) -> None:
    """Keep a picture of the whole page under ``build/screenshots``."""
    os.makedirs(SCREENSHOTS, exist_ok=True)
    page.screenshot(path=str(SCREENSHOTS / f"{name}.png"), full_page=True)
