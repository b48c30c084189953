"""An explanation's verdict is the check's, and what it proposes does turn it, on random rows."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.extensions import permissions
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.explain.applying import APPLY, apply_change
from tests.integration.yoto.permission.stored import permission_ids, store
from tests.support.examples import on_one_database
from tests.unit.yoto.permission.worlds import MOMENTS, NAMES, USERS, Rows, communities
from yoto.permission.explain.changes import KINDS
from yoto.store.db import db

NOBODY = 99
Question = tuple[int, str, str, int | None]


@pytest.fixture
def clock(app: Flask) -> Clock:
    """The clock of a permission system that audits nothing."""
    found = Clock()
    permissions.init_app(app, clock=found, on_super_admin_use=lambda use: None)
    return found


@on_one_database(75)
@given(communities(), st.sampled_from(MOMENTS), st.data())
def test_the_verdict_is_the_checks_and_every_change_turns_it(
    app: Flask, clock: Clock, rows: Rows, now: float, data: st.DataObject
) -> None:
    clock.now = now
    with app.app_context():
        ids = permission_ids()
        store(rows, ids)
        for place in rows.places():
            for user_id in (*USERS, NOBODY):
                _compare((user_id, data.draw(st.sampled_from(NAMES)), *place), ids)
        db.session.rollback()


def _compare(question: Question, ids: dict[str, int]) -> None:
    decision = permissions.decide(*question)
    found = permissions.explain(*question)
    assert (found.allowed, found.reason) == (decision.allowed, decision.reason)
    assert found.agrees
    assert (question[1] in found.effective) == decision.allowed
    json.dumps(found.to_dict())
    for change in found.changes:
        with db.session.begin_nested() as nested:
            apply_change(change, ids)
            assert permissions.decide(*question).allowed is not found.allowed, change
            nested.rollback()


def test_every_kind_of_change_has_a_rank_and_can_be_applied() -> None:
    assert set(KINDS) == set(APPLY)
