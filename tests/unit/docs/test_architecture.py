"""Functions, files and packages that ``docs/architecture.md`` names are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/architecture.md").read_text()
CODE = re.findall(r"`((?:app|yoto)/[\w./]+\.py):([\w.]+)`", PAGE)
PATHS = re.findall(r"`((?:app|yoto|docs|tests)/[\w./]+)`", PAGE)
PACKAGES = re.findall(r"\b(?:yoto\.[a-z_]+)\b", PAGE.partition("## A request")[0])


def names_in(tree: ast.Module | ast.ClassDef, before: str = "") -> set[str]:
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(before + node.name)
        if isinstance(node, ast.ClassDef):
            found |= names_in(node, f"{before}{node.name}.")
    return found


@pytest.mark.parametrize(("path", "name"), CODE)
def test_each_function_of_a_walk_is_there(path: str, name: str) -> None:
    assert name in names_in(ast.parse((ROOT / path).read_text()))


def test_each_file_is_there() -> None:
    assert len(CODE) > 30
    assert [path for path in PATHS if not (ROOT / path).exists()] == []


def test_each_package_of_the_drawing_is_there() -> None:
    assert PACKAGES
    missing = {one for one in PACKAGES if not list(ROOT.glob(one.replace(".", "/") + "*"))}
    assert missing == set()
