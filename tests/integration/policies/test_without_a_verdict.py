"""Decisions where policies give no verdict."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from app.extensions import permissions, policy
from tests.integration.policies.conftest import ALWAYS
from tests.support.world import Community, Person, World
from yoto.errors import StoreUnavailable, ValidationFailed
from yoto.rooms.policies import PolicyUnavailable
from yoto.store.db import db
from yoto.store.models import User

LOST = OperationalError("SELECT", {}, OSError("lost"), connection_invalidated=True)


@pytest.fixture
def warden(app: Flask, world: World) -> Person:
    """May open both vaults, as far as roles go."""
    with app.app_context():
        for name, choice in (("vault.strict", "deny"), ("vault.lenient", "rbac")):
            permissions.register_permission(name, scope="global", abac=True, on_policy_error=choice)
    person = world.user("warden")
    world.assign(person, world.role(None, "vault.strict", "vault.lenient", position=2))
    return person


@pytest.fixture
def broken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """No engine answers."""

    def fail(*_: Any) -> Any:
        raise PolicyUnavailable("no engine")

    monkeypatch.setattr(policy.of(app).evaluator, "_evaluated", fail)


@pytest.mark.usefixtures("broken")
def test_it_is_a_denial_unless_the_permission_says_otherwise(app: Flask, warden: Person) -> None:
    with app.app_context():
        strict = permissions.decide(warden.id, "vault.strict")
        lenient = permissions.decide(warden.id, "vault.lenient")
        assert (strict.allowed, strict.reason) == (False, "policy_unavailable")
        assert (lenient.allowed, lenient.reason) == (True, "granted")
        assert permissions.get_permission_registry_stats()["policy_failures"] == {
            "vault.lenient": 1
        }


def test_a_denial_by_policies_is_a_denial_for_both(
    app: Flask, world: World, warden: Person
) -> None:
    with app.app_context():
        policy.put_document("risk", {"limits": {"vault.*": -1}}, "test")
        for name in ("vault.strict", "vault.lenient"):
            assert permissions.decide(warden.id, name).reason == "risk_too_high"
        assert permissions.get_permission_registry_stats()["policy_failures"] == {}


@pytest.mark.parametrize("beside", [(), ("closed",)])
@pytest.mark.parametrize("code", ["policy_error", "policy_unavailable", "policy_too_slow"])
def test_a_policy_that_gives_the_code_of_a_failure_denies_like_any_other(
    app: Flask, warden: Person, code: str, beside: tuple[str, ...]
) -> None:
    given = {code, *beside}
    rule = "".join(f'deny contains "{one}" if "vault.*" in input.action.names\n' for one in given)
    with app.app_context():
        policy.put("odd", f"package yoto.authz\n\n{rule}", "test")
        found = permissions.decide(warden.id, "vault.lenient")
        assert not found.allowed and set(found.codes) == given
        assert permissions.get_permission_registry_stats()["policy_failures"] == {}


@pytest.mark.parametrize("error", [StoreUnavailable("database"), LOST, ArithmeticError()])
def test_what_cannot_be_read_is_missing_and_leaves_roles_to_decide_nothing(
    app: Flask, warden: Person, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    hours = {"vault.*": ALWAYS | {"time_zone": "UTC"}}
    with app.app_context():
        policy.put_document("hours", {"business": hours, "access": [], "posting": []}, "test")
        monkeypatch.setattr("yoto.rooms.policies.checking.facts.load_emergencies", fail)
        found = permissions.decide(warden.id, "vault.lenient")
        assert (found.allowed, found.codes) == (False, ("missing:context.time",))
        # Nor is not having the right taken from it.
        unless = permissions.decide_expression(warden.id, "NOT vault.lenient")
        assert (unless.allowed, unless.reason) == (False, "missing:context.time")
        assert permissions.get_permission_registry_stats()["policy_failures"] == {}


def test_a_database_that_goes_away_in_a_change_is_unavailable_as_at_any_time(
    app: Flask, harbour: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise LOST

    with app.app_context():
        db.session.get_one(User, harbour.owner.id).clearance = 2
        db.session.flush()
        monkeypatch.setattr("yoto.permission.judged.load_place", fail)
        with pytest.raises(StoreUnavailable):
            permissions.decide(harbour.owner.id, "message.send", "channel", harbour.channel_id)


@pytest.mark.usefixtures("broken")
def test_roles_still_have_to_allow_it(app: Flask, world: World, warden: Person) -> None:
    with app.app_context():
        stranger = world.user()
        assert permissions.decide(stranger.id, "vault.lenient").reason == "not_granted"


def test_the_choice_is_one_of_two(app: Flask) -> None:
    with app.app_context(), pytest.raises(ValidationFailed, match="on_policy_error"):
        permissions.register_permission("vault.odd", abac=True, on_policy_error="allow")


CALM = """package yoto.authz

deny contains "not_suspicious" if {
    input.action.name == "vault.banned"
    not input.context.given.suspicious
}
"""


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (None, "missing:context.given.suspicious"),
        ({}, "missing:context.given.suspicious"),
        ({"suspicious": True}, "not_satisfied"),
    ],
)
def test_a_fact_that_is_not_given_is_no_reason_to_let_a_not_pass(
    app: Flask, world: World, given: dict[str, Any] | None, reason: str
) -> None:
    person = world.user("visitor")
    with app.app_context():
        permissions.register_permission("vault.open", scope="global")
        permissions.register_permission("vault.banned", scope="global", abac=True)
    world.assign(person, world.role(None, "vault.open", "vault.banned", position=2))
    with app.app_context():
        policy.put("calm", CALM, "test")
        expression = "vault.open AND NOT vault.banned"

        decision = permissions.decide_expression(person.id, expression, context=given)

        assert (decision.allowed, decision.reason) == (False, reason)
        innocent = {"suspicious": False}
        assert permissions.decide_expression(person.id, expression, context=innocent).allowed
        # A condition that the unknown part cannot change is decided.
        either = "vault.open OR NOT vault.banned"
        assert permissions.decide_expression(person.id, either, context=given).allowed
