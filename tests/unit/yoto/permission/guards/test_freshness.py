"""``within=``: who signed in long enough ago, or when nobody knows, signs in again."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Blueprint, Flask

from tests.unit.yoto.permission.conftest import FakeSource
from yoto.errors import PermissionDenied, SignInAgain, ValidationFailed
from yoto.permission import (
    acting_as,
    authenticated_at,
    permission_denied,
    require_expression,
    require_permission,
    require_permissions,
)
from yoto.permission.registry.scopes import GLOBAL, Place
from yoto.permission.state import EXTENSION

NOW = 1_000_000.0


@pytest.fixture
def asked(bare_app: Flask, source: FakeSource) -> Callable[..., str]:
    """A request of account 2 to a view that takes a permission, and 300 seconds."""

    @bare_app.get("/<int:channel_id>")
    @require_permission(
        "message.send", "channel", "channel_id", within=300, owner=lambda request: 4
    )
    def view(channel_id: int) -> str:
        return "seen"

    def refused(error: PermissionDenied) -> tuple[str, int]:
        return f"{error.decision.reason} {getattr(error, 'within', None)}", 403

    state = bare_app.extensions[EXTENSION]
    state.clock = lambda: NOW
    bare_app.register_error_handler(PermissionDenied, refused)
    source.give(2, "message.send")
    source.give(4, place=GLOBAL)

    def ask(at: Any, user_id: int = 2) -> str:
        state.authenticated_at = at if at is None or callable(at) else lambda: at
        state.subject_loader = lambda: user_id
        return bare_app.test_client().get("/3").text

    return ask


AGAIN = "sign_in_again 300.0"


@pytest.mark.parametrize(
    ("at", "answer"),
    [
        (NOW, "seen"),
        (NOW - 300, "seen"),
        (int(NOW) - 299, "seen"),
        (NOW + 59, "seen"),
        (datetime.fromtimestamp(NOW - 10, UTC), "seen"),
        (NOW - 300.1, AGAIN),
        (datetime.fromtimestamp(NOW - 301, UTC), AGAIN),
        (0, AGAIN),
        (NOW + 61, AGAIN),
        (math.inf, AGAIN),
        (-math.inf, AGAIN),
        (math.nan, AGAIN),
        (lambda: None, AGAIN),
        (None, AGAIN),
    ],
)
def test_it_may_be_so_long_ago_and_must_be_known(
    asked: Callable[..., str], at: Any, answer: str
) -> None:
    assert asked(at) == answer
    # An owner signs in as everybody else does.
    assert asked(at, user_id=4) == answer


@pytest.mark.parametrize("at", ["1000000", True, datetime(2030, 1, 1), [NOW]])
def test_what_is_no_time_fails_the_request(
    bare_app: Flask, asked: Callable[..., str], at: Any
) -> None:
    bare_app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(TypeError, match="authenticated_at"):
        asked(at)


def test_a_callable_that_fails_fails_the_request(
    bare_app: Flask, asked: Callable[..., str]
) -> None:
    bare_app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ZeroDivisionError):
        asked(lambda: 1 / 0)


def test_who_may_not_is_told_that_first(asked: Callable[..., str], source: FakeSource) -> None:
    source.give(5)
    assert asked(0, user_id=5) == "not_granted None"


def test_who_listens_is_told_of_it_and_it_carries_the_seconds(
    bare_app: Flask, source: FakeSource
) -> None:
    @require_permissions(["message.send", "message.pin"], op="OR", within=5.5)
    @require_expression("NOT message.pin", within=5.5)
    def act() -> None: ...

    source.give(2, "message.send", place=GLOBAL)
    heard: list[Any] = []
    with (
        bare_app.app_context(),
        acting_as(2),
        permission_denied.connected_to(lambda _, **what: heard.append(what), bare_app),
        pytest.raises(SignInAgain) as refused,
    ):
        act()
    assert (refused.value.within, refused.value.permission) == (
        5.5,
        "message.send OR message.pin",
    )
    assert [(what["place"], what["decision"].reason) for what in heard] == [
        (GLOBAL, "sign_in_again")
    ]


def test_the_time_of_a_request_says_nothing_of_whom_somebody_acts_for(
    bare_app: Flask, asked: Callable[..., str]
) -> None:
    assert asked(NOW) == "seen"
    with bare_app.test_request_context():
        assert authenticated_at(2) == NOW
        assert authenticated_at(4) is None
        with acting_as(2):
            assert authenticated_at(2) is None
    with acting_as(2):
        assert asked(NOW) == AGAIN
    with bare_app.app_context():
        assert authenticated_at(2) is None


def test_a_blueprint_is_guarded_so_too(bare_app: Flask, source: FakeSource) -> None:
    rooms = Blueprint("rooms", __name__)
    rooms.add_url_rule("/<int:channel_id>", "a", lambda channel_id: "room")
    require_permission("message.send", "channel", "channel_id", within=60)(rooms)
    bare_app.register_blueprint(rooms)
    bare_app.config["PROPAGATE_EXCEPTIONS"] = True
    state = bare_app.extensions[EXTENSION]
    state.subject_loader, state.authenticated_at = lambda: 2, lambda: state.clock() - 61
    source.give(2, "message.send", place=Place("channel", 3))
    with pytest.raises(SignInAgain):
        bare_app.test_client().get("/3")


@pytest.mark.parametrize("within", [0, -1, "5", True, math.inf, math.nan])
def test_what_is_no_number_of_seconds_is_refused_where_it_is_written(within: Any) -> None:
    with pytest.raises(ValidationFailed) as refused:
        require_permission("message.send", within=within)
    assert list(refused.value.errors) == ["within"]
