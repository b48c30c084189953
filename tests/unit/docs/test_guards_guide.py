"""The guide to the API's guards names those that there are, and shows commands that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from app.cli.resilience import resilience
from app.core.resilience import REDIS_BREAKER, RateLimitConfig
from app.http.guards import GUARDS

GUIDE = (Path(__file__).parents[3] / "docs" / "guards.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([^`]+)` \|.*\| (.*) \|$", re.MULTILINE)


def rows() -> dict[str, str]:
    return {match[1]: match[2] for match in ROW.finditer(GUIDE)}


def test_every_guard_has_its_row_and_no_other() -> None:
    assert rows().keys() == {*GUARDS, REDIS_BREAKER}


def test_every_limit_stands_in_its_row() -> None:
    checked = 0
    for name, kinds in GUARDS.items():
        limits = kinds.get("rate_limit")
        if isinstance(limits, RateLimitConfig):
            for dimension in limits.dimensions:
                assert f"{dimension.limit:,}" in rows()[name], (name, dimension)
                checked += 1
    assert checked >= 8


def test_every_command_is_one() -> None:
    lines = re.findall(r"^\$ flask resilience (.*)$", GUIDE, re.MULTILINE)
    assert len(lines) == 4
    for line in lines:
        name, *arguments = shlex.split(line)
        command = resilience.commands[name]
        assert command.make_context(name, arguments).params
