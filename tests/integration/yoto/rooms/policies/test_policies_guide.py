"""The guide to policies holds: its examples run, and its tables are complete."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from yoto.events import registered_types
from yoto.rooms.policies import PolicyManager
from yoto.rooms.policies.commands import policy as group

GUIDE = (Path(__file__).parents[5] / "docs" / "policies.md").read_text(encoding="utf-8")


def test_the_examples_run(policy: PolicyManager, capsys: Any) -> None:
    names: dict[str, Any] = {}
    for body in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        exec(compile(body, "policies.md", "exec"), names)
    first, second, warned, _ = capsys.readouterr().out.splitlines()
    assert first.startswith("True () ")
    assert second.startswith("1 4 Comparison(inputs=")
    assert warned.startswith("[('never_asked', ('vault.open',))")
    assert [one.version for one in policy.versions("limits", kind="data")] == [3, 2, 1]


def test_every_command_and_event_is_named() -> None:
    for name in group.commands:
        assert f"flask policy {name}" in GUIDE, name
    for name in registered_types():
        assert not name.startswith("policy.") or f"`{name}`" in GUIDE, name
