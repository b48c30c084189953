"""Pages in Markdown as GitHub shows them: their links, their anchors, their blocks of code."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
ABOUT_THE_PROJECT = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "CODE_OF_CONDUCT.md")

_FENCED = re.compile(r"^(?P<fence>```+|~~~+).*?^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_ANCHOR = re.compile(r'<a (?:id|name)="([^"]+)"')
# Badges of workflows, and private reports, are on the site that shows the repository, two levels
# above its files.
_OF_THE_SITE = ("../../actions/", "../../security/")


class Link(NamedTuple):
    """Where a page leads: a file or a folder of the repository, and a place in it or ''."""

    path: Path
    anchor: str


def pages() -> list[Path]:
    """Every page for readers, the READMEs first."""
    docs = sorted((ROOT / "docs").rglob("*.md"))
    examples = sorted((ROOT / "examples").glob("*/README.md"))
    return [*(ROOT / one for one in (*READMES, *ABOUT_THE_PROJECT)), *docs, *examples]


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


def targets(page: Path) -> list[str]:
    """The target in the brackets of each link and picture."""
    return _LINK.findall(_CODE.sub("", prose(page)))


def links(page: Path) -> list[Link]:
    """Each link of a page to something of the repository."""
    found = []
    for target in targets(page):
        if not re.match(r"[a-z]+:", target) and not target.startswith(_OF_THE_SITE):
            name, _, anchor = target.partition("#")
            path = (page.parent / unquote(name)).resolve() if name else page
            found.append(Link(path, unquote(anchor)))
    return found


def anchors(page: Path) -> set[str]:
    """The places of a page that a link may name: its headings as GitHub spells them."""
    text = prose(page)
    found = set(_ANCHOR.findall(text))
    for heading in _HEADING.findall(text):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        name, again = slug, 0
        while name in found:
            again += 1
            name = f"{slug}-{again}"
        found.add(name)
    return found


class Block(NamedTuple):
    """A block of code of a page, with what the comment right before it says, or ''."""

    page: str
    line: int
    language: str
    text: str
    comment: str


_BLOCK = re.compile(
    r"^(?P<indent> *)(?:<!-- (?P<comment>[^\n]+) -->\n(?P=indent))?```(?P<language>\w+)\n"
    r"(?P<text>.*?)^(?P=indent)```[ \t]*$",
    re.MULTILINE | re.DOTALL,
)


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page that name a language."""
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(ROOT).as_posix()
    return [
        Block(
            name,
            text.count("\n", 0, hit.start("text")),
            hit["language"],
            textwrap.dedent(hit["text"]),
            hit["comment"] or "",
        )
        for hit in _BLOCK.finditer(text)
    ]
