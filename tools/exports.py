"""Find exported names that nothing outside their package imports: ``python -m tools.exports``.

A package exports the names that other packages need, so that its other names can change freely.
Tests import further names from their modules. ``yoto`` itself is left out: its users are elsewhere.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("yoto", "app")
# Importers of those packages, beside the packages themselves.
OTHERS = ("tests", "proof", "benchmarks", "deploy", "examples", "migrations", "tools")
GUIDES = ("README.md", "README.zh-CN.md", "CONTRIBUTING.md", "docs/**/*.md")


def exported(root: Path = ROOT) -> dict[str, tuple[str, ...]]:
    """The names in ``__all__`` of each package below ``root``, by the package's dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((root / package).rglob("__init__.py")):
            dotted = ".".join(path.parent.relative_to(root).parts)
            if dotted != "yoto":
                names = _all_of(ast.parse(path.read_text()))
                # A package imports some of its modules only to register their contents.
                found[dotted] = tuple(
                    one for one in names if not (path.parent / f"{one}.py").exists()
                )
    return found


def imported(root: Path = ROOT) -> Iterator[tuple[str, str, str]]:
    """Each ``(importer, package, name)``: modules by dotted name, guides by their path."""
    folders = [root / one for one in (*PACKAGES, *OTHERS)]
    paths = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    for path in [*paths, *sorted(root.glob("*.py"))]:
        importer = ".".join(path.relative_to(root).with_suffix("").parts)
        for package, name in _imports_of(ast.parse(path.read_text()), importer):
            yield importer, package, name
    for pattern in GUIDES:
        for path in sorted(root.glob(pattern)):
            text = path.read_text()
            for package, names in (*_IN_TEXT.findall(text), *_NAMED.findall(text)):
                for name in _WORD.findall(names):
                    yield str(path), package, name


def unused(root: Path = ROOT) -> list[str]:
    """Exported names that nothing outside their package imports, as ``package: name``."""
    used = {
        (package, name)
        for importer, package, name in imported(root)
        if importer != package and not importer.startswith(f"{package}.")
    }
    return [
        f"{package}: {name}"
        for package, names in exported(root).items()
        for name in names
        if (package, name) not in used
    ]


_IN_TEXT = re.compile(r"from ((?:yoto|app)[\w.]*) import (\([^)]*\)|[^\n`]*)")
_NAMED = re.compile(r"\b((?:yoto|app)[\w.]*):(\w+)")
_WORD = re.compile(r"\w+")


def _all_of(module: ast.Module) -> tuple[str, ...]:
    for node in module.body:
        if isinstance(node, ast.Assign) and any(
            isinstance(one, ast.Name) and one.id == "__all__" for one in node.targets
        ):
            return tuple(ast.literal_eval(node.value))
    return ()


def _imports_of(module: ast.Module, importer: str) -> Iterator[tuple[str, str]]:
    """Names imported from packages, read as attributes of one, or named in a text ``a.b:c``."""
    aliases: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            above = importer.split(".")[: -node.level] if node.level else []
            package = ".".join([*above, *filter(None, [node.module])])
            for one in node.names:
                yield package, one.name
                aliases[one.asname or one.name] = f"{package}.{one.name}"
        elif isinstance(node, ast.Import):
            for one in node.names:
                aliases[one.asname or one.name] = one.name
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            yield aliases.get(owner, owner), node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            package, colon, name = node.value.partition(":")
            if colon and package.startswith(PACKAGES):
                yield package, name


if __name__ == "__main__":
    found = unused()
    print(*found, sep="\n")
    sys.exit(f"{len(found)} exported names are imported by nothing" if found else 0)
