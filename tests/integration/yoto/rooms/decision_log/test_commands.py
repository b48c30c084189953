"""``flask permission replay``."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import insert

from tests.support.world import World
from yoto.rooms.decision_log.tables import DecisionRecord
from yoto.store.db import db


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
    return str(inserted.inserted_primary_key[0])


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
