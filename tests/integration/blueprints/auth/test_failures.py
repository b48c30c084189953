"""Failed sign-ins of operators are audited, and no more of them than anybody would read."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from app.http.pace import Pace
from tests.integration.blueprints.control_plane.conftest import Browser
from tests.support.operators import VIEW, operator_named
from tests.support.world import Person, World

LOGIN = "/api/v1/auth/login"


def fail(client: FlaskClient, username: str) -> int:
    return client.post(LOGIN, json={"username": username, "password": "a wrong one"}).status_code


def test_failures_of_operators_are_audited_once_in_a_while_and_others_never(
    app: Flask, client: FlaskClient, ada: Person, world: World, stored_hash: str
) -> None:
    olga = operator_named(world, "olga", VIEW, password_hash=stored_hash)
    root = world.user("root", super_admin=True, password_hash=stored_hash)
    assert Browser(app.test_client()).sign_in("OLGA", "a wrong one").status_code == 422
    for name in ("ada", "olga", "root", "nobody-at-all"):
        assert [fail(client, name) for _ in range(2)] == [401, 401]
    acts = world.acts("sign_in.failed")
    assert [(act.subject, act.actor_id, act.after) for act in acts] == [
        (f"user:{olga.id}", None, {"door": "/control/sign-in"}),
        (f"user:{root.id}", None, {"door": LOGIN}),
    ]
    assert world.acts("super_admin.use") == []
    while fail(client, "olga") == 401:
        pass
    assert fail(client, "olga") == 429
    assert [act.subject for act in world.acts("sign_in.locked_out")] == [f"user:{olga.id}"]
    assert len(world.acts("sign_in.failed")) == 2


def test_a_pace_says_yes_once_in_an_interval_for_each_and_forgets_the_oldest() -> None:
    now = 0.0
    pace = Pace(60, 2, lambda: now)
    assert [pace.allows("a", "x"), pace.allows("a", "x"), pace.allows("a", "y")] == [
        True,
        False,
        True,
    ]
    now = 59.0
    assert not pace.allows("a", "x")
    now = 60.0
    assert pace.allows("a", "x")
    assert pace.allows("b", "x") and pace.allows("a", "y")
    assert len(pace._last) == 2
