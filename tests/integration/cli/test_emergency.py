"""``flask emergency``."""

from __future__ import annotations

from flask import Flask

from tests.support.world import World


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["emergency", *arguments])
    return result.exit_code, result.output


def test_access_is_taken_shown_and_ended(app: Flask, world: World) -> None:
    world.user("warden")
    code, output = run(app, "take", "warden", "--minutes", "5", "--reason", "the bridge is out")
    assert code == 0 and "Emergency access 1 holds until" in output
    assert "the bridge is out" in run(app, "list")[1]
    assert run(app, "end", "1") == (0, "Emergency access 1 is over.\n")


def test_what_is_wrong_is_named(app: Flask, world: World) -> None:
    world.user("warden")
    code, output = run(app, "take", "warden", "--minutes", "61", "--reason", "long")
    assert code == 1 and "minutes" in output
    code, output = run(app, "take", "warden", "--minutes", "5", "--reason", " ")
    assert code == 1 and "reason" in output
    code, output = run(app, "take", "nobody", "--minutes", "5", "--reason", "why")
    assert code == 1 and "nobody" in output
    assert run(app, "end", "99")[0] == 1
    assert run(app, "list") == (0, "")


def test_an_emergency_is_declared(app: Flask, world: World) -> None:
    for state in ("on", "off"):
        code, output = run(app, "declare", state, "--reason", "the bridge is out")
        assert (code, output) == (0, f"Emergency: {state}.\n")
