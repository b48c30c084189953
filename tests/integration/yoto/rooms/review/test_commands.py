"""``flask permission review``."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result
from flask import Flask

from app.extensions import permissions
from tests.support.world import Community, World
from yoto.rooms.review import commands
from yoto.store.columns import utcnow
from yoto.store.db import db

PIN = "message.pin"


@pytest.fixture
def harbour(world: World) -> Community:
    return world.server(world.user("owner"))


def run(app: Flask, harbour: Community, *options: str) -> Result:
    question = (PIN, "--scope", "channel", "--scope-id", str(harbour.channel_id))
    return app.test_cli_runner().invoke(args=["permission", "review", *question, *options])


def table(output: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(output, newline="")))


def test_everybody_is_shown_in_each_form(
    app: Flask, world: World, harbour: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "PAGE", 2)
    crew = world.role(harbour, PIN, name="crew")
    ids = [harbour.owner.id, *sorted(world.members(harbour, 4, crew))]
    shown = run(app, harbour)
    assert shown.exit_code == 0, shown.output
    head, *lines = shown.output.splitlines()
    assert head.split()[:4] == ["user_id", "username", "reason", "since"]
    assert [int(line.split()[0]) for line in lines] == ids
    assert "crew" in lines[1] and "owner" in lines[0]
    found = json.loads(run(app, harbour, "--format", "json").output)
    assert [line["user_id"] for line in found] == ids
    rows = table(run(app, harbour, "--format", "csv").output)
    assert [int(row["user_id"]) for row in rows] == ids


def test_what_changed_is_shown_in_each_form(app: Flask, world: World, harbour: Community) -> None:
    person, crew, since = world.member(harbour), world.role(harbour, PIN), utcnow()
    with app.app_context():
        permissions.assign_roles_to_user(person.id, [crew])
        db.session.remove()
    asked = ("--since", since.isoformat())
    shown = run(app, harbour, *asked)
    assert shown.exit_code == 0, shown.output
    assert any(line.startswith("gained") for line in shown.output.splitlines())
    found = json.loads(run(app, harbour, *asked, "--format", "json").output)
    assert [turn["user_id"] for turn in found["gained"]] == [person.id]
    [row] = [row for row in table(run(app, harbour, *asked, "--format", "csv").output)]
    assert (row["change"], row["action"]) == ("gained", "role.assign")
    before = (since + timedelta(microseconds=1)).astimezone(UTC).isoformat()
    found = json.loads(run(app, harbour, *asked, "--until", before, "--format", "json").output)
    assert found["gained"] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--until", "2026-01-01T00:00Z"), "--until needs --since"),
        (("--since", "yesterday"), "is not like"),
        (("--since", "2026-01-01T00:00"), "has no time zone"),
        (("--since", datetime(9000, 1, 1, tzinfo=UTC).isoformat()), "since: must be before until"),
        (("--scope", "planet"), "planet"),
        (("--scope-id", "999999"), "no channel 999999"),
    ],
)
def test_what_is_wrong_is_said(
    app: Flask, harbour: Community, options: tuple[str, ...], said: str
) -> None:
    ran = run(app, harbour, *options)
    assert ran.exit_code != 0 and said in ran.output
