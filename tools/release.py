"""Decides whether a tag may be released: ``python -m tools.release v1.0.0 [--notes FILE]``.

The tag, ``yoto.__version__`` and the topmost released section of CHANGELOG.md must name the same
version, and nothing may be left in *Unreleased* above it; that section, written to ``FILE``,
becomes the text of the release.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
SECTION = re.compile(
    r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})\n(.*?)(?=^## \[|^\[|\Z)", re.M | re.S
)
UNRELEASED = re.compile(r"^## \[Unreleased\]\n(.*?)(?=^## \[|^\[|\Z)", re.M | re.S)
VERSION = re.compile(r'^__version__ = "(.+)"$', re.M)


class NotReleasable(Exception):
    """The text names the differences between tag, version and change log, or the lost entries."""


def version(root: Path = ROOT) -> str:
    """The version of the package in ``root``."""
    found = VERSION.search((root / "yoto" / "__init__.py").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def notes(tag: str, root: Path = ROOT) -> str:
    """The changes in the version that ``tag`` (``v1.0.0``) names, as Markdown.

    Raises:
        NotReleasable: the package, or the topmost released section of CHANGELOG.md, has another;
            or *Unreleased* has entries, which are in this release and would be in no notes.
    """
    log = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = SECTION.search(log)
    logged = newest[1] if newest else "no version"
    for where, named in (("yoto/__init__.py", version(root)), ("CHANGELOG.md", logged)):
        if tag != f"v{named}":
            raise NotReleasable(f"the tag is {tag}, and {where} has {named}")
    waiting = UNRELEASED.search(log)
    if waiting and waiting[1].strip():
        raise NotReleasable("CHANGELOG.md has entries in Unreleased: move them to the version")
    assert newest is not None
    return newest[3].strip() + "\n"


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Check, and write the notes; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    parser.add_argument("tag")
    parser.add_argument("--notes", type=Path, help="file to write what changed to")
    options = parser.parse_args(arguments)
    try:
        text = notes(options.tag, root)
    except NotReleasable as error:
        print(f"Not released: {error}.", file=sys.stderr)
        return 1
    if options.notes is not None:
        options.notes.parent.mkdir(parents=True, exist_ok=True)
        options.notes.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
