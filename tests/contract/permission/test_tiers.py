"""The same verdict from every tier: the database, memory, and Redis as another worker reads it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.cli.seed.matrix import import_matrix, permission_name
from app.db import db as application
from app.extensions import cache, optimization, permissions
from app.models import User
from tests.integration.cli.test_seed_matrix import MATRICES, NAMES, read
from tests.integration.yoto.permission.stored import permission_ids, store
from tests.support.applications import another_app
from tests.support.examples import on_one_database
from tests.support.waiting import wait_until
from tests.unit.yoto.permission.reference import Reference
from tests.unit.yoto.permission.worlds import MOMENTS
from tests.unit.yoto.permission.worlds import NAMES as PERMISSIONS
from tests.unit.yoto.permission.worlds import USERS, Rows, communities
from yoto.permission.loading.source import DatabaseSource
from yoto.permission.registry.scopes import GLOBAL, Place
from yoto.permission.state import EXTENSION
from yoto.permission.verdict.resolver import Resolution
from yoto.store.columns import Model
from yoto.store.db import db, writing

NOBODY = 99


class Clock:
    """The time of all workers of a test."""

    now = MOMENTS[0]

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(app: Flask, other: Flask) -> Iterator[Clock]:
    """Lets both workers live at the same time, with caches."""
    found = Clock()
    for worker in (app, other):
        permissions.init_app(
            worker, clock=found, cache=cache.of(worker), locks=optimization.of(worker).locks
        )
    yield found
    for worker in (app, other):
        permissions.close(worker)


@pytest.fixture
def other(app: Flask, app_config: dict[str, Any], tmp_path: Path) -> Iterator[Flask]:
    """Another worker of the same platform."""
    with another_app(app_config, tmp_path / "other") as worker:
        yield worker


def wipe(app: Flask) -> None:
    """Take out what an example has stored."""
    with app.app_context(), writing():
        connection = db.session.connection()
        own, platform = application.metadata.sorted_tables, Model.metadata.sorted_tables
        for table in (*reversed(platform), *reversed(own)):
            if table.name not in ("yoto_permissions", "yoto_audit_records"):
                connection.execute(table.delete())
        db.session.commit()


def in_database(app: Flask, user_id: int, place: Place, clock: Clock) -> Resolution:
    """The resolution by the database alone."""
    return DatabaseSource(app.extensions[EXTENSION].registry, clock).load(user_id, place)


def at(app: Flask, user_id: int, place: Place) -> tuple[str, Resolution]:
    """The tier that answers in a worker, and the resolution."""
    answer = app.extensions[EXTENSION].caching.source.answer(user_id, place)
    return answer.tier, answer.resolution


@on_one_database(60)
@given(communities(), st.sampled_from(MOMENTS))
def test_every_tier_resolves_alike(
    app: Flask, other: Flask, clock: Clock, rows: Rows, now: float
) -> None:
    clock.now = now
    wipe(app)
    reference = Reference(rows)
    with app.app_context(), writing():
        store(rows, permission_ids())
        db.session.commit()
        position = permissions.invalidate_all().position
    assert position is not None
    for worker in (app, other):
        wait_until(partial(cache.of(worker).reached, position))
    for scope, scope_id in rows.places():
        place = GLOBAL if scope_id is None else Place(scope, scope_id)
        for user_id in (*USERS, NOBODY):
            with app.app_context():
                truth = in_database(app, user_id, place, clock)
                assert at(app, user_id, place) == ("db", truth)
                assert at(app, user_id, place) == ("l1", truth)
                expected = reference.effective(user_id, scope, scope_id, now)
                for name in PERMISSIONS:
                    question = name, scope, scope_id
                    assert permissions.check_many(user_id, [question]) == [name in expected]
            with other.app_context():
                assert at(other, user_id, place) == ("l2", truth)
    wipe(app)


@on_one_database(60)
@given(communities(), st.sampled_from(MOMENTS), st.sampled_from(PERMISSIONS))
def test_every_tier_answers_a_batch_alike(
    app: Flask, other: Flask, clock: Clock, rows: Rows, now: float, name: str
) -> None:
    clock.now = now
    wipe(app)
    reference = Reference(rows)
    with app.app_context(), writing():
        store(rows, permission_ids())
        db.session.commit()
        position = permissions.invalidate_all().position
    assert position is not None
    for worker in (app, other):
        wait_until(partial(cache.of(worker).reached, position))
    people = [*USERS, NOBODY]
    for scope, scope_id in rows.places():
        expected = {
            user_id: name in reference.effective(user_id, scope, scope_id, now)
            for user_id in people
        }
        for worker in (app, app, other):
            with worker.app_context():
                found = permissions.batch_check_permissions(people, name, scope, scope_id)
                assert found == expected, (scope, scope_id)
        with app.app_context():
            place = GLOBAL if scope_id is None else Place(scope, scope_id)
            for user_id in USERS:
                assert at(app, user_id, place) == (
                    "l1",
                    in_database(app, user_id, place, clock),
                )
    wipe(app)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_every_tier_answers_a_matrix_alike(app: Flask, other: Flask, name: str) -> None:
    file = MATRICES / f"{name}.txt"
    if not file.exists():
        pytest.skip("the shared matrices are not beside the project")
    held = read(file)
    numbers = sorted({number for permissions in held.values() for number in permissions})
    with app.app_context(), writing():
        import_matrix(file, name, progress=click.progressbar)
        ids = dict(
            db.session.execute(
                select(User.username, User.id).where(User.username.startswith(f"{name}."))
            ).all()
        )
        position = permissions.last_position()
    assert position is not None
    users = {ids[f"{name}.{user}"]: has for user, has in held.items()}
    some = numbers[:: max(1, len(numbers) // 20)]
    for worker in (app, app, other, other):
        with worker.app_context():
            wait_until(partial(cache.of(worker).reached, position))
            for number in some:
                verdicts = permissions.batch_check_permissions(
                    list(users), permission_name(name, number)
                )
                assert verdicts == {user_id: number in has for user_id, has in users.items()}
    with other.app_context():
        assert cache.stats().counts["loads"] == 0
        assert cache.stats().counts["l2_hits"] >= len(users)
        for user_id in list(users)[:: max(1, len(users) // 50)]:
            for number in some:
                allowed = permissions.check_permission(user_id, permission_name(name, number))
                assert allowed == (number in users[user_id])
