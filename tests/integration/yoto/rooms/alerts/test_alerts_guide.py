"""The guide to alerts is right: its examples run, its tables are the defaults."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

from flask import Flask

from tests.support.world import World
from yoto.monitor.alert_rules import settable
from yoto.monitor.default_rules import DEFAULT_RULES
from yoto.monitor.health import DEFAULT_COMPONENTS
from yoto.rooms.alerts.commands import alerts as group
from yoto.rooms.alerts.extension import alerts
from yoto.rooms.alerts.webhooks.signing import headers, new_secret

GUIDE = (Path(__file__).parents[5] / "docs" / "alerts.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def rows(first: str) -> dict[str, list[str]]:
    """The rows of the table whose first column is called ``first``."""
    (table,) = re.findall(rf"^\| {first} \|.*\n\|[-|]+\n((?:\|.*\n)+)", GUIDE, re.MULTILINE)
    # The name of a rule leads to its runbook.
    table = re.sub(r"\[`(\w+)`\]\(runbooks/\1\.md\)", r"\1", table)
    cells = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return {row[0]: row[1:] for row in cells}


def test_the_examples_run(app: Flask, world: World) -> None:
    world.user("ada", id=42)
    example, _ = blocks("python")
    names: dict[str, Any] = {}
    with app.app_context():
        alerts.of(app).evaluator.values = lambda: {"error_rate": 0.5}
        alerts.rules.set("error_rate", {"hold": 0}, by="ada")
        alerts.of(app).evaluator.turn()
        exec(compile(example, "alerts.md", "exec"), names)
        (alert,) = alerts.service.list().items
        assert alert.acknowledged_by == "user:42"
    assert names["report"].components["cache"].band == "warning"
    assert names["report"].overall == "unknown"
    assert names["added"].secret.startswith("whsec_")


def test_a_receiver_that_does_as_the_guide_says_knows_our_messages() -> None:
    names: dict[str, Any] = {}
    exec(compile(blocks("python")[1], "alerts.md", "exec"), names)
    secret, body = new_secret(), b'{"type": "alert.test"}'
    sent = headers(secret, "msg_1", 1_800_000_000, body)
    assert names["is_ours"](secret, sent, body)
    assert not names["is_ours"](secret, sent, body + b" ")
    # While it is replaced, whoever has either secret knows them.
    both = headers(f"{new_secret()} {secret}", "msg_1", 1_800_000_000, body)
    assert names["is_ours"](secret, both, body)
    assert not names["is_ours"](new_secret(), both, body)


def test_every_command_is_one() -> None:
    lines = re.findall(r"^\$ flask alerts (.*)$", GUIDE, re.MULTILINE)
    assert len(lines) == 12
    for line in lines:
        name, *arguments = shlex.split(line)
        # The address is asked for.
        arguments += ["--url", "https://example.org"] if name == "webhook-add" else []
        assert group.commands[name].make_context(name, arguments).params is not None
    assert all(name in GUIDE for name in group.commands)


def test_the_tables_are_the_defaults() -> None:
    about = {name: cells[-1] for name, cells in rows("rule").items()}
    assert all(about.values())
    assert rows("rule") == {
        rule.name: [
            rule.metric,
            rule.direction,
            *("–" if limit is None else f"{limit:g}" for limit in rule.limits),
            f"{rule.hold:g} s",
            about[rule.name],
        ]
        for rule in DEFAULT_RULES
    }
    for component in DEFAULT_COMPONENTS:
        metric, *limits, beyond = rows("component")[component.name]
        numbers = [float(limit.split()[1]) for limit in limits]
        assert (metric, beyond) == (component.metric, "error")
        assert numbers == [component.excellent, component.good, component.warning]
    named = re.findall(r"\w+", " ".join(rows("field")))
    assert sorted(named) == sorted(settable())
