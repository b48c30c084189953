"""``flask emergency``."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from tests.support.world import World
from yoto.errors import StoreUnavailable
from yoto.store.db import db
from yoto.store.models import AuditRecord, EmergencyAccess, PlatformSwitch

REASON = "the bridge is out"
TAKE = ("take", "warden", "--minutes", "5")


def run(app: Flask, *arguments: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["emergency", *arguments])
    return result.exit_code, result.output


def audited(world: World) -> list[Any]:
    """The audit log, oldest first: act, subject, actor and reason."""
    row = AuditRecord
    return world.rows(
        select(row.action, row.subject, row.actor_id, row.reason)
        .where(row.action.startswith("emergency"))
        .order_by(row.id)
    )


def test_access_is_taken_shown_and_ended(app: Flask, world: World) -> None:
    warden = world.user("warden")
    code, output = run(app, *TAKE, "--reason", f"  {REASON} ")
    assert code == 0 and "Emergency access 1 holds until" in output
    row = EmergencyAccess
    statement = select(row.user_id, row.reason, row.ended_at)
    assert world.rows(statement) == [(warden.id, REASON, None)]
    assert REASON in run(app, "list")[1]
    assert run(app, "end", "1") == (0, "Emergency access 1 is over.\n")
    assert world.scalar(select(row.ended_at)) is not None
    about = f"user:{warden.id}"
    assert audited(world) == [
        ("emergency_access.take", about, None, REASON),
        ("emergency_access.end", about, None, None),
    ]


def test_what_is_wrong_is_named(app: Flask, world: World) -> None:
    world.user("warden")
    code, output = run(app, "take", "warden", "--minutes", "61", "--reason", REASON)
    assert code == 1 and "minutes" in output
    code, output = run(app, "take", "nobody", "--minutes", "5", "--reason", REASON)
    assert code == 1 and "nobody" in output
    assert run(app, "end", "99")[0] == 1
    assert run(app, "list") == (0, "")


@pytest.mark.parametrize("command", [TAKE, ("declare", "on")], ids=["take", "declare"])
@pytest.mark.parametrize(
    "reason", ["", " " * 10, "too short", "x" * 501, "a bell \a in the text"], ids=repr
)
def test_a_reason_is_held_to_the_rules_of_the_api(
    app: Flask, world: World, command: tuple[str, ...], reason: str
) -> None:
    world.user("warden")
    before = world.snapshot()
    code, output = run(app, *command, "--reason", reason)
    assert code == 1 and output.startswith("Error: reason: ")
    assert world.snapshot() == before


def test_an_emergency_is_declared_and_ended(app: Flask, world: World) -> None:
    row = PlatformSwitch
    for state in ("on", "off"):
        code, output = run(app, "declare", state, "--reason", REASON)
        assert (code, output) == (0, f"Emergency: {state}.\n")
        statement = select(row.name, row.enabled, row.reason, row.changed_by)
        assert world.rows(statement) == [("emergency", state == "on", REASON, None)]
    assert audited(world) == [("emergency.declare", "platform", None, REASON)] * 2


@pytest.mark.parametrize(
    "command",
    [(*TAKE, "--reason", REASON), ("end", "1"), ("list",), ("declare", "on", "--reason", REASON)],
    ids=lambda command: command[0],
)
def test_a_database_that_is_away_is_named(
    app: Flask, world: World, command: tuple[str, ...]
) -> None:
    world.user("warden")

    def away(*_: Any) -> None:
        raise StoreUnavailable("database")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", away)
    try:
        assert run(app, *command) == (1, "Error: database is unavailable\n")
    finally:
        event.remove(engine, "before_cursor_execute", away)
