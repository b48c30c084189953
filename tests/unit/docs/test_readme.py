"""The READMEs lead to everything: to each guide, each event and each other's examples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from yoto.events import registered_types

ROOT = Path(__file__).parents[3]
READMES = ("README.md", "README.zh-CN.md")
PICTURE_BYTES = 150_000
# Badges of workflows are on the site that shows the README, two levels above its files.
LINK = re.compile(r"\]\((?!https?:|\.\./\.\./actions/)([^)#]+)(?:#[^)]*)?\)")


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def linked(path: Path) -> set[Path]:
    """The files of the repository that a page links to."""
    found = LINK.findall(path.read_text(encoding="utf-8"))
    return {(path.parent / target).resolve() for target in found}


@pytest.mark.parametrize("readme", READMES)
def test_every_guide_is_linked(readme: str) -> None:
    guides = set((ROOT / "docs").glob("*.md"))
    assert guides <= linked(ROOT / readme)


def test_every_picture_is_shown_somewhere_and_small() -> None:
    pages = [ROOT / readme for readme in READMES] + sorted((ROOT / "docs").rglob("*.md"))
    pictures = set((ROOT / "docs" / "images").iterdir())
    assert pictures <= set().union(*map(linked, pages))
    assert all(picture.stat().st_size < PICTURE_BYTES for picture in pictures)


@pytest.mark.parametrize("page", [*READMES, "CONTRIBUTING.md", "docs"])
def test_every_link_leads_somewhere(page: str) -> None:
    path = ROOT / page
    for file in path.rglob("*.md") if path.is_dir() else [path]:
        assert [target for target in linked(file) if not target.exists()] == [], file


def test_the_chinese_readme_says_what_the_english_one_does() -> None:
    """Names of settings, commands and functions are the same in both languages."""
    for names in (
        r"`(YOTO_\w+)`",
        r"^    flask --app app (\w+ [\w-]+)",
        r"\b(permissions\.\w+)\(",
        r"^@(\w+)\(",
    ):
        english, chinese = (set(re.findall(names, text(one), re.MULTILINE)) for one in READMES)
        assert english == chinese


def test_every_event_is_told_of() -> None:
    guide = text("docs/events.md")
    ours = ("app.", "yoto.")
    types = {name for name, cls in registered_types().items() if cls.__module__.startswith(ours)}
    assert types
    assert [name for name in types if name not in guide] == []
