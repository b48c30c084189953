"""The guide to the API's guards names those that there are, and shows commands that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from click import Group

from app.guards import GUARDS
from yoto.cli.resilience import resilience
from yoto.parts.rooms import ALL, chosen
from yoto.resilience import REDIS_BREAKER, Kind, RateLimitConfig
from yoto.resilience.config_store.declarations import code_default
from yoto.rooms.rollouts.dry_run import Caveat
from yoto.rooms.rollouts.room import ROOM

LIMITED = {"behaviour": ("behaviour.record", "behaviour.forget", "permission.snapshot")}
GUIDE = (Path(__file__).parents[3] / "docs" / "guards.md").read_text(encoding="utf-8")
COMMANDS = {**resilience.commands, **{one.name: one for one in ROOM.commands()["resilience"]}}
# The numbers of their decorators.
OF_ROOMS = {
    name: code_default((Kind.RATE_LIMIT, name))
    for room in chosen(ALL)
    for blueprint in room.rest()
    for name in LIMITED.get(blueprint.name, ())
}
ROW = re.compile(r"^\| `([^`]+)` \|.*\| (.*) \|$", re.MULTILINE)


def rows() -> dict[str, str]:
    table = GUIDE[: GUIDE.index("```")]
    return {match[1]: match[2] for match in ROW.finditer(table)}


def test_every_guard_has_its_row_and_no_other() -> None:
    assert rows().keys() == {*GUARDS, *OF_ROOMS, REDIS_BREAKER}


def test_every_limit_stands_in_its_row() -> None:
    checked = 0
    given = {name: kinds.get("rate_limit") for name, kinds in GUARDS.items()}
    for name, limits in {**given, **OF_ROOMS}.items():
        if isinstance(limits, RateLimitConfig):
            for dimension in limits.dimensions:
                assert f"{dimension.limit:,}" in rows()[name], (name, dimension)
                checked += 1
    assert checked >= 8


def test_every_command_is_one() -> None:
    lines = re.findall(r"^\$ flask resilience (.*)$", GUIDE, re.MULTILINE)
    assert len(lines) == 6
    for line in lines:
        name, *arguments = shlex.split(line)
        command = COMMANDS[name]
        if isinstance(command, Group):
            name, *arguments = arguments
            command = command.commands[name]
        assert command.make_context(name, arguments).params


def test_every_act_of_the_terminal_that_is_named_is_one() -> None:
    part = GUIDE[GUIDE.index("| act | REST |") : GUIDE.index("Acts take a reason")]
    named = [row.split("|")[3] for row in part.splitlines()[2:] if row]
    commands = {name for cell in named for name in re.findall(r"`([a-z-]+)`", cell)}
    assert len(commands) >= 14 and commands <= COMMANDS.keys()


def test_every_caveat_of_a_dry_run_is_explained() -> None:
    assert all(f"| `{caveat.value}` |" in GUIDE for caveat in Caveat)
