"""A request that begins before its sender is demoted, and ends after, is judged by the present."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from app.auth.accounts import known_account
from tests.support.database import Template
from tests.support.together import together
from tests.support.world import World
from yoto.store.db import db
from yoto.store.models import RoleAssignment


@pytest.fixture(scope="module")
def database(server_database: Template) -> Template:
    """A server: a transaction of MariaDB sees what was when it began to read."""
    return server_database


def test_what_was_taken_while_the_body_was_on_its_way_counts_no_more(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    community = world.server()
    high, low = world.role(community, position=9), world.role(community, position=2)
    desk = world.role(community, "role.manage", "role.assign", position=1)
    deputy, junior = world.member(community, None, high, desk), world.member(community)

    def demote() -> None:
        with app.app_context():
            db.session.execute(delete(RoleAssignment).where(RoleAssignment.role_id == high))
            db.session.commit()

    def then_demoted(*arguments: Any) -> Any:
        found = known_account(*arguments)
        monkeypatch.undo()
        together([demote])
        return found

    monkeypatch.setattr("app.auth.tokens.known_account", then_demoted)
    answer = app.test_client().put(
        f"/api/v1/roles/{low}/members/{junior.id}", json={}, headers=deputy.headers
    )
    assert answer.status_code == 403 and answer.json["reason"] == "role_too_high", answer.text
