"""Decorators on views and plain functions: who is checked, where, and what is refused at once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Blueprint, Flask, Request
from flask.views import MethodView

from tests.unit.yoto.permission.conftest import FakeSource
from yoto.cache import place_key
from yoto.errors import ConfigurationError, PermissionDenied, UnknownPermission, ValidationFailed
from yoto.permission import (
    PermissionRequirement,
    PermissionSystem,
    acting_as,
    current_subject,
    require_expression,
    require_permission,
    require_permissions,
)
from yoto.permission.registry.scopes import GLOBAL, Place
from yoto.permission.state import EXTENSION

IN_CHANNEL = {"scope": "channel", "scope_id": "channel_id"}


@require_permission("message.send", scope="channel", scope_id="channel_id")
def send(channel_id: int, text: str = "hi") -> str:
    """Say something."""
    return f"{channel_id}: {text}"


def test_a_plain_function_runs_for_who_has_the_permission(
    context: None, source: FakeSource
) -> None:
    source.give(2, "message.send")
    with acting_as(2):
        assert send(3) == "3: hi"
        assert send(3, "yo") == "3: yo"
        assert send(text="yo", channel_id=3) == "3: yo"
    assert {place for _, place in source.loads} == {Place("channel", 3)}


def test_others_get_a_denial_that_carries_the_decision(context: None, source: FakeSource) -> None:
    source.give(2, "message.pin")
    with acting_as(2), pytest.raises(PermissionDenied) as denied:
        send(3)
    assert denied.value.permission == "message.send"
    assert denied.value.decision.reason == "not_granted"
    assert isinstance(denied.value, PermissionError)


def test_the_function_keeps_its_name_signature_and_text() -> None:
    assert send.__name__ == "send"
    assert send.__doc__ == "Say something."
    assert list(inspect.signature(send).parameters) == ["channel_id", "text"]


def test_an_id_from_a_default_value_counts(context: None, source: FakeSource) -> None:
    @require_permission("message.send", **IN_CHANNEL)
    def say(text: str, channel_id: int = 3) -> str:
        return text

    source.give(2, "message.send")
    with acting_as(2):
        assert say("hi") == "hi"


def test_methods_are_decorated_like_functions(context: None, source: FakeSource) -> None:
    class Chat:
        @require_permission("message.send", **IN_CHANNEL)
        def say(self, channel_id: int) -> int:
            return channel_id

    source.give(2, "message.send")
    with acting_as(2):
        assert Chat().say(3) == 3
        assert Chat().say(channel_id=3) == 3


def test_a_generator_is_refused_when_called_not_when_advanced(
    context: None, source: FakeSource
) -> None:
    @require_permission("message.send", **IN_CHANNEL)
    def lines(channel_id: int) -> Iterator[int]:
        yield from range(channel_id)

    source.give(2, "message.send")
    source.give(4)
    with acting_as(2):
        assert list(lines(3)) == [0, 1, 2]
    with acting_as(4), pytest.raises(PermissionDenied):
        lines(3)


def test_a_coroutine_function_stays_one(context: None, source: FakeSource) -> None:
    @require_permission("message.send", **IN_CHANNEL)
    async def say(channel_id: int) -> int:
        return channel_id

    assert inspect.iscoroutinefunction(say)
    source.give(2, "message.send")
    source.give(4)
    with acting_as(2):
        assert asyncio.run(say(3)) == 3
    with acting_as(4), pytest.raises(PermissionDenied):
        asyncio.run(say(3))


def test_the_acting_user_wins_over_the_loader_and_blocks_nest(
    bare_app: Flask, context: None
) -> None:
    bare_app.extensions[EXTENSION].subject_loader = lambda: 7
    assert current_subject() == 7
    with acting_as(2):
        assert current_subject() == 2
        with acting_as(3):
            assert current_subject() == 3
        assert current_subject() == 2
    assert current_subject() == 7


def test_nobody_acting_is_a_clear_error_and_no_verdict(context: None) -> None:
    with pytest.raises(RuntimeError, match="acting_as"):
        send(3)


@pytest.mark.parametrize("subject", ["7", None, True])
def test_a_loader_that_gives_no_id_is_a_clear_error(
    bare_app: Flask, context: None, subject: Any
) -> None:
    bare_app.extensions[EXTENSION].subject_loader = lambda: subject
    with pytest.raises(RuntimeError, match="must return a user id"):
        send(3)


def test_what_the_loader_raises_reaches_the_caller(bare_app: Flask, context: None) -> None:
    def not_signed_in() -> int:
        raise LookupError("sign in first")

    bare_app.extensions[EXTENSION].subject_loader = not_signed_in
    with pytest.raises(LookupError, match="sign in"):
        send(3)


@pytest.mark.parametrize("user_id", ["2", None, True, 0])
def test_only_an_id_can_act(user_id: Any) -> None:
    with pytest.raises(ValidationFailed), acting_as(user_id):
        pass


def test_outside_an_app_context_the_error_says_so() -> None:
    with acting_as(2), pytest.raises(RuntimeError, match="app context"):
        send(3)


def test_an_app_without_permissions_is_a_clear_error() -> None:
    with Flask("other").app_context(), acting_as(2):
        with pytest.raises(RuntimeError, match="init_app"):
            send(3)


@pytest.mark.parametrize("channel_id", ["3", None, True, 3.0])
def test_an_id_that_is_no_int_is_refused(
    context: None, source: FakeSource, channel_id: Any
) -> None:
    source.give(2, "message.send", place=Place("channel", 1))
    with acting_as(2), pytest.raises(ValidationFailed) as refused:
        send(channel_id)
    assert list(refused.value.errors) == ["scope_id"]


def test_without_a_scope_the_global_place_is_asked(context: None, source: FakeSource) -> None:
    @require_permission("platform.view")
    def page() -> str:
        return "page"

    source.give(2, "platform.view", place=GLOBAL)
    with acting_as(2):
        assert page() == "page"
    with acting_as(3), pytest.raises(PermissionDenied):
        page()


@pytest.mark.parametrize(
    ("op", "held", "passes", "reason"),
    [
        ("AND", ("message.send", "message.pin"), True, None),
        ("AND", ("message.send",), False, "not_granted"),
        ("OR", ("message.pin",), True, None),
        ("OR", (), False, "not_granted"),
        ("NOT", ("channel.read",), True, None),
        ("NOT", ("message.pin",), False, "excluded"),
        ("NOT", ("message.send", "message.pin"), False, "excluded"),
    ],
)
def test_several_permissions_are_joined_as_told(
    context: None, source: FakeSource, op: str, held: tuple[str, ...], passes: bool, reason: str
) -> None:
    @require_permissions(["message.send", "message.pin"], op=op, **IN_CHANNEL)
    def act(channel_id: int) -> str:
        return "done"

    source.give(2, *held)
    with acting_as(2):
        if passes:
            assert act(3) == "done"
        else:
            with pytest.raises(PermissionDenied) as denied:
                act(3)
            assert denied.value.decision.reason == reason


def test_a_denial_names_what_is_missing_or_too_much(context: None, source: FakeSource) -> None:
    @require_permissions(["message.send", "message.pin", "channel.read"], **IN_CHANNEL)
    def every(channel_id: int) -> None: ...

    @require_permissions(["message.send", "message.pin"], op="NOT", **IN_CHANNEL)
    def none(channel_id: int) -> None: ...

    source.give(2, "message.send")
    with acting_as(2):
        with pytest.raises(PermissionDenied) as missing:
            every(3)
        with pytest.raises(PermissionDenied) as too_much:
            none(3)
    assert missing.value.decision.names == ("message.pin", "channel.read")
    assert too_much.value.decision.names == ("message.send",)


@pytest.mark.parametrize(
    ("held", "passes"),
    [
        (("channel.read", "message.send"), True),
        (("channel.read",), True),
        (("channel.read", "member.muted"), False),
        (("channel.read", "member.muted", "message.send"), True),
        (("message.send",), False),
    ],
)
def test_an_expression_guards_a_function(
    context: None, source: FakeSource, held: tuple[str, ...], passes: bool
) -> None:
    @require_expression("channel.read AND (message.send OR NOT member.muted)", **IN_CHANNEL)
    def act(channel_id: int) -> str:
        return "done"

    source.give(2, *held)
    with acting_as(2):
        if passes:
            assert act(3) == "done"
        else:
            with pytest.raises(PermissionDenied) as denied:
                act(3)
            assert denied.value.decision.reason == "not_satisfied"


def test_an_unregistered_name_is_an_error_at_the_first_call(
    context: None, source: FakeSource
) -> None:
    @require_permissions(["message.send", "message.edit"], op="NOT", **IN_CHANNEL)
    def act(channel_id: int) -> None: ...

    source.give(2)
    with acting_as(2), pytest.raises(UnknownPermission) as unknown:
        act(3)
    assert unknown.value.names == ["message.edit"]


def free(**anything: Any) -> None: ...


def takes_channel(channel_id: int) -> None: ...


@pytest.mark.parametrize(
    ("decorate", "field"),
    [
        (lambda: require_permission("message/send"), "names"),
        (lambda: require_permission("not message.send"), "names"),
        (lambda: require_permission(""), "names"),
        (lambda: require_permission(1), "names"),
        (lambda: require_permissions([]), "names"),
        (lambda: require_permissions("message.send"), "names"),
        (lambda: require_permissions(["message.send"], op="XOR"), "op"),
        (lambda: require_permissions(["message.send"], op="and"), "op"),
        (lambda: require_expression("1 2"), "expression"),
        (lambda: require_expression(""), "expression"),
        (lambda: require_expression("not message.send"), "expression"),
        (lambda: require_expression("message.send AND"), "expression"),
        (lambda: require_permission("message.send", "Galaxy 7", "channel_id"), "scope"),
        (lambda: require_permission("message.send", "channel"), "scope_id"),
        (lambda: require_permission("message.send", "channel", 3), "scope_id"),
        (lambda: require_permission("message.send", None, "channel_id"), "scope_id"),
        (lambda: require_permission("message.send", "global", "channel_id"), "scope_id"),
        (lambda: require_permission("message.send", "channel", "server_id"), "scope_id"),
    ],
)
def test_a_wrong_decorator_is_refused_where_it_is_written(decorate: Any, field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        decorate()(takes_channel)
    assert list(refused.value.errors) == [field]


def test_a_function_that_takes_anything_may_be_named_any_argument(
    context: None, source: FakeSource
) -> None:
    act = require_permission("message.send", **IN_CHANNEL)(free)
    source.give(2, "message.send")
    with acting_as(2):
        act(channel_id=3)
        with pytest.raises(ValidationFailed):
            act()


def test_a_view_is_checked_with_its_route_argument(
    bare_app: Flask, source: FakeSource, system: PermissionSystem
) -> None:
    @bare_app.get("/<int:channel_id>")
    @require_permission("message.send", **IN_CHANNEL)
    def view(channel_id: int) -> str:
        return "seen"

    @bare_app.errorhandler(PermissionDenied)
    def refused(error: PermissionDenied) -> tuple[str, int]:
        return error.decision.reason, 403

    bare_app.extensions[EXTENSION].subject_loader = lambda: 2
    source.give(2, "message.send")
    client = bare_app.test_client()
    assert client.get("/3").text == "seen"
    assert client.get("/4").status_code == 403


def test_a_callable_finds_the_id_in_the_request(bare_app: Flask, source: FakeSource) -> None:
    def from_query(request: Request) -> int:
        return int(request.args["channel"])

    @require_permission("message.send", scope="channel", scope_id=from_query)
    def view() -> str:
        return "seen"

    bare_app.add_url_rule("/", view_func=view)
    source.give(2, "message.send")
    with acting_as(2), bare_app.test_client() as client:
        assert client.get("/?channel=3").text == "seen"
    with bare_app.app_context(), acting_as(2):
        with pytest.raises(RuntimeError, match="needs a request"):
            view()


def test_what_a_function_requires_can_be_read_from_it_through_other_decorators() -> None:
    @require_permission("message.pin", **IN_CHANNEL)
    @require_permissions(["message.send", "channel.read"], op="OR")
    def act(channel_id: int) -> None: ...

    outer = act.__permission_requirement__  # type: ignore[attr-defined]
    assert isinstance(outer, PermissionRequirement)
    assert (outer.names, outer.scope, outer.scope_id) == (
        ("message.pin",),
        "channel",
        "channel_id",
    )
    assert outer.inner is not None
    assert outer.inner.names == ("message.send", "channel.read")
    assert outer.inner.scope == "global"
    assert outer.inner.inner is None


def test_stacked_decorators_must_all_let_through(context: None, source: FakeSource) -> None:
    @require_permission("message.pin", **IN_CHANNEL)
    @require_permission("platform.view")
    def act(channel_id: int) -> str:
        return "done"

    source.give(2, "message.pin")
    source.give(2, "platform.view", place=GLOBAL)
    source.give(4, "message.pin")
    source.give(5, "platform.view", place=GLOBAL)
    with acting_as(2):
        assert act(3) == "done"
    for user_id in (4, 5):
        with acting_as(user_id), pytest.raises(PermissionDenied):
            act(3)


def test_two_apps_share_nothing(bare_app: Flask, source: FakeSource) -> None:
    other = Flask("other")
    PermissionSystem().init_app(other)
    assert other.extensions[EXTENSION].registry is not bare_app.extensions[EXTENSION].registry
    assert other.extensions[EXTENSION].source is not source


def test_who_is_let_in_is_told_to_the_listener(
    context: None, bare_app: Flask, source: FakeSource
) -> None:
    told: list[tuple[int, str, int]] = []
    bare_app.extensions[EXTENSION].on_granted = lambda *event: told.append(event)
    source.give(2, "message.send")
    with acting_as(2):
        send(3)
    with acting_as(4), pytest.raises(PermissionDenied):
        send(3)
    assert told == [(2, "message.send", place_key("channel", 3))]


def test_a_listener_that_fails_lets_nobody_in_or_out(
    context: None, bare_app: Flask, source: FakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(user_id: int, requirement: str, key: int) -> None:
        raise ValueError("the listener")

    bare_app.extensions[EXTENSION].on_granted = fail
    source.give(2, "message.send")
    with acting_as(2):
        assert send(3) == "3: hi"
    assert "a listener to passed checks failed" in caplog.text


@pytest.fixture
def rooms(bare_app: Flask) -> Flask:
    """A blueprint and one inside it, both guarded by one line."""
    bare_app.config["PROPAGATE_EXCEPTIONS"] = True
    bare_app.extensions[EXTENSION].subject_loader = lambda: 2
    rooms, cellar = Blueprint("rooms", __name__), Blueprint("cellar", __name__)
    assert require_permission("message.send", **IN_CHANNEL)(rooms) is rooms
    rooms.add_url_rule("/rooms/<int:channel_id>", view_func=lambda channel_id: "room", endpoint="a")
    rooms.add_url_rule("/rooms", view_func=lambda: "all rooms", endpoint="b")
    cellar.add_url_rule(
        "/cellars/<int:channel_id>", view_func=lambda channel_id: "cellar", endpoint="c"
    )
    rooms.register_blueprint(cellar)
    bare_app.register_blueprint(rooms)
    return bare_app


@pytest.mark.parametrize("path", ["/rooms/3", "/cellars/3"])
def test_a_guarded_blueprint_guards_each_of_its_views(
    rooms: Flask, source: FakeSource, path: str
) -> None:
    client = rooms.test_client()
    with pytest.raises(PermissionDenied):
        client.get(path)
    source.give(2, "message.send")
    assert client.get(path).status_code == 200


def test_a_view_of_it_without_the_argument_lets_nobody_in(rooms: Flask, source: FakeSource) -> None:
    source.give(2, "message.send")
    with pytest.raises(ConfigurationError, match="rooms.b has no argument 'channel_id'"):
        rooms.test_client().get("/rooms")


@pytest.mark.parametrize("thing", [MethodView, 5, "a view", Flask("bare")])
def test_what_cannot_be_guarded_is_refused_at_once(thing: Any) -> None:
    with pytest.raises(TypeError, match="permissions guard functions and blueprints"):
        require_permission("message.send", **IN_CHANNEL)(thing)
