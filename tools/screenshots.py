"""Pictures every page of the control plane: ``python -m tools.screenshots [KEY...]``.

Starts the application with its demo, people who use it, and Chromium; writes
``build/screenshots/<page>-<theme>-<language>-<width>.png``. Chinese needs a font that has it, such
as Debian's package ``fonts-wqy-zenhei``.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from app.blueprints.control_plane.navigation import PAGES
from tests.support.browser import SCREENSHOTS, chromium, screenshot
from tests.support.control_pages import sign_in
from tests.support.load import Load
from tests.support.process import RunningYoto

THEMES, LANGUAGES, SIZES = ("light", "dark"), ("en", "zh"), ((1280, 800), (390, 844))
DRAWN = 1_500  # ms after the last request that a page needs to draw what it got


def main(arguments: Sequence[str]) -> int:
    """Take the pictures; the exit code."""
    known = ["sign-in", "status", *(page.key for page in PAGES)]
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    parser.add_argument("keys", nargs="*", metavar="KEY", help=f"of {', '.join(known)}; all")
    parser.add_argument("--seconds", type=float, default=45.0, help="of load before the first")
    options = parser.parse_args(arguments)
    wrong = set(options.keys) - set(known)
    if wrong:
        parser.error(f"there is no page {', '.join(sorted(wrong))}")
    paths = {"sign-in": "/sign-in", "status": "/status", **{one.key: one.path for one in PAGES}}
    wanted = {key: paths[key] for key in options.keys or known}
    with tempfile.TemporaryDirectory() as folder:
        yoto = RunningYoto(Path(folder), "--workers", "2", YOTO_ASYNC_MODE="eventlet")
        try:
            yoto.wait_for(lambda: yoto.accounts and yoto.url)
            with Load(yoto), chromium() as browser:
                take(browser, yoto, wanted, options.seconds)
        finally:
            yoto.stop()
    print(f"pictures are in {SCREENSHOTS}")
    return 0


def take(browser: Browser, yoto: RunningYoto, paths: dict[str, str], seconds: float) -> None:
    """Visit each page in each theme, language and width."""
    waited = False
    for theme, language, (width, height) in itertools.product(THEMES, LANGUAGES, SIZES):
        context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB")
        page = context.new_page()
        if not waited:
            page.wait_for_timeout(seconds * 1000)
            waited = True
        page.goto(f"{yoto.url}/control/sign-in?theme={theme}&lang={language}")
        name = f"{theme}-{language}-{width}"
        if "sign-in" in paths:
            screenshot(page, f"sign-in-{name}")
        sign_in(page, yoto, path="/status")
        for key, path in paths.items():
            if key != "sign-in":
                visit(page, f"{yoto.url}/control{path}")
                screenshot(page, f"{key}-{name}")
        context.close()


def visit(page: Page, address: str) -> None:
    """Open a page and wait until it has drawn what it shows first."""
    page.goto(address)
    # No function to wait for: the page's content policy lets nobody evaluate text.
    expect(page.locator(".skeleton")).to_have_count(0, timeout=20_000)
    page.wait_for_timeout(DRAWN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
