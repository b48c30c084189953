"""The READMEs lead to the index, the index to every guide, and no link leads nowhere."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.markdown import READMES, ROOT, anchors, links, pages, targets
from yoto.events import registered_types

INDEX = ROOT / "docs" / "README.md"
PICTURE_BYTES = 150_000


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def linked(path: Path) -> set[Path]:
    """The files of the repository that a page links to."""
    return {link.path for link in links(path)}


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_is_short_and_leads_to_the_index_of_its_language(readme: str) -> None:
    assert ROOT / "docs" / readme in linked(ROOT / readme)
    assert len(text(readme).splitlines()) < 150


def test_the_index_leads_to_every_guide() -> None:
    docs = ROOT / "docs"
    guides = {guide for guide in docs.glob("*.md") if not guide.name.startswith("README")}
    assert guides and guides | {docs / "adr", docs / "runbooks"} <= linked(INDEX)


def test_every_picture_is_shown_somewhere_and_small() -> None:
    pictures = set((ROOT / "docs" / "images").iterdir())
    assert pictures <= set().union(*map(linked, pages()))
    assert all(picture.stat().st_size < PICTURE_BYTES for picture in pictures)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    found = links(page)
    assert [link for link in found if not link.path.exists()] == []
    to_a_place = [link for link in found if link.anchor]
    assert [link for link in to_a_place if link.anchor not in anchors(link.path)] == []


def test_every_address_outside_is_well_formed() -> None:
    outside = {one for page in pages() for one in targets(page) if re.match("[a-z]+:", one)}
    assert outside
    for address in outside:
        parts = urlsplit(address)
        assert parts.scheme == "mailto" or (parts.scheme == "https" and "." in parts.netloc)


@pytest.mark.parametrize("page", ["README{}.md", "docs/README{}.md"])
def test_the_chinese_page_says_what_the_english_one_does(page: str) -> None:
    """Names of settings, commands and functions are the same in both languages."""
    english, chinese = (text(page.format(language)) for language in ("", ".zh-CN"))
    for names in (
        r"`(YOTO_\w+)`",
        r"flask --app \w+ (\w+ [\w-]+)",
        r"\b(permissions\.\w+)\(",
        r"^@(\w+)\(",
    ):
        both = [set(re.findall(names, one, re.MULTILINE)) for one in (english, chinese)]
        assert both[0] == both[1]


def test_the_chinese_index_has_the_code_and_the_guides_of_the_english_one() -> None:
    both = [ROOT / "docs" / name for name in READMES]
    english, chinese = map(without_comments, both)
    assert english == chinese and english
    # Each leads to the runbooks of its language.
    guides = [set(INDEX.parent.glob("*.md")) & linked(page) for page in both]
    assert guides[0] == guides[1]


def without_comments(page: Path) -> list[str]:
    """The blocks of code of a page, as a shell reads them."""
    blocks = re.findall(r"^```\w+\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    return [re.sub(r" +# .*", "", block) for block in blocks]


def test_every_event_is_told_of() -> None:
    guide = text("docs/events.md")
    ours = ("app.", "yoto.")
    types = {name for name, cls in registered_types().items() if cls.__module__.startswith(ours)}
    assert types
    assert [name for name in types if name not in guide] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_line_of_prose_begins_like_a_heading(page: Path) -> None:
    """Some renderers take a line that begins with "#general" for a heading."""
    prose = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.findall(r"^#+[^#\s].*$", prose, flags=re.MULTILINE) == []
