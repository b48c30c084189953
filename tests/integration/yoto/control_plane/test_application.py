"""The application says who an operator is, and how they sign in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import Unauthorized

from tests.support.world import World
from yoto.api.people import Person
from yoto.auth.identity import Identity
from yoto.auth.operators import OPERATE, VIEW, Operator, Via, has_right, init_operators
from yoto.operate.application import EXTENSION_KEY

Let = Callable[..., FlaskClient]


@pytest.fixture
def let(app: Flask, world: World) -> Let:
    """Makes an application that knows its operators by itself; the account has no role."""
    account = Identity(world.user("vera").id, super_admin=False)

    def nobody() -> Operator:
        raise Unauthorized("Not here.")

    def make(*rights: str, signed_in: bool = True) -> FlaskClient:
        who = Operator(Via.SESSION, account, rights=frozenset(rights))
        init_operators(app, (lambda: who) if signed_in else nobody)
        app.extensions[EXTENSION_KEY] = replace(
            app.extensions[EXTENSION_KEY],
            person=lambda _: Person(account.user_id, "vera", "Vera of the shop"),
            sign_in=None,
            sign_out=None,
            api_docs=None,
        )
        return app.test_client()

    return make


def test_an_operator_of_the_application_sees_the_pages(let: Let) -> None:
    page = let(VIEW).get("/control/")
    assert page.status_code == 200
    assert "Vera of the shop" in page.text
    assert "/control/sign-out" not in page.text and "/api/docs" not in page.text


def test_the_rights_are_those_that_the_application_says(let: Let) -> None:
    client = let(VIEW)
    session = client.get("/control/api/session").get_json()
    assert session["rights"] == [VIEW] and session["user"]["display_name"] == "Vera of the shop"
    headers = {"X-CSRF-Token": session["csrf_token"]}
    order = {"enabled": True, "reason": "moving house"}
    refused = client.put("/control/api/maintenance/mode", json=order, headers=headers)
    assert (refused.status_code, refused.get_json()["reason"]) == (403, "not_granted")


def test_who_has_a_right_acts_by_it(let: Let) -> None:
    client = let(VIEW, OPERATE)
    token = client.get("/control/api/session").get_json()["csrf_token"]
    order = {"reason": "a look at it"}
    answer = client.post(
        "/control/api/maintenance/refresh", json=order, headers={"X-CSRF-Token": token}
    )
    assert answer.status_code < 300, answer.text


def test_where_nobody_signs_in_here_a_page_says_that_it_takes_signing_in(let: Let) -> None:
    page = let(signed_in=False).get("/control/")
    assert (page.status_code, page.mimetype) == (401, "text/html")
    assert "Not here." in page.text


def test_a_socket_may_what_the_application_says(let: Let) -> None:
    let(VIEW)
    who = Operator(Via.SESSION, Identity(1, super_admin=True), rights=frozenset({VIEW}))
    assert has_right(who, VIEW) and not has_right(who, OPERATE)
