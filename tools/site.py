"""The parts of the guides' site beside ``docs/``, and its navigation: a hook of MkDocs.

Pages are written for readers who have the code beside them. The site has no code: links to it lose
their address and keep their words, and the pages from elsewhere in the repository come in.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
INDEX, CHINESE = "README.md", "README.zh-CN.md"
# Pages outside docs/, with their names on the site.
ELSEWHERE = {
    INDEX: "yoto.md",
    CHINESE: "yoto.zh-CN.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "deploy/README.md": "deploy/README.md",
}
FOLDERS = ("adr", "runbooks", "runbooks/zh")
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^(```+).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"- \[([^\]]+)\]\(([^)#]+)")
_COMMENT = re.compile(r"<!-- run by \S+ -->\n")


def _elsewhere() -> dict[str, str]:
    examples = (ROOT / "examples").glob("*/README.md")
    found = [str(PurePosixPath(*one.relative_to(ROOT).parts)) for one in examples]
    return ELSEWHERE | {one: one for one in found}


def _places() -> dict[str, str]:
    """The place of each page and picture of the repository on the site: by path, and folders."""
    docs = ROOT / "docs"
    own = [one.relative_to(docs).as_posix() for one in docs.rglob("*") if one.is_file()]
    places = {f"docs/{one}": one for one in own} | _elsewhere()
    places |= {f"docs/{one}": f"{one}/index.md" for one in FOLDERS}
    return places | {
        one.rpartition("/")[0]: site for one, site in places.items() if one.endswith("/README.md")
    }


def _title(path: Path) -> str:
    return path.read_text(encoding="utf-8").split("\n", 1)[0].lstrip("# ")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The navigation is the index of docs/README.md: its headings, and what they list."""
    config.nav = [
        INDEX,
        *_sections(INDEX),
        {"中文": [CHINESE, "yoto.zh-CN.md", "runbooks/zh/index.md"]},
    ]
    return config


def _sections(index: str) -> list[Any]:
    places = _places()
    sections: list[Any] = []
    for line in (ROOT / "docs" / index).read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"##+ (.+)", line):
            sections.append({heading[1]: []})
        elif item := _ITEM.match(line):
            target = os.path.normpath(f"docs/{item[2]}")
            [pages] = sections[-1].values()
            pages.append({item[1]: places[target]})
    return [one for one in sections if all(one.values())]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand elsewhere, and an index of each folder of pages."""
    for source, name in _elsewhere().items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=text))
    for folder in FOLDERS:
        pages = sorted((ROOT / "docs" / folder).glob("*.md"))
        title = {"adr": "Decisions", "runbooks": "Runbooks"}.get(folder, "处理手册")
        items = [f"- [{_title(page)}]({page.name})" for page in pages]
        text = "\n".join([f"# {title}", "", *items, ""])
        files.append(File.generated(config, f"{folder}/index.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point links to the places of their targets on the site."""
    there = {site: source for source, site in _elsewhere().items()}
    here = page.file.src_uri
    source = there.get(here, f"docs/{here}")
    blocks = [block[0] for block in _FENCED.finditer(markdown)]
    parts = _FENCED.split(markdown)[:: _FENCED.groups + 1]
    led = [_COMMENT.sub("", _LINK.sub(lambda link: _led(link, source, here), one)) for one in parts]
    return "".join(part + block for part, block in zip(led, [*blocks, ""], strict=True))


def _led(link: re.Match[str], source: str, here: str) -> str:
    mark, words, target = link.groups()
    path, _, anchor = target.partition("#")
    if not path or re.match(r"[a-z]+:", path):
        return link[0]
    words = _LINK.sub(lambda inner: _led(inner, source, here), words)
    found = _places().get(os.path.normpath(PurePosixPath(source).parent / path))
    if found is None:
        return "" if mark or words.startswith("!") or not words else words
    near = os.path.relpath(found, PurePosixPath(here).parent)
    return f"{mark}[{words}]({near}{'#' * bool(anchor)}{anchor})"
