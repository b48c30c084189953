"""The code that a check from memory runs through, by tracing one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from flask import Flask

from app.extensions import permissions
from tests.support.world import World
from yoto.permission import require_permission

ROOT = Path(__file__).parents[2]
OURS = (ROOT / "app", ROOT / "yoto")
PERMISSION = "channel.read"  # one that no policy judges


@dataclass(frozen=True, slots=True)
class HotPath:
    """Our code that a call runs.

    Attributes:
        files, functions: how many are entered.
        lines: lines of code in those functions, without comments, docstrings and empty lines.
    """

    files: int
    functions: int
    lines: int

    def __str__(self) -> str:
        return f"{self.lines} lines in {self.functions} functions of {self.files} files"

    def to_mapping(self) -> dict[str, int]:
        return asdict(self)


# The values at 874e8aa, where no request took the path by hand of ``check_permission``.
BEFORE = {
    "check_permission": HotPath(files=1, functions=1, lines=45),
    "require_permission": HotPath(files=25, functions=45, lines=277),
}


def hot_paths(app: Flask) -> dict[str, HotPath]:
    """The paths of a Python caller, and of a decorated view whose request knows its caller."""
    world = World(app)
    community = world.server(world.user("hot-path-owner"))
    member = world.member(community, world.user("hot-path-member"))
    channel_id = community.channel_id

    def check() -> object:
        return permissions.check_permission(member.id, PERMISSION, "channel", channel_id)

    @require_permission(PERMISSION, scope="channel", scope_id="channel_id")
    def view(channel_id: int) -> None:
        """Does nothing when it is allowed."""

    with app.test_request_context(headers=member.headers):
        return {
            "check_permission": traced(check, *OURS),
            "require_permission": traced(lambda: view(channel_id=channel_id), *OURS),
        }


def traced(call: Callable[[], object], *roots: Path) -> HotPath:
    """The code that one call enters below ``roots``, after some calls that filled its memory."""
    for _ in range(3):
        call()
    entered: set[CodeType] = set()

    def on_call(frame: FrameType, event: str, argument: Any) -> None:
        if any(map(Path(frame.f_code.co_filename).is_relative_to, roots)):
            entered.add(frame.f_code)

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        call()
    finally:
        sys.settrace(before)
    lines = {
        (code.co_filename, line)
        for code in entered
        for *_, line in code.co_lines()
        if line is not None and line != code.co_firstlineno
    }
    return HotPath(len({code.co_filename for code in entered}), len(entered), len(lines))
