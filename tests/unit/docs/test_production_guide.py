"""The guide to production names every family of keys, with what its loss costs."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from yoto.redis import KeyBuilder

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "production.md"
SOURCES = [path for name in ("app", "yoto") for path in sorted((ROOT / name).rglob("*.py"))]


def table() -> str:
    section = GUIDE.read_text(encoding="utf-8").partition("## Back-up and restore")[2]
    return "\n".join(line for line in section.splitlines() if line.startswith("| `"))


def families() -> set[str]:
    """The beginnings of all tags: of the builder's own methods, and of those named elsewhere."""
    found = set()
    for _, method in inspect.getmembers(KeyBuilder, inspect.isfunction):
        found |= set(re.findall(r"``yoto:[^`{]*\{(\w[\w-]*)", method.__doc__ or ""))
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        found |= set(re.findall(r"\bkeys\.tagged\(\(?\"([\w-]+)\"", text))
        found |= set(re.findall(r"keys\.tagged, \"([\w-]+)\"", text))
    # The builder's own example, the proof of a write that ends with it, and what only tests make.
    return found - {"tag", "a", "proof", "algorithm-contract"}


@pytest.mark.parametrize("family", sorted(families()))
def test_the_loss_of_every_family_of_keys_is_told(family: str) -> None:
    assert re.search(rf"\{{{family}[:}}]", table()), f"docs/production.md says nothing of {family}"
