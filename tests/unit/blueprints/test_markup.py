"""Nothing of ours makes markup or code of data, nor needs what the Content-Security-Policy bars."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

IN_SCRIPTS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|parseFromString|srcdoc"
    r"|document\.write|\beval\s*\(|new\s+Function\b|\bsetTimeout\(\s*[\"'`]|javascript:"
    r"|setAttribute\(\s*[\"'`](?:style|on\w+)|\.cssText\b"
)
# Attributes of a tag, and tags that hold code.
IN_TEMPLATES = re.compile(
    r"\sstyle\s*=|\son[a-z]+\s*=\s*[\"'{]|javascript:|<style\b|\|\s*safe\b|Markup\("
    r"|<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")",
    re.IGNORECASE,
)


def ours() -> Iterator[tuple[Path, re.Pattern[str]]]:
    """Our files, each with what it must not have."""
    for folder in (ROOT / "app", ROOT / "yoto"):
        for path in folder.rglob("*.js"):
            if "vendor" not in path.parts:
                yield path, IN_SCRIPTS
        for path in folder.rglob("*.html"):
            yield path, IN_TEMPLATES


def test_no_script_and_no_template_makes_markup_or_code_of_data() -> None:
    found = []
    files = list(ours())
    for path, barred in files:
        text = path.read_text(encoding="utf-8")
        for hit in barred.finditer(text):
            line = text.count("\n", 0, hit.start()) + 1
            found.append(f"{path.relative_to(ROOT)}:{line}: {hit[0]}")
    assert found == []
    kinds = {path.suffix for path, _ in files}
    assert kinds == {".js", ".html"} and len(files) > 50


@pytest.mark.parametrize(
    ("barred", "text"),
    [
        (IN_SCRIPTS, "place.innerHTML = name"),
        (IN_SCRIPTS, "place.outerHTML = name"),
        (IN_SCRIPTS, "place.insertAdjacentHTML('beforeend', name)"),
        (IN_SCRIPTS, "document.write(name)"),
        (IN_SCRIPTS, "eval (name)"),
        (IN_SCRIPTS, "new Function(name)"),
        (IN_SCRIPTS, "node.setAttribute('onclick', name)"),
        (IN_SCRIPTS, 'node.setAttribute("style", name)'),
        (IN_TEMPLATES, '<p style="color: red">'),
        (IN_TEMPLATES, '<a href="#"\n  onclick="go()">'),
        (IN_TEMPLATES, "<b onmouseover='go()'>"),
        (IN_TEMPLATES, "<script>go()</script>"),
        (IN_TEMPLATES, "{{ name|safe }}"),
    ],
)
def test_what_is_barred_is_found(barred: re.Pattern[str], text: str) -> None:
    assert barred.search(text)
