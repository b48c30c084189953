"""Every search equals asking about everything one by one, on random rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.extensions import permissions
from app.models import Channel, Server
from tests.integration.yoto.permission.conftest import Clock
from tests.integration.yoto.permission.stored import permission_ids, store
from tests.support.examples import on_one_database
from tests.support.expressions import SHAPES, is_true
from tests.unit.yoto.permission.dense import USERS, dense_community
from tests.unit.yoto.permission.worlds import MOMENTS, NAMES
from yoto.permission.search import Page
from yoto.store.db import db

MODELS = {"channel": Channel, "server": Server}
NOBODY = 99
EVERYBODY = (*USERS, NOBODY)
WORLDS: dict[str, Any] = {"seed": st.integers(0, 2**32), "now": st.sampled_from(MOMENTS)}


def on_worlds(number: int) -> Callable[..., None]:
    """So many random worlds at random moments, each with two permissions to look at."""
    several = on_one_database(number)
    names = st.sets(st.sampled_from(NAMES), min_size=2, max_size=2)
    return lambda test: several(given(**WORLDS, names=names)(test))


def on_expressions(number: int) -> Callable[..., None]:
    """The same, each with an expression over three permissions."""
    several = on_one_database(number)
    names = st.permutations(NAMES).map(lambda found: found[:3])
    drawn = given(**WORLDS, names=names, shape=st.sampled_from(sorted(SHAPES)))
    return lambda test: several(drawn(test))


class Truth:
    """Everybody's rights everywhere, asked one by one; one that nobody has is not worth asking."""

    def __init__(self, places: list[tuple[str, int | None]]) -> None:
        self.places = places
        self._held = {
            (user_id, place): set(permissions.effective_permissions(user_id, *place))
            for user_id in EVERYBODY
            for place in places
        }

    def where(self, user_id: int, name: str, scope: str) -> list[int]:
        return [
            place[1]
            for place in self.places
            if place[0] == scope and place[1] and name in self._held[user_id, place]
        ]

    def who(self, name: str, place: tuple[str, int | None]) -> list[int]:
        return [user_id for user_id in EVERYBODY if name in self._held[user_id, place]]

    def meets(
        self, shape: str, names: list[str], user_id: int, place: tuple[str, int | None]
    ) -> bool:
        return is_true(shape, names, self._held[user_id, place])


@contextmanager
def world(app: Flask, clock: Clock, seed: int, now: float) -> Iterator[Truth]:
    clock.now = now
    rows = dense_community(seed)
    with app.app_context():
        store(rows, permission_ids())
        yield Truth(rows.places())
        db.session.rollback()


def all_pages(fetch: Callable[[int | None], Page], limit: int) -> list[int]:
    """All pages, one after the other."""
    found: list[int] = []
    after = None
    while True:
        page = fetch(after)
        assert len(page.ids) <= limit
        found += page.ids
        after = page.next_after
        if after is None:
            return found
        assert len(page.ids) == limit, "so few candidates fit in one look"


@on_worlds(50)
def test_the_sql_verdict_equals_the_checks(
    app: Flask, clock: Clock, seed: int, now: float, names: set[str]
) -> None:
    with world(app, clock, seed, now) as truth:
        for scope, model in MODELS.items():
            for user_id in EVERYBODY:
                for name in sorted(names):
                    statement = permissions.visible(select(model.id), user_id, name)
                    found = list(db.session.scalars(statement.order_by(model.id)))
                    assert found == truth.where(user_id, name, scope), (user_id, name, scope)


@on_worlds(25)
def test_pages_of_resources_equal_the_filtered_list(
    app: Flask, clock: Clock, seed: int, now: float, names: set[str]
) -> None:
    limit = 1 + seed % 3
    with world(app, clock, seed, now) as truth:
        for scope in MODELS:
            for user_id in USERS:
                for name in sorted(names):
                    found = all_pages(
                        lambda after: permissions.list_resources(
                            user_id, name, scope, after=after, limit=limit
                        ),
                        limit,
                    )
                    assert found == truth.where(user_id, name, scope), (user_id, name, scope)
        for server_id in (1, 2):
            within = permissions.list_resources(1, "channel.read", server_id=server_id)
            survey = permissions.nodes_with(1, "channel.read", "channel", "server", server_id)
            assert list(within.ids) == sorted(survey)


@on_worlds(50)
def test_pages_of_users_equal_the_filtered_list(
    app: Flask, clock: Clock, seed: int, now: float, names: set[str]
) -> None:
    limit = 1 + seed % 3
    with world(app, clock, seed, now) as truth:
        for place in truth.places:
            for name in sorted(names):
                found = all_pages(
                    lambda after: permissions.list_users(name, *place, after=after, limit=limit),
                    limit,
                )
                assert found == truth.who(name, place), (name, place)


@on_worlds(25)
def test_the_sql_verdict_joins_aliases_and_itself(
    app: Flask, clock: Clock, seed: int, now: float, names: set[str]
) -> None:
    """Two permissions at once, on an alias, in a join: the verdicts of both."""
    with world(app, clock, seed, now) as truth:
        channel = aliased(Channel)
        for user_id in USERS:
            statement = select(channel.id).join(Server, Server.id == channel.server_id)
            for name in names:
                statement = permissions.visible(statement, user_id, name)
            found = list(db.session.scalars(statement))
            both = set.intersection(*(set(truth.where(user_id, n, "channel")) for n in names))
            assert set(found) == both


@on_expressions(20)
def test_lists_by_an_expression_equal_the_verdicts_one_by_one(
    app: Flask, clock: Clock, seed: int, now: float, names: list[str], shape: str
) -> None:
    limit, asked = 1 + seed % 3, {"expression": shape.format(*names)}
    with world(app, clock, seed, now) as truth:
        for scope, model in MODELS.items():
            for user_id in EVERYBODY:
                wanted = [
                    place[1]
                    for place in truth.places
                    if place[0] == scope and truth.meets(shape, names, user_id, place)
                ]
                found = all_pages(
                    lambda after: permissions.list_resources(
                        user_id, scope=scope, after=after, limit=limit, **asked
                    ),
                    limit,
                )
                assert found == wanted, (user_id, scope, asked)
                statement = permissions.visible(select(model.id), user_id, **asked)
                seen = list(db.session.scalars(statement.order_by(model.id)))
                assert seen == wanted, (user_id, scope, asked)
        for place in truth.places:
            found = all_pages(
                lambda after: permissions.list_users(
                    None, *place, after=after, limit=limit, **asked
                ),
                limit,
            )
            people = [one for one in EVERYBODY if truth.meets(shape, names, one, place)]
            assert found == people, (place, asked)
