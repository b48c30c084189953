"""The token for when database or permissions are down."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.auth import break_glass
from app.auth import session as sessions
from tests.integration.yoto.control_plane.conftest import (
    OVERVIEW,
    SIGN_IN,
    STATUS,
    Browser,
    focused,
)
from tests.support.applications import another_app
from tests.support.operators import RIGHTS, VIEW, WHY, ControlClient, api_token, operator_named
from tests.support.world import World
from yoto.errors import StoreUnavailable
from yoto.redis import RedisStore

TOKEN, HASH = break_glass.new_token()


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return {**app_config, "BREAK_GLASS_HASH": HASH, "PREFETCH_ENABLED": True}


@pytest.fixture
def holder(app: Flask) -> ControlClient:
    """A program that sends the token."""
    return ControlClient(app.test_client(), {"Authorization": f"Bearer {TOKEN}"})


def sign_in(browser: Browser, token: str) -> Any:
    form = {"csrf_token": browser.token(SIGN_IN), "glass": token}
    return browser.client.post(SIGN_IN, data=form)


def test_it_has_every_right_and_no_account(holder: ControlClient) -> None:
    shown = holder.get("/session").json
    assert shown["rights"] == list(RIGHTS)
    assert (shown["via"], shown["user"]) == ("break_glass", None)


def test_it_opens_the_pages_for_an_hour(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sign_in(browser, TOKEN).headers["Location"] == OVERVIEW
    page = browser.get(STATUS)
    assert page.status_code == 200 and "Break-glass session" in page.text
    later = break_glass.utcnow() + sessions.BREAK_GLASS_LIFETIME
    monkeypatch.setattr(break_glass, "utcnow", lambda: later)
    assert browser.get(STATUS).status_code == 303


def test_a_session_ends_when_another_token_is_configured(app: Flask, browser: Browser) -> None:
    sign_in(browser, TOKEN)
    app.config["BREAK_GLASS_HASH"] = break_glass.new_token()[1]
    assert browser.get(STATUS).status_code == 303


def test_a_copy_of_its_cookie_opens_nothing_after_signing_out(
    app: Flask, browser: Browser, app_config: dict[str, Any], tmp_path: Path
) -> None:
    sign_in(browser, TOKEN)
    copy = browser.cookie()

    def opens(worker: Flask) -> bool:
        client = worker.test_client()
        client.set_cookie("yoto_session", copy, path="/control")
        return client.get(STATUS).status_code == 200

    with another_app(app_config, tmp_path / "other") as other:
        other.config["BREAK_GLASS_HASH"] = app.config["BREAK_GLASS_HASH"]
        assert opens(app) and opens(other)
        browser.sign_out()
        assert not opens(app) and not opens(other)


def test_without_redis_a_session_holds_until_its_end_or_until_it_is_ended_here(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: Flask) -> None:
        raise StoreUnavailable("redis")

    monkeypatch.setattr(RedisStore, "of", away)
    hour = timedelta(hours=1)
    with app.app_context():
        ends = break_glass.utcnow() + hour
        assert break_glass.session_holds(HASH, "one", ends)
        assert not break_glass.session_holds(HASH, "", ends)
        assert not break_glass.session_holds("another", "one", ends)
        assert not break_glass.session_holds(None, "one", ends)
        assert not break_glass.session_holds(HASH, "one", ends - hour)
        break_glass.end_session("one", hour)
        assert not break_glass.session_holds(HASH, "one", ends)
        assert break_glass.session_holds(HASH, "two", ends)


def test_what_is_done_with_it_is_audited_without_an_actor(
    holder: ControlClient, world: World
) -> None:
    assert holder.post("/prefetch/pause", where="worker").status_code == 200
    acts = world.acts("prefetch.pause")
    assert [(act.actor_id, act.after["via"]) for act in acts] == [(None, "break_glass")]


def test_it_acts_on_guards_while_the_database_is_away(
    app_config: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Then the record is in the log of the process."""
    nowhere = f"sqlite:///{tmp_path / 'gone' / 'yoto.db'}"
    with another_app({**app_config, "DATABASE_URL": nowhere}, tmp_path / "other") as cut:
        browser = Browser(cut.test_client())
        with caplog.at_level(logging.CRITICAL):
            assert sign_in(browser, TOKEN).status_code == 303
        assert browser.get(STATUS).status_code == 200
        assert "control.break_glass" in caplog.text and TOKEN not in caplog.text
        holder = ControlClient(cut.test_client(), {"Authorization": f"Bearer {TOKEN}"})
        with caplog.at_level(logging.CRITICAL):
            isolated = holder.post("/breakers/message.search/isolate", expires_in=60)
        assert isolated.status_code == 200 and isolated.json["state"] == "isolated"
        assert "breaker.isolate circuit_breaker:message.search" in caplog.text
        assert holder.post("/breakers/message.search/reset").json["state"] == "closed"
        for path, body in (
            ("/limiters/message.send/reset-key", {"user": "1"}),
            ("/bulkheads/message.search/release", {}),
            ("/prefetch/pause", {"where": "worker"}),
        ):
            done = holder.send("POST", path, {"reason": WHY, **body}, Idempotency_Key="one")
            assert done.status_code == 200, path
        for path, body in (
            ("/degradation/*/level", {"level": "light"}),
            ("/prefetch/pause", {}),
            ("/operators", {"username": "nora", "role_id": 1}),
        ):
            assert holder.post(path, **body).status_code == 503, path
        person = ControlClient(cut.test_client(), {"Authorization": "Bearer yoto_api_unknown"})
        assert person.get("/session").status_code == 503


