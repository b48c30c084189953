"""Permission objects: asked, entered, joined, and as decorators; over the one engine."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import and_, or_
from typing import Any

import pytest
from flask import Blueprint, Flask
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from werkzeug.exceptions import Unauthorized

from tests.support.examples import drawn
from tests.unit.yoto.permission.conftest import FakeSource
from yoto.cache import place_key
from yoto.errors import (
    PermissionDenied,
    UnknownPermission,
    UnknownResource,
    ValidationFailed,
)
from yoto.permission import Permission, acting_as
from yoto.permission.registry.scopes import GLOBAL, Place
from yoto.permission.state import EXTENSION, SuperAdminUse
from yoto.permission.verdict.resolver import MembershipStatus

SEND = Permission("message.send", scope="channel", scope_id=3)
PIN = Permission("message.pin", scope="channel", scope_id=3)
MUTED = Permission("member.muted", scope="channel", scope_id=3)
MANAGE = Permission("server.manage", scope="server", scope_id=1)
VIEW = Permission("platform.view")


@pytest.fixture
def context(bare_app: Flask) -> Iterator[None]:
    with bare_app.app_context():
        yield


def test_it_is_asked_and_entered_for_who_acts(context: None, source: FakeSource) -> None:
    source.give(2, "message.send")
    with acting_as(2):
        assert SEND.can() and not PIN.can()
        with SEND:
            done = True
        with pytest.raises(PermissionDenied) as denied, PIN:
            done = False
        with pytest.raises(ZeroDivisionError), SEND:
            _ = 1 / 0
    assert done
    assert (denied.value.permission, denied.value.decision.reason) == ("message.pin", "not_granted")


NAMES = ("message.send", "message.pin", "member.muted", "server.manage", "platform.view")
PLACES = (*[Place("channel", 3)] * 3, Place("server", 1), GLOBAL)
conditions = st.recursive(
    st.sampled_from((SEND, PIN, MUTED, MANAGE, VIEW)),
    lambda inner: inner.map(lambda one: ~one)
    | st.builds(and_, inner, inner)
    | st.builds(or_, inner, inner),
    max_leaves=8,
)


def as_it_reads(condition: Permission, held: set[str]) -> bool:
    """Its text's value in Python, whose words bind as those of expressions do."""
    text = str(condition).replace("AND", "and").replace("OR", "or").replace("NOT", "not")
    for name in NAMES:
        text = text.replace(name, str(name in held))
    return bool(eval(text))


