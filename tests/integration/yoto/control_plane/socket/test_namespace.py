"""The Socket.IO namespace of the control plane: who may follow what, and for how long."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.auth import break_glass
from app.auth.passwords import passwords
from app.extensions import fleet, permissions
from app.models import User
from tests.integration.yoto.control_plane.conftest import PASSWORD, Browser
from tests.support.control_sockets import TestSocket
from tests.support.operators import (
    ADMIN,
    OPERATE,
    RIGHTS,
    VIEW,
    ControlClient,
    api_token,
    control_client,
    operator_named,
)
from tests.support.waiting import wait_until
from tests.support.world import Person, World
from yoto.control_plane.socket import current_registry
from yoto.control_plane.socket.limits import BURST, OF_USER, PATIENCE
from yoto.errors import StoreUnavailable
from yoto.store.columns import utcnow
from yoto.store.db import db

TOPICS = ["status", "performance", "cache", "events", "alerts", "tasks", "maintenance"]
EVENTS = {
    "subscribe": {"topics": ["status"]},
    "unsubscribe": {"topics": ["status"]},
    "request_status": None,
}


@pytest.fixture
def ada(world: World) -> Person:
    """Somebody who may look."""
    return operator_named(world, "ada", VIEW)


@pytest.fixture
def secret(app: Flask, ada: Person) -> str:
    return api_token(app, ada, [VIEW])[1]


@pytest.fixture
def socket(app: Flask, secret: str) -> TestSocket:
    return TestSocket(app, {"token": secret})


def signed_in(app: Flask, world: World, *rights: str) -> tuple[Person, FlaskClient]:
    """An operator and a browser of theirs."""
    with app.app_context():
        stored = passwords().hash(PASSWORD)
    person = operator_named(world, "olga", *rights, password_hash=stored)
    browser = Browser(app.test_client())
    browser.sign_in("olga")
    return person, browser.client


def outsider(app: Flask, world: World) -> Any:
    person = operator_named(world, "otto")
    return {"token": api_token(app, person, [VIEW])[1]}


def without_the_right_in_its_token(app: Flask, world: World) -> Any:
    person = operator_named(world, "otto", *(VIEW, OPERATE, ADMIN))
    return {"token": api_token(app, person, [OPERATE])[1]}


def expired(app: Flask, world: World) -> Any:
    return {"token": api_token(app, operator_named(world, "otto", VIEW), [VIEW], days=-1)[1]}


def disabled(app: Flask, world: World) -> Any:
    person = operator_named(world, "otto", VIEW, disabled=True)
    return {"token": api_token(app, person, [VIEW])[1]}


def of_the_community(app: Flask, world: World) -> Any:
    return {"token": operator_named(world, "otto", VIEW).token}


@pytest.mark.parametrize(
    "auth",
    [
        lambda app, world: None,
        lambda app, world: {},
        lambda app, world: "a token",
        lambda app, world: {"token": 3},
        lambda app, world: {"token": "nonsense"},
        of_the_community,
        outsider,
        without_the_right_in_its_token,
        expired,
        disabled,
    ],
)
def test_who_may_not_look_is_refused_and_every_event_of_theirs_too(
    app: Flask, world: World, auth: Callable[[Flask, World], Any]
) -> None:
    socket = TestSocket(app, auth(app, world))
    assert not socket.connected
    for event, data in EVENTS.items():
        with pytest.raises(RuntimeError, match="not connected"):
            socket.send(event, *([] if data is None else [data]))


def test_a_browser_that_is_signed_in_needs_no_token(app: Flask, world: World) -> None:
    _, client = signed_in(app, world, VIEW)
    cookie = client.get_cookie("yoto_session", path="/socket.io")
    pages = client.get_cookie("yoto_session", path="/control")
    assert cookie is not None and pages is not None and cookie.value == pages.value
    assert cookie.http_only and client.get_cookie("yoto_session", path="/") is None
    socket = TestSocket(app, flask_test_client=client)
    assert socket.connected
    socket.subscribe(*TOPICS)
    (first,) = socket.heard("snapshot")
    assert sorted(first["topics"]) == sorted(TOPICS)
    assert first["topics"]["status"]["maintenance"] == {
        "enabled": False,
        "reason": None,
        "until_ms": None,
    }


def test_signing_out_ends_the_sockets_of_that_session_and_no_other(
    app: Flask, world: World
) -> None:
    _, first = signed_in(app, world, VIEW)
    other = Browser(app.test_client())
    other.sign_in("olga")
    leaving = TestSocket(app, flask_test_client=first)
    staying = TestSocket(app, flask_test_client=other.client)
    assert leaving.connected and staying.connected
    Browser(first).sign_out()
    wait_until(lambda: not leaving.connected)
    assert staying.connected and len(registry_of(app).clients) == 1


def registry_of(app: Flask) -> Any:
    with app.app_context():
        return current_registry()


def end_of(socket: TestSocket) -> str:
    """Why the socket was closed, which it is within a moment."""
    wait_until(lambda: not socket.connected)
    (goodbye,) = socket.heard("goodbye")
    assert goodbye["detail"]
    return str(goodbye["reason"])


def test_what_is_taken_away_ends_the_socket_at_once(app: Flask, world: World) -> None:
    people = [world.user(name) for name in ("ann", "ben", "cid")]
    role = world.role(None, VIEW, name="viewers")
    for person in people:
        world.assign(person, role)
    tokens = [api_token(app, person, [VIEW]) for person in people]
    loses_right, loses_token, loses_account = (
        TestSocket(app, {"token": secret}) for _, secret in tokens
    )
    admin = control_client(app, world, *RIGHTS, username="root")
    assert admin.post(f"/tokens/{tokens[1][0]}/revoke").status_code == 200
    assert end_of(loses_token) == "signed_out"
    with app.app_context():
        db.session.get_one(User, people[2].id).disabled = True
        db.session.commit()
        db.session.remove()
    assert end_of(loses_account) == "signed_out"
    assert loses_right.connected
    with app.app_context():
        permissions.revoke_permissions_from_role(role, [VIEW])
        db.session.remove()
    assert end_of(loses_right) == "right_lost"


def test_a_token_that_runs_out_is_noticed_although_no_log_tells_it(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yoto.control_plane.socket.registry.REVALIDATION_SECONDS", 0.05)
    _, secret = api_token(app, ada, [VIEW], days=4 / (24 * 3600))
    assert end_of(TestSocket(app, {"token": secret})) == "signed_out"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ((), "body"),
        ((None,), "body"),
        ((["status"],), "body"),
        (({"topics": ["status"]}, {"topics": ["status"]}), "body"),
        (({},), "topics"),
        (({"topics": []},), "topics"),
        (({"topics": "status"},), "topics"),
        (({"topics": ["weather"]},), "topics"),
        (({"topics": [{}]},), "topics"),
        (({"topics": ["status"] * 8},), "topics"),
        (({"topics": ["status"], "user": 1},), "user"),
        (({"topics": ["events"], "filters": []},), "filters"),
        (({"topics": ["events"], "filters": {"since": 1}},), "filters"),
        (({"topics": ["events"], "filters": {"types": "alert.*"}},), "filters.types"),
        (({"topics": ["events"], "filters": {"types": [3]}},), "filters.types"),
        (({"topics": ["events"], "filters": {"types": ["*"]}},), "filters.types"),
        (({"topics": ["events"], "filters": {"types": ["a.b"] * 51}},), "filters.types"),
        (({"topics": ["events"], "last_event_id": 3},), "last_event_id"),
        (({"topics": ["events"], "last_event_id": "-"},), "last_event_id"),
        (({"topics": ["events"], "last_event_id": "9" * 30 + "-0"},), "last_event_id"),
    ],
)
def test_a_malformed_subscription_is_a_problem_that_names_the_field(
    app: Flask, socket: TestSocket, data: tuple[Any, ...], field: str
) -> None:
    answer = socket.send("subscribe", *data)
    assert answer["ok"] is False
    assert answer["problem"]["type"] == "urn:yoto:problem:validation-failed"
    assert list(answer["problem"]["errors"]) == [field]
    assert socket.heard("snapshot") == []


def test_too_much_and_too_fast_is_refused_and_at_last_ends(app: Flask, socket: TestSocket) -> None:
    # However slow the machine is, the client is faster.
    registry_of(app).clients.all()[0].pace.rate = 0.1
    large = {"topics": ["status"], "filters": {"types": ["a" * 60] * 200}}
    assert socket.send("subscribe", large)["problem"]["status"] == 413
    answers = [socket.send("unsubscribe") for _ in range(round(BURST) + 5)]
    refused = [answer["problem"] for answer in answers if not answer["ok"]]
    assert refused and refused[0]["type"] == "urn:yoto:problem:rate-limited"
    assert refused[0]["retry_after"] > 0
    for _ in range(10 * PATIENCE):
        if not socket.connected:
            break
        socket.send("unsubscribe")
    assert end_of(socket) == "too_many_messages"


def test_one_account_has_a_number_of_sockets_and_no_more(app: Flask, secret: str) -> None:
    sockets = [TestSocket(app, {"token": secret}) for _ in range(OF_USER + 1)]
    assert [one.connected for one in sockets] == [True] * OF_USER + [False]
    sockets[0].leave()
    assert TestSocket(app, {"token": secret}).connected


def test_pictures_are_made_while_somebody_looks_and_for_nobody_else(
    app: Flask, socket: TestSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    module = "yoto.control_plane.socket.registry"
    monkeypatch.setattr(
        f"{module}.snapshot", lambda topics: {topics[0]: made.append(topics[0]) or {"n": 1}}
    )
    socket.subscribe("events")
    time.sleep(1.2)
    assert made == []
    began = time.monotonic()
    socket.subscribe("performance", "status", "cache")
    socket.wait_for("performance_stats", 3)
    # One at once and one each five seconds, as three of the others take on a busy machine.
    most = 1 + (time.monotonic() - began) // 5
    assert 1 <= len(socket.heard("system_status")) <= most
    assert len(socket.heard("cache_stats")) <= 1 + most
    socket.send("unsubscribe")
    time.sleep(1.1)
    until = len(made)
    time.sleep(1.2)
    assert len(made) == until


def test_a_worker_that_drains_sends_its_sockets_away_and_takes_no_new_ones(
    app: Flask, secret: str, socket: TestSocket, world: World
) -> None:
    service = fleet.of(app)
    service.start()
    operator = control_client(app, world, VIEW, OPERATE, username="olga")
    wait_until(lambda: operator.get("/instances").get_json()["items"])
    me = f"/instances/{service.id}"
    assert operator.post(f"{me}/drain", seconds=60).get_json()["acknowledged"] is True
    assert socket.wait_for("goodbye")[0]["reason"] == "draining"
    assert not TestSocket(app, {"token": secret}).connected
    ready = app.test_client().get("/readyz")
    assert (ready.status_code, ready.get_json()["status"]) == (503, "draining")
    handshake = app.test_client().get("/socket.io/?EIO=4&transport=polling")
    assert (handshake.status_code, handshake.headers["Retry-After"]) == (503, "1")
    assert app.test_client().get("/livez").status_code == 200
    assert operator.post(f"{me}/resume").get_json()["instance"]["state"] == "live"
    assert TestSocket(app, {"token": secret}).connected
    assert app.test_client().get("/readyz").status_code == 200

    def told() -> list[str]:
        found = operator.get("/events", types="worker.*").get_json()["items"]
        return [one["type"] for one in found][:4]

    # The end of the order is published after the heartbeat that says so.
    wanted = ["worker.resumed", "worker.steered", "worker.drained", "worker.steered"]
    wait_until(lambda: told() == wanted)
    acts = [*world.acts("instance.drain"), *world.acts("instance.resume")]
    assert [act.subject for act in acts] == [f"instance:{service.id}"[:64]] * 2


def test_an_order_to_drain_ends_by_itself(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yoto.fleet.workers.SHORTEST_DRAIN", 0.1)
    monkeypatch.setattr("yoto.fleet.workers.BEAT_SECONDS", 0.1)
    service = fleet.of(app)
    service.start()
    wait_until(service.all)
    found = service.drain(service.id, 2.0, "ada", "a test")
    assert found is not None and found.state == "draining"
    wait_until(lambda: service.draining is None)
    # The others hear of it by its next heartbeat.
    wait_until(lambda: [(one.state, one.drain) for one in service.all()] == [("live", None)])


def test_while_the_database_is_away_what_needs_none_is_judged_all_the_same(
    app: Flask, world: World, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, app.config["BREAK_GLASS_HASH"] = break_glass.new_token()
    first = TestSocket(app, {"token": secret})  # whom nobody can judge
    _, browser = signed_in(app, world, VIEW)
    page = TestSocket(app, flask_test_client=browser)
    glass = TestSocket(app, {"token": token})
    assert first.connected and page.connected and glass.connected

    def away(*_: Any) -> bool:
        raise StoreUnavailable("database")

    monkeypatch.setattr("yoto.control_plane.socket.registry.has_right", away)
    move_clock(monkeypatch, timedelta(hours=13))
    app.config["BREAK_GLASS_HASH"] = break_glass.new_token()[1]
    monkeypatch.setattr("yoto.control_plane.socket.registry.REVALIDATION_SECONDS", 0.05)
    registry_of(app)._wake_revalidation()
    assert end_of(page) == "signed_out" and end_of(glass) == "signed_out"
    # Its token has hours left: a missing verdict ends nothing.
    assert first.connected


def move_clock(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    """Move the clock that sessions and sockets believe."""
    for module in ("session", "operators", "break_glass", "api_tokens"):
        monkeypatch.setattr(f"app.auth.{module}.utcnow", lambda: utcnow() + by)


def test_looking_is_no_use_of_a_super_admins_power_and_acting_is(app: Flask, world: World) -> None:
    root = world.user("root", super_admin=True)
    _, token = api_token(app, root)
    socket = TestSocket(app, {"token": token})
    socket.subscribe("status")
    registry = registry_of(app)
    with app.app_context():
        for client in registry.clients.all():
            registry._check(client)
    assert socket.connected
    before = len(world.acts("super_admin.use"))
    assert before == 0
    client = ControlClient(app.test_client(), {"Authorization": f"Bearer {token}"})
    assert client.post("/events/clear", before="0-1").status_code in (200, 422)
    assert len(world.acts("super_admin.use")) > before


# Holders of a token or of a session, with the rights of the account.
HOLDERS = {
    "anonymous": None,
    "outsider": (),
    "viewer": (VIEW,),
    "operator": (VIEW, OPERATE),
    "admin": (VIEW, OPERATE, ADMIN),
}


def packets(socket: TestSocket, event: str) -> Any:
    """The answer to an event, sent whether or not the server wants it; None: there is none."""
    server, client = socket.client.socketio.server, socket.client
    data = EVENTS[event]
    body = json.dumps([event, *([] if data is None else [data])])
    client.acks = None
    server._handle_eio_message(client.eio_sid, f"2/control,9{body}")
    return None if client.acks is None else client.acks["args"][0]


@pytest.mark.parametrize("event", list(EVENTS))
@pytest.mark.parametrize("by", ["session", "token"])
@pytest.mark.parametrize("holder", list(HOLDERS))
def test_each_event_is_for_those_who_may_look_and_for_nobody_else(
    app: Flask, world: World, holder: str, by: str, event: str
) -> None:
    rights = HOLDERS[holder]
    if rights is None:
        auth = None if by == "session" else {"token": "yoto_api_nonsense"}
        socket = TestSocket(app, auth)
    elif by == "session":
        socket = TestSocket(app, flask_test_client=signed_in(app, world, *rights)[1])
    else:
        person = operator_named(world, "otto", *rights)
        socket = TestSocket(app, {"token": api_token(app, person)[1]})
    answer = packets(socket, event)
    if rights is not None and VIEW in rights:
        assert answer["ok"] is True
    else:
        assert answer is None and not socket.connected and socket.heard() == []


@pytest.mark.parametrize("event", list(EVENTS))
@pytest.mark.parametrize("by", ["session", "token"])
def test_each_event_is_refused_once_the_session_or_token_has_run_out(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch, by: str, event: str
) -> None:
    person, browser = signed_in(app, world, VIEW)
    days = 0.3
    token = {"token": api_token(app, person, [VIEW], days=days)[1]}
    options: dict[str, Any] = {"flask_test_client": browser} if by == "session" else {"auth": token}
    socket = TestSocket(app, **options)
    assert packets(socket, event)["ok"] is True
    move_clock(monkeypatch, timedelta(hours=13))
    assert packets(socket, event)["problem"]["status"] == 401
    assert end_of(socket) == "signed_out"
    late = TestSocket(app, **options)
    assert not late.connected and packets(late, event) is None


@pytest.mark.parametrize("event", list(EVENTS))
def test_a_page_of_another_site_sends_no_event_by_the_cookie_of_this_one(
    app: Flask, world: World, event: str
) -> None:
    # As eventlet and gevent have it; with threads nobody may poll.
    app.extensions["socketio"].server.eio.transports = ["polling", "websocket"]
    _, browser = signed_in(app, world, *RIGHTS)
    where = "/socket.io/?EIO=4&transport=polling"
    own, other = {"Origin": "http://localhost"}, {"Origin": "https://evil.example"}
    assert browser.get(where, headers=other).status_code == 400
    sid = json.loads(browser.get(where, headers=own).text[1:])["sid"]
    where += f"&sid={sid}"
    assert browser.post(where, data="40/control,", headers=other).status_code == 400
    assert browser.post(where, data="40/control,", headers=own).text == "OK"
    assert browser.get(where, headers=own).text.startswith("40/control,")
    data = EVENTS[event]
    body = json.dumps([event, *([] if data is None else [data])])
    assert browser.post(where, data=f"42/control,1{body}", headers=other).status_code == 400
    # Only the one that the page itself sends is answered.
    assert browser.post(where, data=f"42/control,2{body}", headers=own).text == "OK"
    heard = ""
    while "43/control,2" not in heard:
        heard += browser.get(where, headers=own).text
    assert "43/control,1[" not in heard
    assert browser.post(where, data="1", headers=own).text == "OK"
