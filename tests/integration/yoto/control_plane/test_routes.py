"""Signing in to the control plane, staying in, and getting out."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask, session
from flask.sessions import NullSession
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.auth import session as sessions
from app.extensions import cache
from app.models import User
from tests.integration.yoto.control_plane.conftest import (
    OVERVIEW,
    PASSWORD,
    SIGN_IN,
    STATUS,
    Browser,
    focused,
)
from tests.support.applications import another_app
from tests.support.world import Person, World
from yoto.http.positions import POSITION_HEADER
from yoto.permission import PermissionSystem
from yoto.store.db import db, writing
from yoto.store.models import AuditRecord, RoleAssignment

NewBrowser = Callable[[], Browser]


def execute(app: Flask, statement: Any) -> None:
    with app.app_context():
        db.session.execute(statement)
        db.session.commit()


WELL = '<span class="badge ok">OK</span>'


def test_an_operator_signs_in_and_sees_the_status(browser: Browser, operator: Person) -> None:
    answer = browser.sign_in("olga")
    assert (answer.status_code, answer.headers["Location"]) == (303, OVERVIEW)
    page = browser.get(STATUS)
    assert page.status_code == 200 and WELL in page.text


def test_a_super_admin_needs_no_role_for_it(app: Flask, browser: Browser, operator: Person) -> None:
    execute(app, delete(RoleAssignment))
    execute(app, update(User).values(super_admin=True))
    assert browser.sign_in("olga").status_code == 303
    assert browser.is_in()


def test_strangers_are_sent_to_the_sign_in_page(browser: Browser) -> None:
    answer = browser.get(OVERVIEW)
    assert (answer.status_code, answer.headers["Location"]) == (303, SIGN_IN)


def test_who_signs_in_comes_to_the_page_that_was_wanted(browser: Browser, operator: Person) -> None:
    wanted = "/control/events?types=task.%2A&text=%E4%B8%AD"
    form = browser.get(wanted).headers["Location"]
    assert urlsplit(form).path == SIGN_IN and parse_qs(urlsplit(form).query) == {"next": [wanted]}
    action = re.search(r'<form method="post" action="([^"]+)"', browser.get(form).text)
    assert action
    fields = {"csrf_token": browser.token(form), "username": "olga", "password": PASSWORD}
    answer = browser.client.post(html.unescape(action[1]), data=fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, wanted)
    # A person who is signed in already is not asked again.
    assert browser.get(form).headers["Location"] == wanted


HOSTILE = (
    "//evil.example/",
    "https://evil.example/control/",
    "https:evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "\n//evil.example",
    "/control/\r\nSet-Cookie: a=b",
    "javascript:alert(1)",
    "/control/../../evil",
    "/control//evil.example",
    "/control/api/session",
    "/control/sign-in?next=/control/",
    "/control/events/../..//evil.example",
    "/control/events@evil.example",
    "/control/events?" + "a=b&" * 600,
    "",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_nobody_is_led_elsewhere_by_signing_in(
    browser: Browser, operator: Person, hostile: str
) -> None:
    form = f"{SIGN_IN}?{urlencode({'next': hostile})}"
    assert f'action="{SIGN_IN}"' in browser.get(form).text
    fields = {"csrf_token": browser.token(form), "username": "olga", "password": PASSWORD}
    assert browser.client.post(form, data=fields).headers["Location"] == OVERVIEW
    assert browser.get(form).headers["Location"] == OVERVIEW


def test_parameters_of_the_page_that_is_wanted_are_written_anew(
    browser: Browser, operator: Person
) -> None:
    browser.sign_in("olga")
    asked = urlencode({"next": "/control/events?text=a b\r\nX: y&_external=1"})
    found = browser.get(f"{SIGN_IN}?{asked}&_scheme=javascript&_external=1").headers["Location"]
    assert found == "/control/events?text=a+b%0D%0AX%3A+y&_external=1"


def test_a_page_about_one_person_is_led_back_to_as_it_was(
    browser: Browser, operator: Person
) -> None:
    browser.sign_in("olga")
    wanted = f"/control/people/{operator.id}?records=audit"
    asked = urlencode({"next": wanted})
    assert browser.get(f"{SIGN_IN}?{asked}").headers["Location"] == wanted
    for other in ("/control/people/", "/control/people/01/..", "/control/no-such-page"):
        asked = urlencode({"next": other})
        assert browser.get(f"{SIGN_IN}?{asked}").headers["Location"] == OVERVIEW


def test_signing_in_is_audited(browser: Browser, operator: Person, world: World) -> None:
    browser.sign_in("olga")
    records = select(AuditRecord.actor_id).where(AuditRecord.action == "control.sign_in")
    assert world.rows(records) == [(operator.id,)]


@pytest.mark.parametrize(
    ("username", "password"),
    [("olga", "wrong"), ("nobody", PASSWORD), ("", ""), ("olga", ""), ("x" * 5000, "y" * 5000)],
)
def test_a_failed_sign_in_says_one_thing_and_opens_nothing(
    browser: Browser, operator: Person, username: str, password: str
) -> None:
    answer = browser.sign_in(username, password)
    assert answer.status_code == 422
    assert "Wrong username or password." in answer.text
    assert focused(answer.text) == ["password" if username else "username"]
    assert not browser.is_in()


def test_an_account_without_the_right_gets_no_session(browser: Browser, outsider: Person) -> None:
    answer = browser.sign_in("otto")
    assert answer.status_code == 403 and focused(answer.text) == ["username"]
    assert "no right to view the control plane" in answer.text
    assert not browser.is_in()


def test_a_right_that_is_taken_away_ends_the_view_at_the_next_request(
    app: Flask, browser: Browser, operator: Person
) -> None:
    browser.sign_in("olga")
    execute(app, delete(RoleAssignment))
    page = browser.get(STATUS)
    assert page.status_code == 403
    assert "no right to view the control plane" in page.text and "Components" not in page.text


@pytest.mark.parametrize("column", [{"disabled": True}, {"token_epoch": 1}])
def test_a_disabled_account_or_a_new_password_ends_the_session_at_the_next_request(
    app: Flask, browser: Browser, operator: Person, column: dict[str, Any]
) -> None:
    browser.sign_in("olga")
    assert browser.is_in()
    execute(app, update(User).where(User.id == operator.id).values(**column))
    assert browser.get(STATUS).status_code == 303


def test_a_copied_cookie_is_worth_nothing_after_signing_out(
    browser: Browser, new_browser: NewBrowser, operator: Person
) -> None:
    browser.sign_in("olga")
    thief = new_browser()
    thief.client.set_cookie("yoto_session", browser.cookie(), path="/control")
    assert thief.is_in()
    assert browser.sign_out().status_code == 303
    assert not browser.is_in()
    assert not thief.is_in()


def test_what_may_change_something_asks_the_database_about_the_session(
    app: Flask,
    app_config: dict[str, Any],
    browser: Browser,
    operator: Person,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser.sign_in("olga")
    with another_app(app_config, tmp_path / "other") as worker:
        elsewhere = Browser(worker.test_client())
        elsewhere.client.set_cookie("yoto_session", browser.cookie(), path="/control")
        assert elsewhere.is_in()
        csrf = {"X-CSRF-Token": elsewhere.get("/control/api/session").json["csrf_token"]}
        # It reads the log, and applies nothing any more.
        tailer = cache.of(worker).tailer
        monkeypatch.setattr(tailer, "_apply", lambda *arguments: None)
        monkeypatch.setattr(tailer, "fresh_until", float("inf"))
        position = browser.sign_out().headers[POSITION_HEADER]
        assert elsewhere.is_in()
        body = {"name": "late", "rights": ["platform.view"], "days": 1, "reason": "a test"}
        answer = elsewhere.client.post("/control/api/tokens", json=body, headers=csrf)
        assert answer.status_code == 401, answer.text
        answer = elsewhere.client.get(STATUS, headers={POSITION_HEADER: position})
        assert answer.status_code == 303


def test_signing_out_leaves_other_sessions_alone(
    browser: Browser, new_browser: NewBrowser, operator: Person
) -> None:
    elsewhere = new_browser()
    elsewhere.sign_in("olga")
    browser.sign_in("olga")
    browser.sign_out()
    assert elsewhere.is_in()


def test_a_session_ends_after_its_lifetime(
    browser: Browser, operator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.sign_in("olga")
    monkeypatch.setattr(sessions, "SESSION_LIFETIME", timedelta(seconds=0))
    assert browser.get(STATUS).status_code == 303


def test_signing_in_keeps_nothing_of_the_session_before(
    browser: Browser, new_browser: NewBrowser, operator: Person
) -> None:
    """Session fixation: a cookie planted in the victim's browser must not become theirs."""
    attacker = new_browser()
    token = attacker.token(SIGN_IN)
    planted = attacker.cookie()
    browser.client.set_cookie("yoto_session", planted, path="/control")
    form = {"csrf_token": token, "username": "olga", "password": PASSWORD}
    assert browser.client.post(SIGN_IN, data=form).status_code == 303
    assert browser.cookie() != planted
    assert not attacker.is_in()
    assert browser.token(STATUS) != token
    forged = attacker.client.post("/control/sign-out", data={"csrf_token": token})
    assert forged.status_code == 303 and browser.is_in()


