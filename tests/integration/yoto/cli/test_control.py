"""``flask control``: maintenance, the level of logs, operators, tokens and the audit log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import fleet, permissions
from tests.support.operators import ADMIN, VIEW, operator_named
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.store.models import ApiToken

WHY = ("--reason", "because", "--actor", "cli:ada")


@pytest.fixture(autouse=True)
def level_of_the_tests() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level
    yield
    root.setLevel(before)


def run(app: Flask, *arguments: str, fails: bool = False) -> str:
    result = app.test_cli_runner().invoke(args=["control", *arguments])
    assert (result.exit_code != 0) is fails, result.output
    return result.output


def as_json(app: Flask, *arguments: str) -> Any:
    return json.loads(run(app, *arguments, "--json"))


def test_maintenance_is_begun_for_a_while_and_ended(app: Flask, world: World) -> None:
    assert run(app, "maintenance", "show") == "The platform is open.\n"
    shown = run(app, "maintenance", "on", "--for", "2h", *WHY)
    assert "in maintenance, 20" in shown and "because" in shown
    with app.app_context():
        assert permissions.maintenance_status().until is not None
    assert as_json(app, "maintenance", "show")["enabled"] is True
    assert "within the next 30 days" in run(
        app, "maintenance", "on", "--for", "99d", *WHY, fails=True
    )
    assert run(app, "maintenance", "off", *WHY) == "The platform is open.\n"
    acts = world.acts("maintenance.set")
    assert [act.after["author"] for act in acts] == ["cli:ada", "cli:ada"]


def test_the_level_of_all_workers_is_set_and_taken_back(app: Flask) -> None:
    assert "as it is configured" in run(app, "log-level", "show")
    shown = run(app, "log-level", "set", "debug", "--for", "1h", *WHY)
    assert "from DEBUG on until 20" in shown and "by cli:ada" in shown
    assert as_json(app, "log-level", "show")["level"] == "DEBUG"
    assert "as it is configured" in run(app, "log-level", "reset", *WHY)


def test_operators_are_seen_named_and_locked_out(app: Flask, world: World) -> None:
    ada = operator_named(world, "ada", ADMIN, VIEW)
    nora = world.user("nora")
    roles = run(app, "operators", "roles")
    role_id = roles.split()[0]
    assert "role of ada: platform.view, platform.admin" in roles
    assert "platform.view" in run(app, "operators", "grant", "nora", role_id, "--for", "8h", *WHY)
    assert [one["username"] for one in as_json(app, "operators", "list")["items"]] == [
        "ada",
        "nora",
    ]
    assert "disabled" in run(app, "operators", "disable", str(nora.id), *WHY)
    assert "no account" in run(app, "operators", "grant", "nobody", role_id, *WHY, fails=True)
    last = run(app, "operators", "revoke", str(ada.id), role_id, *WHY, fails=True)
    assert "last administrator" in last
    assert "platform.view" in run(app, "operators", "enable", str(nora.id), *WHY)
    run(app, "operators", "end-sessions", str(nora.id), *WHY)
    assert "no right now" in run(app, "operators", "revoke", str(nora.id), role_id, *WHY)
    for action in ("role.assign", "role.unassign"):
        (act,) = world.acts(action)
        assert (act.actor_id, act.after["author"]) == (None, "cli:ada")


def test_tokens_are_made_for_an_account_with_rights_it_has_and_taken_back(
    app: Flask, world: World
) -> None:
    operator_named(world, "olga", VIEW)
    made = run(app, "tokens", "make", "olga", "deploy", *WHY)
    assert made.splitlines()[1].startswith("yoto_api_")
    ((token_id,),) = world.rows(select(ApiToken.id))
    assert "deploy" in run(app, "tokens", "list", "--user", "olga")
    run(app, "tokens", "make", "olga", "more", "--right", ADMIN, *WHY, fails=True)
    run(app, "tokens", "revoke", str(token_id), *WHY)
    assert as_json(app, "tokens", "list")["items"][0]["valid"] is False
    assert "no api_token 99" in run(app, "tokens", "revoke", "99", *WHY, fails=True)
    for action in ("api_token.make", "api_token.revoke"):
        (act,) = world.acts(action)
        assert (act.actor_id, act.after["author"], act.reason) == (None, "cli:ada", "because")


def test_the_audit_log_is_read_with_what_was_and_what_is(app: Flask, world: World) -> None:
    run(app, "maintenance", "on", *WHY)
    run(app, "maintenance", "off", *WHY)
    lines = run(app, "audit", "--action", "maintenance.").splitlines()
    assert len(lines) == 2 and "cli:ada  maintenance.set  switch:maintenance  (because)" in lines[0]
    assert '"enabled": false' in lines[1] and '"enabled": true' in lines[1]
    exported = json.loads(run(app, "audit", "--action", "maintenance.", "--export"))
    assert [one["after"]["enabled"] for one in exported] == [False, True]
    assert run(app, "audit", "--to", "2020-01-01") == ""


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_worker_that_does_not_obey_is_an_error_in_either_form(
    app: Flask, monkeypatch: pytest.MonkeyPatch, form: tuple[str, ...]
) -> None:
    service = fleet.of(app)
    service.start()
    wait_until(service.all)
    monkeypatch.setattr(service, "drain", lambda *asked: service.all()[0])
    assert "has not said that it obeys" in run(app, "drain", service.id, *WHY, *form, fails=True)
