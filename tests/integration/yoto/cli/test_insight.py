"""``flask permission explain`` and ``replay``."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from sqlalchemy import insert

from tests.support.world import World
from yoto.store.db import db
from yoto.store.models import DecisionRecord

IN_CHANNEL = ("message.send", "--scope", "channel", "--scope-id")


@pytest.mark.parametrize("by", ["username", "id"])
def test_explain_says_why_and_what_would_turn_it(app: Flask, world: World, by: str) -> None:
    harbour = world.server()
    person = world.member(harbour, timeout_until=world.soon())
    question = ("permission", "explain", str(getattr(person, by)), *IN_CHANNEL)
    ran = app.test_cli_runner().invoke(args=[*question, str(harbour.channel_id)])
    assert ran.exit_code == 0, ran.output
    assert "timed_out" in ran.output and "end the user's time-out" in ran.output
    ran = app.test_cli_runner().invoke(args=[*question, str(harbour.channel_id), "--json"])
    assert json.loads(ran.output)["reason"] == "timed_out"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nobody", "message.send"), "unknown user"),
        (("1", "no.such"), "unknown permission"),
        (("1", *IN_CHANNEL, "99"), "no channel 99"),
    ],
)
def test_explain_names_what_is_wrong(app: Flask, arguments: tuple[str, ...], said: str) -> None:
    ran = app.test_cli_runner().invoke(args=["permission", "explain", *arguments])
    assert ran.exit_code == 1 and said in ran.output


def recorded(app: Flask, user_id: int, channel_id: int, allowed: bool) -> str:
    """A record of sending a message; its id."""
    row = {
        "user_id": user_id,
        "asked": "message.send",
        "scope": f"channel:{channel_id}",
        "allowed": allowed,
        "reason": "granted" if allowed else "not_granted",
        "weight": 1,
        "tier": "db",
        "mask_hash": "",
    }
    with app.app_context():
        inserted = db.session.execute(insert(DecisionRecord.__table__), [row])
        db.session.commit()
        db.session.remove()
    return str(inserted.lastrowid)


@pytest.mark.parametrize(("allowed", "status"), [(True, 0), (False, 1)])
def test_replay_says_whether_the_verdict_is_the_same(
    app: Flask, world: World, allowed: bool, status: int
) -> None:
    harbour = world.server()
    person = world.member(harbour)
    record_id = recorded(app, person.id, harbour.channel_id, allowed)
    ran = app.test_cli_runner().invoke(args=["permission", "replay", record_id])
    assert ran.exit_code == status
    assert f"record {record_id}: user {person.id}" in ran.output
    assert ("the same verdict" in ran.output) is allowed


def test_replay_of_no_record_says_so(app: Flask) -> None:
    ran = app.test_cli_runner().invoke(args=["permission", "replay", "7"])
    assert ran.exit_code == 1 and "no decision record 7" in ran.output