def test_who_is_signed_in_does_not_see_the_form_again(browser: Browser, operator: Person) -> None:
    browser.sign_in("olga")
    assert browser.get(SIGN_IN).headers["Location"] == OVERVIEW


@pytest.mark.parametrize("token", [None, "", "wrong", "ü"])
def test_a_sign_in_without_its_token_is_refused(
    browser: Browser, operator: Person, token: str | None
) -> None:
    browser.get(SIGN_IN)
    form = {"username": "olga", "password": PASSWORD}
    if token is not None:
        form["csrf_token"] = token
    answer = browser.client.post(SIGN_IN, data=form)
    assert answer.status_code == 403 and "The page has expired" in answer.text
    assert not browser.is_in()


def test_a_sign_in_without_any_session_is_refused(client: FlaskClient, operator: Person) -> None:
    form = {"csrf_token": "", "username": "olga", "password": PASSWORD}
    assert client.post(SIGN_IN, data=form).status_code == 403


def test_a_sign_out_without_its_token_is_refused(browser: Browser, operator: Person) -> None:
    browser.sign_in("olga")
    answer = browser.client.post("/control/sign-out", data={"csrf_token": "wrong"})
    assert answer.status_code == 403 and answer.mimetype == "text/html"
    assert browser.is_in()


def test_nothing_is_signed_out_by_a_link(browser: Browser, operator: Person) -> None:
    browser.sign_in("olga")
    assert browser.get("/control/sign-out").status_code == 405
    assert browser.is_in()


