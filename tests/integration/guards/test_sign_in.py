"""Guessing passwords and making accounts: who is counted, and what they are told."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from app.guards import HOUR, REGISTRATIONS_OF_ADDRESS, SIGN_IN, SIGN_IN_KNOWN
from tests.integration.guards.conftest import PASSWORD, dimensions, refused_by, sign_in
from tests.integration.yoto.control_plane.conftest import Browser
from tests.support.waiting import wait_until
from tests.support.world import Person, World
from yoto.auth.guessing import (
    CONTROL_SIGN_IN,
    SIGN_INS_OF_ADDRESS,
    SIGN_INS_OF_ADDRESS_TO_ACCOUNT,
    SIGN_INS_OF_SITE,
    SIGN_INS_TO_ACCOUNT,
    remember_address,
)
from yoto.resilience import Dimension

Limit = Callable[..., None]


# A dimension of many tries gives one back in seconds, and to use them all may take longer.
FEW = 4


def few(dimension: Dimension) -> dict[str, float]:
    """The same dimension with few tries, for the ``limit`` of a test."""
    assert dimension.limit is not None and dimension.window is not None
    assert dimension.limit > FEW
    return {"limit": FEW, "window": dimension.window}


def tries(count: int | None) -> range:
    assert count is not None
    return range(count)


def test_an_address_has_so_many_tries_on_an_account(client: FlaskClient, ada: Person) -> None:
    for _ in tries(SIGN_INS_OF_ADDRESS_TO_ACCOUNT.limit):
        assert sign_in(client, "ada").status_code == 401
    assert refused_by(sign_in(client, " ADA ", PASSWORD)) == "user+ip"
    assert sign_in(client, "ada", PASSWORD, address="192.0.2.2").status_code == 200
    assert sign_in(client, "bert").status_code == 401


def test_an_address_has_so_many_tries_on_all_accounts(
    client: FlaskClient, ada: Person, limit: Limit
) -> None:
    limit(SIGN_IN, ip=few(SIGN_INS_OF_ADDRESS))
    for number in range(FEW):
        assert sign_in(client, f"nobody{number}").status_code == 401
    assert refused_by(sign_in(client, "ada", PASSWORD)) == "ip"
    assert sign_in(client, "ada", PASSWORD, address="192.0.2.2").status_code == 200


def test_strangers_who_are_refused_leave_nothing_in_redis(
    client: FlaskClient, limit: Limit, app_config: dict[str, Any]
) -> None:
    """So names that are made up cost no more keys than the limit of all strangers admits."""
    limit(SIGN_IN, user={"limit": 60, "window": HOUR}, **{"global": {"limit": FEW, "window": HOUR}})
    store = redis.Redis.from_url(app_config["REDIS_URL"])

    def left() -> set[bytes]:
        # Limits by themselves: that anybody was refused is also in the trail, in one key for all.
        pattern = f"{app_config['REDIS_KEY_PREFIX']}{{rl:{SIGN_IN}:*"
        return set(store.scan_iter(match=pattern, count=1_000))

    for number in range(FEW):
        assert sign_in(client, f"nobody{number}", address=f"10.0.{number}.1").status_code == 401
    admitted = left()
    assert len(admitted) > FEW
    for number in range(FEW, 10 * FEW):
        assert (
            refused_by(sign_in(client, f"nobody{number}", address=f"10.0.{number}.1")) == "global"
        )
    # A request is remembered for two seconds.
    wait_until(lambda: left() <= admitted)
    store.close()


def test_a_success_gives_an_address_no_tries_back(
    client: FlaskClient, ada: Person, limit: Limit
) -> None:
    limit(SIGN_IN, ip=few(SIGN_INS_OF_ADDRESS))
    for number in range(FEW):
        first = sign_in(client, "ada" if number == 0 else f"nobody{number}", PASSWORD)
        assert first.status_code == (200 if number == 0 else 401)
    assert refused_by(sign_in(client, "somebody")) == "ip"


def test_an_account_has_so_many_tries_from_all_addresses(client: FlaskClient, ada: Person) -> None:
    for number in tries(SIGN_INS_TO_ACCOUNT.limit):
        assert sign_in(client, "ada", address=f"198.51.100.{number}").status_code == 401
    assert refused_by(sign_in(client, "ada", PASSWORD, address="192.0.2.7")) == "user"


def test_an_owner_gets_past_what_strangers_used_up_where_they_are_known(
    app: Flask, client: FlaskClient, ada: Person
) -> None:
    assert sign_in(client, "ada", PASSWORD, address="192.0.2.7").status_code == 200
    made = client.post("/api/v1/devices", json={"name": "laptop"}, headers=ada.headers).get_json()
    for number in tries(SIGN_INS_TO_ACCOUNT.limit):
        sign_in(client, "ada", address=f"198.51.100.{number}")
    assert refused_by(sign_in(client, "ada", PASSWORD, address="192.0.2.8")) == "user"
    assert sign_in(client, "Ada ", PASSWORD, address="192.0.2.7").status_code == 200
    device = {"X-Device-Token": made["token"]}
    by_device = sign_in(client, "ada", PASSWORD, address="192.0.2.9", headers=device)
    assert by_device.status_code == 200
    foreign = sign_in(client, "bert", PASSWORD, address="192.0.2.10", headers=device)
    assert "global" in dimensions(foreign, "RateLimit")
    for number in tries(SIGN_INS_OF_ADDRESS_TO_ACCOUNT.limit):
        sign_in(client, "ada", address="192.0.2.7")
    assert refused_by(sign_in(client, "ada", PASSWORD, address="192.0.2.7")) == "user+ip"


def test_a_site_of_ipv6_has_so_many_tries_from_all_its_networks(
    client: FlaskClient, limit: Limit
) -> None:
    limit(SIGN_IN, site=few(SIGN_INS_OF_SITE))
    for number in range(FEW):
        answer = sign_in(client, f"nobody{number}", address=f"2001:db8:1:{number:x}::1")
        assert answer.status_code == 401
    assert refused_by(sign_in(client, "ada", address="2001:db8:1:ffff::1")) == "site"
    assert sign_in(client, "ada", address="2001:db8:2::1").status_code == 401


def test_one_address_alone_does_not_keep_an_owner_out() -> None:
    """However it spreads its tries, fewer are let in an hour than the account gets back."""
    one, all_ = SIGN_INS_OF_ADDRESS_TO_ACCOUNT, SIGN_INS_TO_ACCOUNT
    assert one.limit is not None and all_.limit is not None
    assert one.window is not None and all_.window is not None
    assert one.limit < all_.limit
    assert one.limit / one.window <= all_.limit / all_.window / 2


def test_whoever_has_a_network_of_ipv6_is_one_address(client: FlaskClient, limit: Limit) -> None:
    limit(SIGN_IN, ip=few(SIGN_INS_OF_ADDRESS))
    for number in range(FEW):
        sign_in(client, f"nobody{number}", address=f"2001:db8:1:2::{number + 1:x}")
    assert refused_by(sign_in(client, "ada", address="2001:db8:1:2:ffff::1")) == "ip"
    assert sign_in(client, "ada", address="2001:db8:1:3::1").status_code == 401


def test_a_refusal_does_not_tell_whether_the_account_exists(
    client: FlaskClient, ada: Person, limit: Limit
) -> None:
    limit("auth.sign-in", user={"limit": 1, "window": 60})
    seen = []
    for name in ("ada", "nobody"):
        sign_in(client, name)
        answer = sign_in(client, name, PASSWORD)
        assert refused_by(answer) == "user"
        problem = answer.get_json()
        varying = {"request_id", "retry_after", "reset"}
        seen.append(
            (
                {key: value for key, value in problem.items() if key not in varying},
                answer.headers["Retry-After"],
                answer.headers["RateLimit"],
            )
        )
    assert seen[0] == seen[1]


def test_who_waits_as_told_is_let_in(client: FlaskClient, ada: Person, limit: Limit) -> None:
    limit("auth.sign-in", user={"limit": 1, "window": 1.5})
    assert sign_in(client, "ada").status_code == 401
    refused = sign_in(client, "ada", PASSWORD)
    assert refused_by(refused) == "user"
    time.sleep(int(refused.headers["Retry-After"]))
    assert sign_in(client, "ada", PASSWORD).status_code == 200


def test_every_answer_says_what_is_left(client: FlaskClient, ada: Person) -> None:
    answer = sign_in(client, "ada", PASSWORD)
    policy = dimensions(answer, "RateLimit-Policy")
    assert policy == {
        "ip": {"q": 30, "w": 300},
        "user+ip": {"q": 10, "w": 1800},
        "user": {"q": 60, "w": 3600},
        "global": {"q": 600, "w": 60},
    }
    left = dimensions(answer, "RateLimit")
    assert {name: item["r"] for name, item in left.items()} == {
        "ip": 29,
        "user+ip": 9,
        "user": 59,
        "global": 599,
    }


def test_guesses_with_a_stolen_token_count_as_sign_ins(client: FlaskClient, ada: Person) -> None:
    body = {"old_password": "wrong", "new_password": "another good one"}
    where = {"REMOTE_ADDR": "192.0.2.1"}
    for number in tries(SIGN_INS_OF_ADDRESS_TO_ACCOUNT.limit):
        if number % 2:
            assert sign_in(client, "ada").status_code == 401
        else:
            answer = client.post(
                "/api/v1/auth/change-password", json=body, headers=ada.headers, environ_base=where
            )
            assert answer.status_code == 422
    body["old_password"] = PASSWORD
    last = client.post(
        "/api/v1/auth/change-password", json=body, headers=ada.headers, environ_base=where
    )
    assert refused_by(last) == "user+ip"
    assert sign_in(client, "ada", PASSWORD, address="192.0.2.2").status_code == 200


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "Too many attempts. Please wait 2 min and try again."), ("zh", "请在 2 分钟后重试。")],
)
def test_the_page_of_operators_shows_the_wait(
    app: Flask, client: FlaskClient, ada: Person, limit: Limit, language: str, says: str
) -> None:
    limit("control.sign-in", user={"limit": 1, "window": 90})
    browser = Browser(app.test_client())
    browser.get(f"/control/sign-in?lang={language}")
    browser.sign_in("ada", "wrong")
    answer = browser.sign_in("ada", PASSWORD)
    assert (answer.status_code, answer.mimetype) == (429, "text/html")
    assert says in answer.text
    assert 80 <= int(answer.headers["Retry-After"]) <= 90
    assert not browser.is_in()


@pytest.mark.parametrize("known", [False, True])
def test_users_behind_an_address_keep_no_operator_out(
    app: Flask, client: FlaskClient, world: World, ada: Person, limit: Limit, known: bool
) -> None:
    world.assign(ada, world.role(None, "platform.view", name="operators"))
    here = "127.0.0.1"
    for door in (SIGN_IN, SIGN_IN_KNOWN, CONTROL_SIGN_IN):
        limit(door, ip=few(SIGN_INS_OF_ADDRESS))
    for number in range(FEW):
        sign_in(client, f"nobody{number}", address=here)
    if known:
        # People who signed in here before are counted apart from strangers, with each other.
        with app.test_request_context(environ_base={"REMOTE_ADDR": here}):
            for name in ("ada", *(f"user{number}" for number in range(3))):
                remember_address(name)
        for number in range(FEW):
            sign_in(client, f"user{number % 3}", address=here)
    assert sign_in(client, "ada", PASSWORD, address=here).status_code == 429
    operators = Browser(app.test_client())
    operators.sign_in("ada")
    assert operators.is_in()
    # A try at the door of operators is counted there.
    stranger = Browser(app.test_client())
    answers = [stranger.sign_in(f"nobody{n}") for n in range(FEW)]
    assert {one.status_code for one in answers} <= {422, 429}
    assert stranger.sign_in("somebody").status_code == 429


def test_an_address_registers_so_many_accounts(client: FlaskClient) -> None:
    def register(name: str, address: str = "192.0.2.1") -> int:
        body = {"username": name, "display_name": name, "password": PASSWORD}
        answer = client.post(
            "/api/v1/auth/register", json=body, environ_base={"REMOTE_ADDR": address}
        )
        if answer.status_code == 429:
            assert refused_by(answer) == "ip"
        return answer.status_code

    limit = REGISTRATIONS_OF_ADDRESS.limit
    assert [register(f"pupil{n}") for n in tries(limit)] == [201] * (limit or 0)
    assert register("late") == 429
    assert register("late", "192.0.2.2") == 201