@drawn(300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(conditions, st.sets(st.sampled_from(NAMES)))
def test_what_is_joined_means_what_it_reads(
    context: None, source: FakeSource, condition: Permission, held: set[str]
) -> None:
    for place in set(PLACES):
        there = [n for n, where in zip(NAMES, PLACES, strict=True) if where == place and n in held]
        source.give(2, *there, place=place)
    with acting_as(2):
        assert condition.can() is as_it_reads(condition, held)
    with acting_as(7):  # nobody: not even a NOT is met
        assert not condition.can()


def test_several_in_one_place_are_one_expression(context: None, source: FakeSource) -> None:
    both = SEND & (PIN | ~MUTED)
    assert str(both) == "message.send AND (message.pin OR NOT member.muted)"
    assert both == SEND & (PIN | ~MUTED) != SEND & PIN
    assert len({both, SEND & (PIN | ~MUTED), SEND & PIN}) == 2
    source.give(2, "message.send")
    with acting_as(2):
        assert both.can()
        assert len(source.loads) == 1
        for many in (reduce(or_, [SEND, PIN] * 90), reduce(and_, [MANAGE | SEND] * 200)):
            assert many.can()


def test_a_denial_in_several_places_says_why_by_the_first(
    context: None, source: FakeSource
) -> None:
    source.give(2, place=Place("server", 1), standing=MembershipStatus.OUTSIDER)
    with acting_as(2), pytest.raises(PermissionDenied) as denied, MANAGE | VIEW:
        pass
    assert denied.value.permission == "(server.manage) OR (platform.view)"
    assert denied.value.decision.reason == "not_member"


def test_it_has_no_truth_value(context: None, source: FakeSource) -> None:
    """``if permission`` would let everybody in, and ``a and b`` would ask the second alone."""
    for mistake in (lambda: bool(SEND), lambda: SEND and PIN, lambda: not SEND):
        with pytest.raises(TypeError, match="can"):
            mistake()
    with pytest.raises(TypeError):
        SEND & "message.pin"


def test_nobody_is_denied_when_asked_and_answered_by_the_application_when_entered(
    bare_app: Flask, source: FakeSource
) -> None:
    def nobody() -> int:
        raise Unauthorized()

    state = bare_app.extensions[EXTENSION]
    state.subject_loader = nobody
    with bare_app.app_context():
        for visitor in (None, lambda: None):
            state.visitor = visitor
            assert not SEND.can() and not (~SEND).can()
            with pytest.raises(Unauthorized), SEND:
                pass


def test_asking_uses_the_power_that_it_needs(
    context: None, source: FakeSource, uses: list[SuperAdminUse]
) -> None:
    source.give(2, only_as_super_admin=["message.send"])
    with acting_as(2):
        assert SEND.can()
    assert [use.permission for use in uses] == ["message.send"]


def test_what_is_wrong_is_an_error_and_no_denial(context: None, source: FakeSource) -> None:
    source.give(2, "message.send")
    with acting_as(2):
        with pytest.raises(UnknownPermission):
            Permission("message.pim").can()
        with pytest.raises(UnknownResource):
            (Permission("server.manage", "server", 404) | SEND).can()
        with pytest.raises(RuntimeError, match="there is none"):
            Permission("message.send", "channel", "channel_id").can()
    with pytest.raises(RuntimeError, match="there is no actor"):
        SEND.can()


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("a AND b",), "name"),
        ((7,), "name"),
        (("message.send", "Galaxy 7", 3), "scope"),
        (("message.send", "channel"), "scope_id"),
        (("message.send", "channel", True), "scope_id"),
        (("message.send", "channel", 0), "scope_id"),
        (("message.send", "channel", 3.5), "scope_id"),
        (("message.send", None, 3), "scope_id"),
    ],
)
def test_a_wrong_one_is_refused_where_it_is_written(arguments: Any, field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        Permission(*arguments)
    assert list(refused.value.errors) == [field]


def test_it_guards_functions_views_and_blueprints(bare_app: Flask, source: FakeSource) -> None:
    told: list[tuple[int, str, int]] = []
    state = bare_app.extensions[EXTENSION]
    state.subject_loader = lambda: 2
    state.on_granted = lambda *event: told.append(event)
    here = Permission("message.send", "channel", "channel_id")
    asked = Permission("message.pin", "channel", lambda request: int(request.args["channel"]))

    @here
    def say(channel_id: int) -> int:
        return channel_id

    @bare_app.get("/both/<int:channel_id>")
    @(here & (asked | VIEW))
    def both(channel_id: int) -> str:
        with here:
            return str(here.can() and not VIEW.can())

    rooms = Blueprint("rooms", __name__)
    rooms.add_url_rule("/rooms/<int:channel_id>", view_func=lambda channel_id: "room")
    assert (here | MANAGE)(rooms) is rooms
    bare_app.register_blueprint(rooms)
    source.give(2, "message.send", "message.pin")
    source.give(2, place=Place("server", 1))
    source.give(2, place=GLOBAL)
    source.give(2, place=Place("channel", 4))
    with bare_app.app_context():
        assert say(3) == 3
        with pytest.raises(PermissionDenied):
            say(4)
    assert say.__permission_requirement__.scope_id == "channel_id"  # type: ignore[attr-defined]
    assert both.__permission_requirement__.names == (  # type: ignore[attr-defined]
        "message.send",
        "message.pin",
        "platform.view",
    )
    bare_app.register_error_handler(PermissionDenied, lambda error: ("denied", 403))
    client = bare_app.test_client()
    assert client.get("/both/3?channel=3").text == "True"
    assert told[-3:-1] == [
        (2, "message.send", place_key("channel", 3)),
        (2, "message.pin", place_key("channel", 3)),
    ]
    codes = [client.get(path).status_code for path in ("/both/3?channel=4", "/rooms/3", "/rooms/4")]
    assert codes == [403, 200, 403]
    with pytest.raises(TypeError):
        here(bare_app)
    with pytest.raises(ValidationFailed):
        here(lambda server_id: None)
