"""A snapshot of the world, by which tests see that nothing was written, shows what was."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import text

from tests.support.world import World
from yoto.store.db import db

CHANGES = (
    "UPDATE channels SET topic = 'News'",
    "UPDATE channels SET external_id = ''",  # which was null
    "UPDATE servers SET access_hours = '[8, 18]'",
    "UPDATE servers SET access_hours = '[8, 19]'",
    "UPDATE users SET token_epoch = token_epoch + 1",
    "DELETE FROM members",
)


def test_a_snapshot_shows_each_change_and_nothing_else(app: Flask, world: World) -> None:
    community = world.server()
    before = world.snapshot()
    assert None not in before.values() and world.snapshot() == before
    for change in CHANGES:
        with app.app_context():
            db.session.execute(text(change))
            db.session.commit()
        after = world.snapshot()
        assert after != before, change
        before = after
    world.member(community, community.owner)
    assert world.snapshot() != before
