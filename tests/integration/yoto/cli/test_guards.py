"""``flask resilience``: all guards, as an operator at a terminal sees and steers them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from app.extensions import resilience
from tests.support.world import World
from yoto.resilience import MultiDimensionalKey

Run = Callable[..., Result]
WHY = ("--reason", "busy evening", "--actor", "cli:ada")
LIMIT = ("rate_limit", "invite.use")


@pytest.fixture
def run(app: Flask) -> Run:
    return lambda *arguments: app.test_cli_runner().invoke(args=["resilience", *arguments])


def shown(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def call(app: Flask, times: int, user: int = 42) -> list[bool]:
    limiter = resilience.of(app).rate_limiter("invite.use")
    return [limiter.hit(MultiDimensionalKey(user_id=user)).allowed for _ in range(times)]


def test_every_guard_is_shown_with_whom_it_refuses(app: Flask, run: Run) -> None:
    run("set", *LIMIT, 'dimensions={"user": {"limit": 2}}', *WHY)
    assert call(app, 3) == [True, True, False]
    text = run("guards").output
    assert "circuit_breaker  redis" in text and "0 of 50 in flight, 0 waiting" in text
    assert "user 42: 1 refused, 2 passed" in text
    (one,) = shown(run("guards", "rate_limit", "--name", "invite", "--json"))
    assert one["limiter"]["top"]["calls"] == 3 and one["overridden"] == ["dimensions"]


def test_guards_that_are_switched_off_say_so(
    app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resilience.of(app), "enabled", False)
    result = run("guards", "--json")
    assert {one["state"] for one in json.loads(result.stdout)} == {"disabled"}
    assert "RESILIENCE_ENABLED is false" in result.stderr


def test_values_are_tried_before_they_are_set(app: Flask, run: Run) -> None:
    call(app, 5)
    lower = 'dimensions={"user": {"limit": 3}}'
    assert '"limit": 3' in run("validate", *LIMIT, lower).output
    own = ("metric=errors", "direction=high", "warning=1")
    tried = shown(run("validate", "alert_rule", "own", *own, "--json"))
    assert tried["metric"] == {"before": None, "after": "errors"}
    text = run("dry-run", *LIMIT, lower).output
    assert "would have rejected 2 of 5 calls" in text and "by user: 2" in text
    found = shown(run("dry-run", *LIMIT, lower, "--last", "1m", "--json"))
    assert (found["candidate"]["rejected"], found["in_force"]["rejected"]) == (2, 0)
    assert run("dry-run", *LIMIT, "limit=-1").exit_code == 1
    assert shown(run("show", *LIMIT, "--json"))["version"] == 0


def test_what_was_used_is_forgotten_by_key(app: Flask, run: Run, world: World) -> None:
    run("set", *LIMIT, 'dimensions={"user": {"limit": 1}}', *WHY)
    assert call(app, 2) == [True, False]
    assert shown(run("reset-key", "invite.use", "--user", "42", *WHY, "--json")) == {
        "dimensions": ["user"]
    }
    assert call(app, 1) == [True]
    (act,) = world.acts("resilience.rate_limit.reset_key")
    assert act.reason == "busy evening" and act.after["author"] == "cli:ada"
    assert run("reset-key", "invite.use", *WHY).exit_code == 1
    assert call(app, 1) == [False]
    assert shown(run("reset-key", "invite.use", "--all", *WHY, "--json"))["complete"]
    assert call(app, 1) == [True]


def test_slots_of_the_dead_come_back_and_levels_are_set(app: Flask, run: Run) -> None:
    remote = resilience.of(app).bulkhead("message.search").remote
    assert remote.enter("", "gone-1-abc.f00.1.1", 8, 600.0)
    assert "1 slots came back" in run("release", "message.search", *WHY).output
    assert run("degrade", "search", "heavy", "--for", "1h", *WHY).exit_code == 0
    assert resilience.of(app).degradation.level("search") == "heavy"
    assert run("degrade", "search", "clear", *WHY).exit_code == 0
    assert resilience.of(app).degradation.level("search") == "none"


def test_setting_can_replace_and_history_tells_of_it(run: Run) -> None:
    run("set", "bulkhead", "message.search", "wait=2", *WHY)
    run("set", "bulkhead", "message.search", "lease=20", "--replace", *WHY)
    text = run("history", "bulkhead", "message.search").output
    assert 'v2 set by cli:ada (operator): {"lease": 20.0}' in text
    assert "No changes yet." in run("history", "bulkhead", "message.send").output


def test_two_guards_are_shown_side_by_side(app: Flask, run: Run) -> None:
    def diff(*names: str) -> Result:
        return app.test_cli_runner().invoke(args=["yoto", "guards", "diff", *names])

    run("isolate", "message.send", *WHY)
    names = ("circuit_breaker:message.send", "circuit_breaker:database")
    lines = [line.split() for line in diff(*names).output.splitlines()]
    assert lines[0] == list(names) and ["state", '"isolated"', '"closed"'] in lines
    found = shown(diff(*names, "--json"))
    assert found["first"]["state"] == "isolated" and found["difference"]
    assert diff(names[1], names[1]).output.endswith("They do not differ.\n")
    assert "no circuit_breaker none" in diff(names[0], "circuit_breaker:none").output
