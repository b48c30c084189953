"""Each route of the control plane for each kind of caller: those let in by it, and the others.

A caller who is let in sends an empty body: other tests tell what is asked of them then.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.auth import session as sessions
from app.auth.passwords import passwords
from app.guards import AGAINST_GUESSING
from tests.integration.yoto.control_plane.conftest import PASSWORD, STATUS, Browser
from tests.integration.yoto.control_plane.rights import LOOSENING, ROUTES
from tests.support.operators import (
    ADMIN,
    OPERATE,
    RIGHTS,
    VIEW,
    WHY,
    ControlClient,
    api_token,
    control_client,
    operator_named,
)
from tests.support.world import World
from yoto.http.control_api import CONTROL_API_PREFIX

OPENAPI = f"{CONTROL_API_PREFIX}/openapi.json"
# Kinds of operators by the rights that they have.
OPERATORS = {"viewer": (VIEW,), "operator": (VIEW, OPERATE), "administrator": RIGHTS}
READING = {"GET"}


def calls() -> list[tuple[str, str, str]]:
    """Method and path of each route, with names for its variables, and the right it takes."""
    found = []
    for route, right in ROUTES.items():
        method, path = route.split(" ", 1)
        path = re.sub(r"<int:[^>]+>", "1", path)
        path = re.sub(r"<any\((\w+)[^>]*>", r"\1", path)
        found.append((method, re.sub(r"<[^>]+>", "name", path), right))
    return found


@pytest.fixture
def session_of(app: Flask, world: World) -> Callable[..., ControlClient]:
    """Signs somebody in who has these rights."""

    def sign_in(*rights: str) -> ControlClient:
        with app.app_context():
            stored = passwords().hash(PASSWORD)
        operator_named(world, "ada", *rights, password_hash=stored)
        browser = Browser(app.test_client())
        assert browser.sign_in("ada").status_code == 303
        return ControlClient(browser.client, {"X-CSRF-Token": browser.token(STATUS)})

    return sign_in


def statuses(caller: ControlClient) -> dict[str, int]:
    """The answer to each route."""
    found = {}
    for method, path, _ in calls():
        body = None if method in READING else {}
        found[f"{method} {path}"] = caller.send(method, path, body).status_code
    return found


def test_the_table_has_every_route_and_no_other(app: Flask) -> None:
    found = {
        f"{method} {rule.rule.removeprefix(CONTROL_API_PREFIX)}"
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(CONTROL_API_PREFIX) and rule.rule != OPENAPI
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert found == set(ROUTES)


@pytest.mark.parametrize("kind", OPERATORS)
def test_an_operator_is_let_in_by_right(
    kind: str, session_of: Callable[..., ControlClient]
) -> None:
    rights = OPERATORS[kind]
    # Routes about other people take the right to audit beside.
    answers = statuses(session_of(*rights, "admin.audit"))
    for method, path, right in calls():
        answer = answers[f"{method} {path}"]
        if right in rights:
            assert answer not in (401, 403), (kind, method, path, answer)
            assert answer < 500 or answer == 503, (kind, method, path, answer)
        else:
            assert answer == 403, (kind, method, path, answer)


def test_a_token_is_let_in_by_its_own_rights(app: Flask, world: World) -> None:
    ada = operator_named(world, "ada", *RIGHTS)
    for limit in ((VIEW,), (VIEW, OPERATE), (OPERATE,), (ADMIN,)):
        _, secret = api_token(app, ada, limit)
        caller = ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})
        for method, path, right in calls():
            if right not in limit:
                body = None if method in READING else {}
                answer = caller.send(method, path, body)
                assert (answer.status_code, answer.json["reason"]) == (403, "not_in_token")


def test_without_a_credential_nobody_is_let_in(app: Flask, world: World) -> None:
    before = world.snapshot()
    answers = statuses(ControlClient(app.test_client(), {}))
    assert set(answers.values()) == {401}
    assert world.snapshot() == before


def test_without_the_csrf_token_a_session_only_looks(
    session_of: Callable[..., ControlClient], world: World
) -> None:
    signed_in = session_of(*RIGHTS, "admin.audit")
    for wrong in ({}, {"X-CSRF-Token": "wrong"}):
        caller = ControlClient(signed_in.client, wrong)
        before = world.snapshot()
        for route, answer in statuses(caller).items():
            if route.startswith("GET"):
                assert answer not in (401, 403), route
            else:
                assert answer == 403, route
        assert world.snapshot() == before


def test_a_session_that_is_over_opens_nothing(
    session_of: Callable[..., ControlClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in = session_of(*RIGHTS, "admin.audit")
    later = sessions.utcnow() + sessions.SESSION_LIFETIME + timedelta(seconds=1)
    monkeypatch.setattr(sessions, "utcnow", lambda: later)
    assert set(statuses(signed_in).values()) == {401}


@pytest.mark.parametrize("rights", [(VIEW, OPERATE), RIGHTS], ids=["operator", "administrator"])
def test_who_only_operates_loosens_no_limit_against_guessing(
    app: Flask, world: World, rights: tuple[str, ...]
) -> None:
    """They could try all passwords of an administrator."""
    caller = control_client(app, world, *rights)
    bodies = [
        {"reason": WHY, "values": {"dimensions": {"user": {"limit": 19, "window": 60}}}},
        {"reason": WHY},
        {"reason": WHY, "to_version": 1},
        {"reason": WHY, "user": "1", "address": "192.0.2.1"},
    ]
    for limit in AGAINST_GUESSING:
        for version, (route, body) in enumerate(zip(LOOSENING, bodies, strict=True)):
            method, path = route.replace("<name>", limit).split(" ")
            answer = caller.send(method, path, body, If_Match=f'"{version}"')
            if ADMIN not in rights:
                assert (answer.status_code, answer.json["permission"]) == (403, ADMIN), path
            elif "rollback" not in path:
                assert answer.status_code in (200, 422), (path, answer.text)
            else:
                assert answer.status_code != 403, path
    resets, changes = world.acts("resilience.rate_limit.reset_key"), world.acts(
        "resilience.config.set"
    )
    assert bool(resets) == bool(changes) == (ADMIN in rights)