@pytest.mark.parametrize(
    "token", ["", TOKEN + "x", HASH, "yoto_glass_"], ids=["empty", "longer", "hash", "prefix"]
)
def test_another_token_opens_nothing(app: Flask, browser: Browser, token: str) -> None:
    refused = sign_in(browser, token)
    assert refused.status_code == 422 and "not the break-glass token" in refused.text
    assert focused(refused.text) == ["glass"]
    assert not browser.is_in()
    wrong = ControlClient(app.test_client(), {"Authorization": f"Bearer {token}"})
    assert wrong.get("/session").status_code == 401


def test_tries_are_limited_by_address_and_by_nothing_else(app: Flask, browser: Browser) -> None:
    """Wrong tokens from many addresses do not close the way in that is for emergencies."""
    codes = [sign_in(browser, "wrong").status_code for _ in range(31)]
    assert codes == [422] * 30 + [429]
    form = {"csrf_token": browser.token(SIGN_IN), "glass": "wrong"}
    for number in range(31):
        where = {"REMOTE_ADDR": f"198.51.100.{number}"}
        answer = browser.client.post(SIGN_IN, data=form, environ_base=where)
        assert answer.status_code == 422
    right = {"csrf_token": browser.token(SIGN_IN), "glass": TOKEN}
    opened = browser.client.post(SIGN_IN, data=right, environ_base={"REMOTE_ADDR": "192.0.2.9"})
    assert opened.headers["Location"] == OVERVIEW


def test_a_program_that_uses_it_leaves_a_trace(
    holder: ControlClient, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where it only reads; once in some minutes, not for each request."""
    with caplog.at_level(logging.WARNING):
        assert [holder.get("/session").status_code for _ in range(3)] == [200] * 3
    critical = [one for one in caplog.records if one.levelno == logging.CRITICAL]
    assert len(critical) == 1 and "127.0.0.1" in critical[0].getMessage()
    (act,) = world.acts("control.break_glass")
    assert (act.actor_id, act.after["via"]) == (None, "break_glass")
    assert TOKEN not in caplog.text


def test_a_program_with_a_wrong_one_is_logged_and_counted(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = ControlClient(app.test_client(), {"Authorization": f"Bearer {TOKEN}x"})
    with caplog.at_level(logging.WARNING):
        assert [wrong.get("/session").status_code for _ in range(3)] == [401] * 3
    refusals = [one for one in caplog.messages if "was refused, from 127.0.0.1" in one]
    assert len(refusals) == 1
    assert app.extensions[break_glass.EXTENSION].refused == 3


def test_without_a_hash_there_is_no_such_way_in(app_config: dict[str, Any], tmp_path: Path) -> None:
    with another_app({**app_config, "BREAK_GLASS_HASH": None}, tmp_path / "other") as closed:
        browser = Browser(closed.test_client())
        assert "glass" not in browser.get(SIGN_IN).text
        assert sign_in(browser, TOKEN).status_code == 422
        holder = ControlClient(closed.test_client(), {"Authorization": f"Bearer {TOKEN}"})
        assert holder.get("/session").status_code == 401


def test_the_command_makes_a_token_and_its_hash(app: Flask) -> None:
    said = app.test_cli_runner().invoke(args=["control", "break-glass"]).output
    token = re.search(r"yoto_glass_[\w-]+", said)
    hashed = re.search(r"YOTO_BREAK_GLASS_HASH=([0-9a-f]{64})", said)
    assert token and hashed and break_glass.hash_of(token[0]) == hashed[1]


def test_it_opens_what_takes_the_right_to_audit_and_changes_policies_as_nobody(
    holder: ControlClient, world: World
) -> None:
    harbour = world.server()
    assert holder.get(f"/servers/{harbour.id}/matrix").status_code == 200
    place = {"scope": "channel", "scope_id": harbour.channel_id}
    asked = {"user_id": harbour.owner.id, "permission": "message.send", **place}
    assert holder.send("POST", "/explain", asked).json["allowed"]
    made = holder.put("/policy-documents/limits", '"0"', document={"most": 1})
    assert made.status_code == 200
    assert holder.get("/policy-documents/limits").json["author"] == "break_glass"
    (act,) = world.acts("policy.put")
    assert act.actor_id is None


def test_every_record_says_that_the_glass_was_broken(
    app: Flask, holder: ControlClient, world: World
) -> None:
    """Roles that are given, taken and lost, tokens, switches: whichever layer records."""
    operator_named(world, "root", super_admin=True)
    nora = world.user("nora")
    role_id = world.role(None, VIEW, name="viewers")
    token_id, _ = api_token(app, nora)
    acts = {
        "role.assign": ("/operators", {"username": "nora", "role_id": role_id}),
        "role.unassign": (f"/operators/{nora.id}/revoke", {"role_id": role_id}),
        "operator.disable": (f"/operators/{nora.id}/disable", {}),
        "api_token.revoke": (f"/tokens/{token_id}/revoke", {}),
        "resilience.config.set": ("/prefetch/pause", {}),
    }
    for action, (path, body) in acts.items():
        assert holder.post(path, **body).status_code == 200, path
        (act,) = world.acts(action)
        assert (act.actor_id, act.after["via"]) == (None, "break_glass"), action
        assert act.after["author"] == "break_glass", action