def test_a_tampered_cookie_opens_nothing(
    browser: Browser, new_browser: NewBrowser, operator: Person
) -> None:
    browser.sign_in("olga")
    payload, stamp, signature = browser.cookie().rsplit(".", 2)
    thief = new_browser()
    for value in (f"{payload}.{stamp}.{signature[::-1]}", f"{payload[::-1]}.{stamp}.{signature}"):
        thief.client.set_cookie("yoto_session", value, path="/control")
        assert not thief.is_in()


def set_cookie(answer: Any) -> str:
    return next(
        value for value in answer.headers.getlist("Set-Cookie") if value.startswith("yoto_session=")
    )


def test_the_redirect_to_the_overview_names_no_host(browser: Browser) -> None:
    answer = browser.client.get("/control", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["Location"]) == (308, OVERVIEW)


def test_the_cookie_is_hidden_from_scripts_and_from_the_api(
    browser: Browser, operator: Person
) -> None:
    flags = {part.strip() for part in set_cookie(browser.sign_in("olga")).split(";")}
    assert {"HttpOnly", "SameSite=Lax", "Path=/control"} <= flags
    assert "Secure" not in flags


def test_in_production_the_cookie_travels_encrypted_only(
    app_config: dict[str, Any], tmp_path: Path
) -> None:
    key = secrets.token_urlsafe(48)
    config = {**app_config, "ENVIRONMENT": "production", "SECRET_KEY": key}
    with another_app({**config, "ALLOW_EMBEDDED": True}, tmp_path / "other") as production:
        answer = production.test_client().get(SIGN_IN, base_url="https://localhost")
    assert "Secure" in set_cookie(answer)


def test_the_api_takes_no_cookie_and_the_pages_no_token(browser: Browser, operator: Person) -> None:
    browser.sign_in("olga")
    client = browser.client
    cookie = browser.cookie()
    client.set_cookie("yoto_session", cookie, path="/")
    assert client.get("/api/v1/auth/me").status_code == 401
    assert client.post("/api/v1/auth/logout").status_code == 401
    client.delete_cookie("yoto_session", path="/")
    client.delete_cookie("yoto_session", path="/control")
    answer = client.get(OVERVIEW, headers=operator.headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, SIGN_IN)


def test_a_sign_in_succeeds_although_somebody_writes_meanwhile(
    app: Flask, browser: Browser, operator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite refuses a reader that turns writer after another wrote."""
    check = PermissionSystem.check_permission

    def and_another_writes(*arguments: Any, **options: Any) -> bool:
        allowed = check(*arguments, **options)
        db.session.execute(select(User.id)).all()  # other data read by then
        with writing(), Session(db.engine) as other, other.begin():
            other.add(AuditRecord(action="test.write", subject="test"))
        return allowed

    monkeypatch.setattr(PermissionSystem, "check_permission", and_another_writes)
    assert browser.sign_in("olga").status_code == 303
    monkeypatch.undo()
    assert browser.is_in()


@pytest.mark.parametrize(
    ("path", "opened"), [("/control/", True), ("/socket.io/", True), ("/api/v1/servers", False)]
)
def test_only_pages_and_their_sockets_have_a_session(app: Flask, path: str, opened: bool) -> None:
    with app.test_request_context(path):
        assert isinstance(session._get_current_object(), NullSession) is not opened
