"""``make docs``: the guides as a site, without a warning and without another host."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.support.markdown import ROOT
from tests.support.require import LONG

pytestmark = LONG

# Attributes that a browser fetches by itself; an address in ``a`` is only followed.
FETCHED = {"script": "src", "link": "href", "img": "src", "source": "src", "iframe": "src"}


class Resources(HTMLParser):
    """Addresses that a page makes a browser fetch, and whether a foreign library draws it."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.drawn = False
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in FETCHED and (address := given.get(FETCHED[tag])):
            self.addresses.append(address)
        # Material would load Mermaid from elsewhere.
        self.drawn |= "mermaid" in (given.get("class") or "").split()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-d", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert built.returncode == 0 and not built.stderr, built.stderr
    return folder


def test_every_guide_is_a_page_in_the_navigation(site: Path) -> None:
    guides = {one.stem for one in (ROOT / "docs").glob("*.md") if not one.stem.startswith("README")}
    navigation = (site / "index.html").read_text(encoding="utf-8")
    assert guides and {one for one in guides if f'href="{one}/"' not in navigation} == set()
    assert (site / "README.zh-CN" / "index.html").exists()
    assert (site / "runbooks" / "zh" / "index.html").exists()


def test_nothing_is_fetched_from_another_host(site: Path) -> None:
    pages = [Resources(page) for page in site.rglob("*.html")]
    assert len(pages) > 60 and not any(page.drawn for page in pages)
    fetched = {address for page in pages for address in page.addresses}
    assert fetched and {one for one in fetched if re.match(r"(\w+:)?//", one)} == set()
    styles = "".join(one.read_text(encoding="utf-8") for one in site.rglob("*.css"))
    assert re.findall(r"url\((?:\w+:)?//[^)]*\)", styles) == []
    assert (site / "search" / "search_index.json").stat().st_size > 100_000
