"""Operators who sign in with a code: enrolled, asked for, used once, and removed."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.auth import totp
from app.extensions import monitor
from app.guards import CODES_OF_ACCOUNT
from app.models import RecoveryCode, SecondFactor
from tests.integration.yoto.control_plane.conftest import SIGN_IN, STATUS, Browser
from tests.support.operators import RIGHTS, VIEW, WHY, ControlClient, api_token, control_client
from tests.support.together import together
from tests.support.world import Person, World
from yoto.auth.failed_sign_ins import failures_of
from yoto.monitor import names

FACTOR = "/second-factor"


@pytest.fixture
def enrolled(browser: Browser, operator: Person) -> tuple[bytes, list[str]]:
    """The operator's secret and recovery codes, set up in a session that has ended."""
    browser.sign_in("olga")
    mine = ControlClient(browser.client, {"X-CSRF-Token": browser.token(STATUS)})
    begun = mine.post(f"{FACTOR}/enroll").json
    secret = base64.b32decode(begun["secret"])
    assert mine.get(FACTOR).json["enabled"] is False
    confirmed = mine.post(f"{FACTOR}/confirm", code=code_of(secret))
    assert confirmed.status_code == 200, confirmed.text
    assert mine.get(FACTOR).json["recovery_codes"] == 10
    assert begun["uri"].startswith("otpauth://totp/Yoto:olga?") and len(begun["qr"]) > 20
    browser.sign_out()
    return secret, confirmed.json["recovery_codes"]


def code_of(secret: bytes, steps: int = 0) -> str:
    return totp.code_of(secret, int(time.time()) // totp.STEP_SECONDS + steps)


def prove(browser: Browser, code: str) -> Any:
    """The second step; it comes from the page that the first one gave."""
    return browser.client.post(SIGN_IN, data={"csrf_token": browser.token(SIGN_IN), "code": code})


def password(browser: Browser) -> str:
    page = browser.sign_in("olga")
    assert page.status_code == 200 and not browser.is_in()
    return str(page.text)


def test_a_password_alone_opens_nothing_and_a_code_opens_once(
    browser: Browser,
    new_browser: Callable[[], Browser],
    enrolled: tuple[bytes, list[str]],
    world: World,
) -> None:
    code = code_of(enrolled[0], 1)
    assert 'name="code"' in password(browser) and 'name="username"' not in password(browser)
    assert prove(browser, code).status_code == 303 and browser.is_in()
    other = new_browser()
    password(other)
    assert prove(other, code).status_code == 422 and not other.is_in()
    assert len(world.acts("control.sign_in")) == 2
    stored = str(world.rows(select(SecondFactor.secret))) + str(
        world.rows(select(RecoveryCode.code_hash))
    )
    shown = base64.b32encode(enrolled[0]).decode()
    assert shown not in stored and not any(one in stored for one in enrolled[1])
    assert shown not in str(world.acts("second_factor."))


def test_a_recovery_code_opens_once(
    browser: Browser, enrolled: tuple[bytes, list[str]], world: World
) -> None:
    code = enrolled[1][3]
    password(browser)
    assert prove(browser, code.lower()).status_code == 303 and browser.is_in()
    browser.sign_out()
    password(browser)
    assert prove(browser, code).status_code == 422
    assert len(world.acts("second_factor.recover")) == 1


@pytest.mark.parametrize("kind", ["code", "recovery code"])
def test_of_several_who_prove_themselves_by_one_code_at_once_one_is_in(
    new_browser: Callable[[], Browser], enrolled: tuple[bytes, list[str]], kind: str
) -> None:
    code = code_of(enrolled[0], 1) if kind == "code" else enrolled[1][0]
    browsers = [new_browser() for _ in range(4)]
    for one in browsers:
        password(one)
    together([partial(prove, one, code) for one in browsers])
    assert sorted(one.is_in() for one in browsers) == [False, False, False, True]


def test_codes_are_not_guessed(
    app: Flask, browser: Browser, enrolled: tuple[bytes, list[str]], world: World
) -> None:
    assert prove(browser, code_of(enrolled[0], 1)).status_code == 403
    password(browser)
    tried = [prove(browser, "12345").status_code for _ in range(CODES_OF_ACCOUNT.limit or 0)]
    assert set(tried[:-1]) == {422}
    assert prove(browser, code_of(enrolled[0], 1)).status_code == 429 and not browser.is_in()
    assert failures_of(app).wait()
    assert len(world.acts("sign_in.second_factor_failed")) == 1
    # The alert of failed sign-ins is about these too.
    monitor.of(app).flush()
    points = monitor.of(app).recent(60).points
    counted = {
        outcome: sum(point.counted(names.SIGN_INS, outcome=outcome) for point in points)
        for outcome in ("failed", "locked_out")
    }
    assert counted == {"failed": tried.count(422), "locked_out": tried.count(429) + 1}


@pytest.mark.parametrize("by", ["code", "administrator", "terminal"])
def test_it_is_removed_by_its_owner_by_an_administrator_and_at_a_terminal(
    app: Flask,
    browser: Browser,
    operator: Person,
    enrolled: tuple[bytes, list[str]],
    world: World,
    by: str,
) -> None:
    if by == "code":
        password(browser)
        prove(browser, enrolled[1][0])
        mine = ControlClient(browser.client, {"X-CSRF-Token": browser.token(STATUS)})
        assert mine.post(f"{FACTOR}/enroll").status_code == 409
        wrong = mine.post(f"{FACTOR}/remove", code="123456")
        assert wrong.status_code == 422 and list(wrong.json["errors"]) == ["code"]
        assert mine.post(f"{FACTOR}/remove", code=enrolled[1][1]).json["enabled"] is False
        browser.sign_out()
    elif by == "administrator":
        root = control_client(app, world, *RIGHTS, username="root")
        path = f"/operators/{operator.id}/remove-second-factor"
        assert root.post(path).json["second_factor"] is False
        assert root.post(path).status_code == 404
    else:
        arguments = ["control", "operators", "remove-second-factor", str(operator.id)]
        done = app.test_cli_runner().invoke(args=[*arguments, "--reason", WHY])
        assert done.exit_code == 0, done.output
    assert len(world.acts("second_factor.remove")) == 1
    assert browser.sign_in("olga").status_code == 303 and browser.is_in()


def test_what_was_begun_ends_with_the_sessions_of_the_account(
    app: Flask,
    browser: Browser,
    operator: Person,
    enrolled: tuple[bytes, list[str]],
    world: World,
) -> None:
    password(browser)
    root = control_client(app, world, *RIGHTS, username="root")
    root.post(f"/operators/{operator.id}/end-sessions")
    assert prove(browser, enrolled[1][0]).status_code == 403 and not browser.is_in()


def test_a_token_neither_sees_nor_changes_it(app: Flask, operator: Person) -> None:
    _, secret = api_token(app, operator, [VIEW])
    program = ControlClient(app.test_client(), {"Authorization": f"Bearer {secret}"})
    assert program.get(FACTOR).status_code == 403
    assert program.post(f"{FACTOR}/enroll").status_code == 403
