"""How many statements a question takes, however deep and wide the server is."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert

from app.extensions import permissions
from app.models import User
from tests.integration.yoto.permission.conftest import Clock
from tests.support.statements import count_statements, work_of
from tests.support.world import World
from yoto.permission.loading import load, load_one
from yoto.permission.loading.source import DatabaseSource
from yoto.permission.registry.scopes import Place
from yoto.permission.state import EXTENSION
from yoto.store.db import db

DEPTH = 60
PLACES = ("global", "server", "channel")


@pytest.fixture
def deep(app: Flask, clock: Clock, world: World) -> dict[str, Any]:
    """Somebody whose one role inherits through sixty others, and a channel in sync."""
    community = world.server()
    role_id = world.role(community, "message.pin", name="top")
    for _ in range(DEPTH):
        role_id = world.role(community, parent_id=role_id)
    person = world.member(community, None, role_id)
    category = world.category(community)
    channel = world.channel(community, category_id=category, synced=True)
    world.overwrite(category=category, role=role_id, allow=["message.manage"])
    with app.app_context():
        permissions.check_permission(person.id, "message.pin")  # the registry is read once
    assert isinstance(app.extensions[EXTENSION].source, DatabaseSource)
    return {
        "person": person.id,
        "global": None,
        "server": community.id,
        "channel": channel,
        "community": community,
    }


@pytest.mark.parametrize("scope", PLACES)
def test_one_check_takes_two_statements_however_deep_the_inheritance(
    app: Flask, deep: dict[str, Any], scope: str
) -> None:
    with count_statements(app) as statements, app.app_context():
        decision = permissions.decide(deep["person"], "message.pin", scope, deep[scope])
    assert decision.allowed is (scope != "global")
    assert len(statements) == 2


def test_many_checks_take_two_statements_a_place(app: Flask, deep: dict[str, Any]) -> None:
    names = [entry.name for entry in permissions_of(app)]
    checks = [(name, scope, deep[scope]) for name in names for scope in PLACES]
    with count_statements(app) as statements, app.app_context():
        assert any(permissions.check_many(deep["person"], checks))
    assert len(statements) == 2 * len(PLACES)


def test_a_load_looks_at_no_more_rows_however_many_others_hold_something(
    app: Flask, world: World, deep: dict[str, Any]
) -> None:
    place = Place("server", deep["server"])
    with app.app_context():
        connection = db.session.connection()
        asked = [deep["person"]]

        def one() -> None:
            load_one(connection, deep["person"], place)

        def several() -> None:
            load(connection, asked, place)

        before = [work_of(connection, ask) for ask in (one, several)]
        db.session.rollback()
    world.members(deep["community"], 300, world.role(deep["community"], "message.send"))
    with app.app_context():
        connection = db.session.connection()
        after = [work_of(connection, ask) for ask in (one, several)]
    assert all(now <= 1.2 * then for then, now in zip(before, after, strict=True)), (before, after)


@pytest.mark.parametrize("scope", PLACES)
def test_a_batch_of_ten_thousand_users_takes_two_statements(
    app: Flask, world: World, deep: dict[str, Any], scope: str
) -> None:
    members = world.members(deep["community"], 40)
    crowd = [*members, deep["person"], *range(10**6, 10**6 + 10_000)]
    with count_statements(app) as statements, app.app_context():
        verdicts = permissions.batch_check_permissions(crowd, "message.pin", scope, deep[scope])
    assert len(statements) == 2
    assert len(verdicts) == len(crowd)
    allowed = [user_id for user_id, verdict in verdicts.items() if verdict]
    assert allowed == ([] if scope == "global" else [deep["person"]])


def test_a_batch_finds_people_among_more_ids_than_a_statement_has_parameters(
    app: Flask, clock: Clock, world: World
) -> None:
    role_id = world.role(None, "platform.view")
    with app.app_context():
        db.session.execute(
            insert(User),
            [
                {"username": f"many{n}", "display_name": "", "password_hash": "!"}
                for n in range(200)
            ],
        )
        db.session.commit()
    person = world.user()
    world.assign(person, role_id)
    with app.app_context():
        verdicts = permissions.batch_check_permissions(range(1, 70_001), "platform.view")
    assert [user_id for user_id, verdict in verdicts.items() if verdict] == [person.id]


def test_roles_of_other_servers_are_not_even_read(
    app: Flask, world: World, deep: dict[str, Any]
) -> None:
    """The loader's own answer, so that a filter lost in SQL is seen although the rules hide it."""
    elsewhere = world.server()
    person = world.member(elsewhere, None, world.role(elsewhere, "message.pin"))
    state = app.extensions[EXTENSION]
    with app.app_context():
        place = Place("server", deep["server"])
        loaded = load_one(db.session.connection(), person.id, place)
        facts, [user] = loaded.facts(state.registry)
    assert user.assignments == ()
    assert list(facts.roles) == [deep["community"].everyone_id]


def permissions_of(app: Flask) -> list[Any]:
    with app.app_context():
        return list(permissions.list_registered_permissions())
