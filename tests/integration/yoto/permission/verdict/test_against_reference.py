"""Rows in, verdicts out: the statements, the loader and the resolver together, on random rows."""

from __future__ import annotations

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from app.extensions import permissions
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.stored import permission_ids, store
from tests.support.examples import on_one_database
from tests.unit.yoto.permission.reference import Reference
from tests.unit.yoto.permission.worlds import MOMENTS, NAMES, USERS, Rows, communities
from yoto.store.db import db

NOBODY = 99


@on_one_database(75)
@given(communities(), st.sampled_from(MOMENTS))
def test_every_effective_mask_equals_the_second_implementation(
    app: Flask, clock: Clock, rows: Rows, now: float
) -> None:
    clock.now = now
    reference = Reference(rows)
    with app.app_context():
        store(rows, permission_ids())
        for scope, scope_id in rows.places():
            for user_id in (*USERS, NOBODY):
                found = set(permissions.effective_permissions(user_id, scope, scope_id))
                expected = reference.effective(user_id, scope, scope_id, now)
                assert found & set(NAMES) == expected, (user_id, scope, scope_id)
        db.session.rollback()


@on_one_database(75)
@given(communities(), st.sampled_from(MOMENTS))
def test_every_batch_equals_the_second_implementation(
    app: Flask, clock: Clock, rows: Rows, now: float
) -> None:
    clock.now = now
    reference = Reference(rows)
    with app.app_context():
        store(rows, permission_ids())
        for scope, scope_id in rows.places():
            held = {id_: reference.effective(id_, scope, scope_id, now) for id_ in USERS}
            for name in NAMES:
                found = permissions.batch_check_permissions([*USERS, NOBODY], name, scope, scope_id)
                expected = {id_: name in held[id_] for id_ in USERS} | {NOBODY: False}
                assert found == expected, (name, scope, scope_id)
        db.session.rollback()


@on_one_database(75)
@given(communities(), st.sampled_from(MOMENTS))
def test_many_checks_of_one_user_equal_the_second_implementation(
    app: Flask, clock: Clock, rows: Rows, now: float
) -> None:
    clock.now = now
    reference = Reference(rows)
    checks = [(name, *place) for place in rows.places() for name in NAMES]
    with app.app_context():
        store(rows, permission_ids())
        for user_id in USERS:
            found = permissions.check_many(user_id, checks)
            expected = [
                name in reference.effective(user_id, scope, scope_id, now)
                for name, scope, scope_id in checks
            ]
            assert found == expected, user_id
        db.session.rollback()


@on_one_database(75)
@given(communities(), st.sampled_from(MOMENTS))
def test_every_survey_of_a_server_equals_the_second_implementation(
    app: Flask, clock: Clock, rows: Rows, now: float
) -> None:
    clock.now = now
    reference = Reference(rows)
    with app.app_context():
        store(rows, permission_ids())
        for server in rows.servers:
            channels = [row["id"] for row in rows.channels if row["server_id"] == server["id"]]
            for user_id in USERS:
                held = {id_: reference.effective(user_id, "channel", id_, now) for id_ in channels}
                for name in NAMES:
                    found = permissions.nodes_with(user_id, name, "channel", "server", server["id"])
                    expected = [id_ for id_ in channels if name in held[id_]]
                    assert found == expected, (user_id, name, server["id"])
        db.session.rollback()
