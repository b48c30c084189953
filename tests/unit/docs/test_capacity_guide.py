"""docs/capacity.md: its plan is what the arithmetic prints, and it names each table and key."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import app.models  # noqa: F401  (declares its tables)
from app.db import Model
from config import Base
from tools.capacity import table
from yoto.parts.rooms import ALL, chosen
from yoto.redis import KeyBuilder
from yoto.settings import declared
from yoto.store.models import AuditRecord

GUIDE = (Path(__file__).parents[3] / "docs" / "capacity.md").read_text(encoding="utf-8")
TABLES, KEYS = GUIDE.split("## What grows in Redis", 1)
ROW = re.compile(r"^\| ((?:`[^`]+`(?:, )?)+) \|", re.MULTILINE)


def named(part: str) -> list[str]:
    return [name for row in ROW.findall(part) for name in re.findall(r"`([^`]+)`", row)]


def test_the_plan_is_what_the_arithmetic_prints() -> None:
    assert table() in GUIDE


def test_every_table_says_what_bounds_it() -> None:
    for room in chosen(ALL):
        room.models()
    there = {*AuditRecord.metadata.tables, *Model.metadata.tables}
    assert sorted(named(TABLES.split("## What grows in the database", 1)[1])) == sorted(there)


def test_every_family_of_keys_says_what_bounds_it() -> None:
    given = {"limiter": ("x", "u", 1, "gcra"), "user_permissions": (1,), "behaviour_history": (1,)}
    keys, there = KeyBuilder("yoto:"), set()
    for name, method in inspect.getmembers(KeyBuilder, inspect.isfunction):
        if name.startswith("_") or name in ("tagged", "plain"):
            continue
        first = [*inspect.signature(method).parameters.values()][1]
        usual = () if first.kind is inspect.Parameter.VAR_POSITIONAL else ("x",)
        there.add(method(keys, *given.get(name, usual)))
    families = {tag(key) for key in there}
    assert families and families <= {tag(name) for name in named(KEYS)}


def tag(key: str) -> str:
    """How the hash tag of a key begins: its family."""
    return re.sub(r".*\{([^:}]+).*", r"\1", key)


def test_settings_of_the_guide_are_settings() -> None:
    named_here = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", GUIDE))
    of_rooms = {key for room in chosen(ALL) for key in room.keys}
    of_rooms = {key for room in chosen(ALL) for key in room.keys}
    assert named_here and named_here <= declared(Base).keys() | of_rooms | of_rooms
