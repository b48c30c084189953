"""Pictures all pages, operators' and communities': ``python -m tools.screenshots [KEY...]``.

Starts the application with its demo, people who use it, and Chromium; writes
``build/screenshots/<page>-<theme>-<language>-<width>.png``, or, with ``--docs``, the pictures of
guides show into ``docs/images``. Fails if axe finds something, or a page has an error in its
console or asks another host. Chinese needs a font that has it, such as Debian's package
``fonts-wqy-zenhei``.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, expect

from tests.support.browser import SCREENSHOTS, chromium, watched_page
from tests.support.community_pages import enter
from tests.support.control_pages import assert_accessible, sign_in
from tests.support.load import Load
from tests.support.process import RunningYoto
from tools.screenshots.happenings import Happenings, again_and_again, neighbour
from tools.screenshots.scenes import DOCUMENTED, OPERATOR, SCENES, SIGNED_OUT, Scene

THEMES, LANGUAGES, WIDTHS = ("light", "dark"), ("en", "zh"), (1280, 390)
HEIGHTS = {1280: 800, 390: 844}
IMAGES = Path(__file__).parents[2] / "docs" / "images"
# A browser's own notice of a response that a scene is about, or of one that may be missing.
ALLOWED = ("/runbooks/none",)
LISTENS, START_SECONDS = "Yoto listens on ", 180.0
QUALITY = 90  # of a picture in docs/images, of 100
DRAWN = 1_000  # ms after the last request that a page needs to draw what it got


def main(arguments: Sequence[str]) -> int:
    """Take the pictures; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    parser.add_argument("keys", nargs="*", metavar="KEY", help=f"of {', '.join(SCENES)}; all")
    parser.add_argument("--seconds", type=float, default=45.0, help="of load before the first")
    parser.add_argument("--docs", action="store_true", help="only what READMEs and guides show")
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=THEMES)
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=LANGUAGES)
    parser.add_argument("--widths", nargs="+", type=int, choices=WIDTHS, default=WIDTHS)
    options = parser.parse_args(arguments)
    wrong = set(options.keys) - SCENES.keys()
    if wrong:
        parser.error(f"there is no page {', '.join(sorted(wrong))}")
    with (
        tempfile.TemporaryDirectory() as folder,
        started(Path(folder)) as yoto,
        Load(yoto),
        chromium() as browser,
        Gallery(browser, yoto) as gallery,
    ):
        gallery.fill(options.seconds)
        if options.docs:
            gallery.take_documented()
        else:
            views = itertools.product(options.languages, options.widths)
            for language, width in views:
                gallery.take(options.keys or SCENES, language, width, options.themes)
    print(f"pictures are in {IMAGES if options.docs else SCREENSHOTS}")
    print(*gallery.faults, sep="\n")
    return 1 if gallery.faults else 0


@contextmanager
def started(folder: Path) -> Iterator[RunningYoto]:
    """The application with its demo; the neighbour is its second worker."""
    yoto = RunningYoto(folder, YOTO_ASYNC_MODE="eventlet")
    try:
        yoto.wait_for(lambda: yoto.accounts and LISTENS in yoto.output, START_SECONDS)
        yield yoto
    finally:
        yoto.stop()


class Gallery:
    """A page of each person who looks, and the pictures that are taken there."""

    def __init__(self, browser: Browser, yoto: RunningYoto) -> None:
        self._browser, self._yoto = browser, yoto
        self._pages: dict[str, Page] = {}
        self._known: dict[str, str] = {}
        self._stack = ExitStack()
        self.faults: list[str] = []

    def __enter__(self) -> Gallery:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def fill(self, seconds: float) -> None:
        """Make things happen that the pictures show."""
        self._stack.enter_context(neighbour(self._yoto))
        happenings = Happenings(self._yoto, self._page_of(OPERATOR))
        self._stack.enter_context(again_and_again(happenings))
        self._known = happenings.come_about()
        self._page_of(OPERATOR).wait_for_timeout(seconds * 1000)

    def take(
        self, keys: Iterable[str], language: str, width: int, themes: Sequence[str] = THEMES
    ) -> None:
        """Pictures of all that ``keys`` name, into the folder that is not committed."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        for key in keys:
            name = f"{key}-{{}}-{language}-{width}"
            try:
                page = self._show(SCENES[key], language, width)
                for theme in themes:
                    self._dress(page, theme)
                    path = str(SCREENSHOTS / f"{name.format(theme)}.png")
                    page.screenshot(path=path, full_page=SCENES[key].whole)
                    assert_accessible(page)
            except (AssertionError, Error) as fault:
                self.faults.append(f"{name.format('*')}: {fault}")

    def take_documented(self) -> None:
        """Take the pictures of READMEs and guides: one screen each."""
        IMAGES.mkdir(parents=True, exist_ok=True)
        for name, (key, theme, language) in DOCUMENTED.items():
            page = self._show(SCENES[key], language, WIDTHS[0])
            self._dress(page, theme)
            # A third of the size of a PNG, the only lossless format that Playwright makes.
            session = page.context.new_cdp_session(page)
            taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
            (IMAGES / name).write_bytes(b64decode(taken["data"]))

    def _show(self, scene: Scene, language: str, width: int) -> Page:
        """The page of a scene, as soon as it has drawn its first contents."""
        page = self._page_of(scene.by)
        page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        path = scene.path.format(**self._known)
        mark = "&" if "?" in path else "?"
        page.goto(f"{self._yoto.url}{path}{mark}lang={language}")
        # Without a function to wait for: the page's content policy forbids evaluating text.
        expect(page.locator(".skeleton")).to_have_count(0, timeout=60_000)
        page.wait_for_timeout(DRAWN)
        if scene.open is not None:
            scene.open(page)
            page.wait_for_timeout(DRAWN)
        return page

    def _page_of(self, who: str) -> Page:
        """The page of a person, signed in if the scene wants it."""
        if who not in self._pages:
            one = watched_page(self._browser, self._yoto.url, ALLOWED, locale="en-GB")
            page, _ = self._stack.enter_context(one)
            if who == OPERATOR:
                sign_in(page, self._yoto, path="/status")
            elif who != SIGNED_OUT:
                enter(page, self._yoto, who)
            self._pages[who] = page
        return self._pages[who]

    def _dress(self, page: Page, theme: str) -> None:
        """Show the page in the theme that the viewer's system would ask for."""
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        page.wait_for_timeout(DRAWN / 4)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
