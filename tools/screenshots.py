"""Pictures all pages, operators' and communities': ``python -m tools.screenshots [KEY...]``.

Starts the application with its demo, people who use it, and Chromium; writes
``build/screenshots/<page>-<theme>-<language>-<width>.png``, or, with ``--readme``, what the README
shows into ``docs/images``. Fails if a page has an error in its console or asks another host.
Chinese needs a font that has it, such as Debian's package ``fonts-wqy-zenhei``.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import SCREENSHOTS, chromium, screenshot, watched_page
from tests.support.community_pages import enter
from tests.support.control_pages import sign_in
from tests.support.load import Load
from tests.support.process import RunningYoto
from yoto.control_plane.navigation import PAGES

THEMES, LANGUAGES, SIZES = ("light", "dark"), ("en", "zh"), ((1280, 800), (390, 844))
IMAGES = Path(__file__).parents[1] / "docs" / "images"
# What the README shows: page, theme and language of each picture there.
README_PICTURES = {
    ("overview", "light", "en"): "overview.png",
    ("overview", "light", "zh"): "overview-zh.png",
    ("guards", "dark", "en"): "guards.png",
}
# Pages of the community, as the owner of the demo's first server sees them.
OWNER = "mara"
TABS = "members roles overwrites groups invites bans requests rules audit view-as".split()
COMMUNITY = {
    "communities": "/",
    "community-channels": "/servers/1",
    **{f"community-{tab}": f"/servers/1?tab={tab}" for tab in TABS},
}
DRAWN = 1_500  # ms after the last request that a page needs to draw what it got


def main(arguments: Sequence[str]) -> int:
    """Take the pictures; the exit code."""
    known = ["sign-in", "status", *(page.key for page in PAGES), *COMMUNITY]
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    parser.add_argument("keys", nargs="*", metavar="KEY", help=f"of {', '.join(known)}; all")
    parser.add_argument("--seconds", type=float, default=45.0, help="of load before the first")
    parser.add_argument("--readme", action="store_true", help="only those of the README")
    options = parser.parse_args(arguments)
    wrong = set(options.keys) - set(known)
    if wrong:
        parser.error(f"there is no page {', '.join(sorted(wrong))}")
    paths = {"sign-in": "/sign-in", "status": "/status", **{one.key: one.path for one in PAGES}}
    wanted = {key: (paths | COMMUNITY)[key] for key in options.keys or known}
    with tempfile.TemporaryDirectory() as folder:
        yoto = RunningYoto(Path(folder), "--workers", "2", YOTO_ASYNC_MODE="eventlet")
        try:
            yoto.wait_for(lambda: yoto.accounts and yoto.url)
            with Load(yoto), chromium() as browser:
                if options.readme:
                    take_for_readme(browser, yoto, options.seconds)
                else:
                    take(browser, yoto, wanted, options.seconds)
        finally:
            yoto.stop()
    print(f"pictures are in {IMAGES if options.readme else SCREENSHOTS}")
    return 0


def take(browser: Browser, yoto: RunningYoto, paths: dict[str, str], seconds: float) -> None:
    """Visit each page in each theme, language and width."""
    waited = False
    for theme, language, (width, height) in itertools.product(THEMES, LANGUAGES, SIZES):
        size = {"width": width, "height": height}
        with watched_page(browser, yoto.url, viewport=size, locale="en-GB") as (page, _):
            if not waited:
                page.wait_for_timeout(seconds * 1000)
                waited = True
            page.goto(f"{yoto.url}/control/sign-in?theme={theme}&lang={language}")
            name = f"{theme}-{language}-{width}"
            if "sign-in" in paths:
                screenshot(page, f"sign-in-{name}")
            sign_in(page, yoto, path="/status")
            for key, path in paths.items():
                if key != "sign-in" and key not in COMMUNITY:
                    visit(page, f"{yoto.url}/control{path}")
                    screenshot(page, f"{key}-{name}")
            if COMMUNITY.keys() & paths.keys():
                enter(page, yoto, OWNER, f"/?theme={theme}&lang={language}")
            for key in COMMUNITY.keys() & paths.keys():
                visit(page, yoto.url + COMMUNITY[key])
                screenshot(page, f"{key}-{name}")


def take_for_readme(browser: Browser, yoto: RunningYoto, seconds: float) -> None:
    """One screen of what the README shows."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    size = {"width": 1280, "height": 800}
    with watched_page(browser, yoto.url, viewport=size, locale="en-GB") as (page, _):
        page.wait_for_timeout(seconds * 1000)
        sign_in(page, yoto, path="/status")
        paths = {one.key: one.path for one in PAGES}
        for (key, theme, language), name in README_PICTURES.items():
            visit(page, f"{yoto.url}/control{paths[key]}?theme={theme}&lang={language}")
            page.screenshot(path=str(IMAGES / name))


def visit(page: Page, address: str) -> None:
    """Open a page and wait until it has drawn what it shows first."""
    page.goto(address)
    # No function to wait for: the page's content policy lets nobody evaluate text.
    expect(page.locator(".skeleton")).to_have_count(0, timeout=20_000)
    page.wait_for_timeout(DRAWN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
