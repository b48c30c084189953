"""The guide to preloading and warm-up runs as it is written, and has every setting."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from flask import Flask

from app.extensions import cache, optimization, permissions
from tests.support.world import World
from yoto.cache import place_key
from yoto.rooms.warm_up.commands import cache as commands

GUIDE = (Path(__file__).parents[6] / "docs" / "warm-up.md").read_text(encoding="utf-8")


def test_the_example_runs(app: Flask, world: World) -> None:
    community = world.server()
    role = world.role(community)
    cache.of(app).start(30)
    hot = optimization.of(app).hot
    for user_id in world.members(community, 2, role):
        hot.note(user_id, place_key("server", community.id))
    hot.flush()
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    names: dict[str, Any] = {"permissions": permissions, "role_id": role}
    with app.app_context():
        exec(compile(example, "warm-up.md", "exec"), names)
    assert names["report"].steps["cache_warmup"].details["wanted"] == 2
    shown = re.search(r"to_plain\(\) +# (.*)", example)
    assert shown is not None
    assert list(names["report"].to_plain()) == shown[1].split(", ")


def test_every_command_is_one() -> None:
    lines = re.findall(r"^    \$ flask --app app cache (.*)$", GUIDE, re.MULTILINE)
    assert len(lines) == 3
    for line in lines:
        name, *arguments = shlex.split(line)
        commands.commands[name].make_context(name, arguments)
