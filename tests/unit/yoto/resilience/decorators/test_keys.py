"""The caller for whom a call is counted."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from yoto.errors import BulkheadFull, ConfigurationError, RateLimited, ValidationFailed
from yoto.resilience import MultiDimensionalKey, ResilienceController, bulkhead, guarded, rate_limit

from .conftest import Users


def remaining(controller: ResilienceController, key: Any) -> int:
    return controller.get_rate_limit_status("thing", key).remaining


@pytest.fixture(autouse=True)
def limits(controller: ResilienceController) -> None:
    controller.set_rate_limit_config("thing", limit=10, window=60)


def test_a_signed_in_user_is_counted_alone(
    app: Flask, controller: ResilienceController, users: Users
) -> None:
    users.current = 42
    with app.test_request_context(environ_base={"REMOTE_ADDR": "10.0.0.1"}):
        rate_limit("thing")(lambda: None)()
    assert remaining(controller, MultiDimensionalKey(user_id=42)) == 9
    assert remaining(controller, MultiDimensionalKey(ip_address="10.0.0.1")) == 10


def test_somebody_who_is_not_signed_in_is_counted_by_address(
    app: Flask, controller: ResilienceController
) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": "10.0.0.1"}):
        rate_limit("thing")(lambda: None)()
    assert remaining(controller, MultiDimensionalKey(ip_address="10.0.0.1")) == 9


def test_an_address_of_ipv6_is_counted_as_its_network(
    app: Flask, controller: ResilienceController
) -> None:
    for number in range(3):
        with app.test_request_context(environ_base={"REMOTE_ADDR": f"2001:db8:1:2:{number}::1"}):
            rate_limit("thing")(lambda: None)()
    assert remaining(controller, MultiDimensionalKey(ip_address="2001:db8:1:2::")) == 7


def test_outside_a_request_all_that_nobody_is_known_of_share_one_limit(
    controller: ResilienceController,
) -> None:
    rate_limit("thing")(lambda: None)()
    assert remaining(controller, None) == 9


def test_configured_dimensions_choose_for_themselves(
    app: Flask, controller: ResilienceController, users: Users
) -> None:
    controller.set_rate_limit_config("thing", dimensions=["user+server", "ip", "global"])
    users.current = 42

    @app.get("/servers/<int:server_id>")
    @rate_limit("thing")
    def view(server_id: int) -> str:
        return str(server_id)

    client = app.test_client()
    assert client.get("/servers/7", environ_base={"REMOTE_ADDR": "10.0.0.1"}).text == "7"
    whole = MultiDimensionalKey(user_id=42, server_id=7, ip_address="10.0.0.1")
    by_name = {
        d.name: d.remaining for d in controller.get_rate_limit_status("thing", whole).dimensions
    }
    assert by_name == {"user+server": 9, "ip": 9, "global": 9}


@pytest.mark.parametrize(
    ("option", "key"),
    [
        ("everybody", "everybody"),
        (lambda: "fixed", "fixed"),
        (lambda room, text: f"room-{room}", "room-5"),
        (lambda room, **rest: f"room-{room}", "room-5"),
        (lambda room, text: 5, 5),
        (lambda room, text: MultiDimensionalKey(user_id=room), MultiDimensionalKey(user_id=5)),
    ],
)
def test_the_code_may_give_the_key(controller: ResilienceController, option: Any, key: Any) -> None:
    @rate_limit("thing", key=option)
    def send(room: int, text: str) -> None:
        """Sends."""

    send(5, text="hi")
    assert remaining(controller, key) == 9


@pytest.mark.parametrize("option", [lambda: None, lambda: 1.5, lambda: True, lambda: b"x"])
def test_a_key_that_is_none_is_a_mistake_and_no_free_pass(
    controller: ResilienceController, option: Any
) -> None:
    with pytest.raises(TypeError):
        rate_limit("thing", key=option)(lambda: None)()


def test_a_call_may_cost_more(controller: ResilienceController) -> None:
    send = rate_limit("thing", key="k", cost=lambda text: len(text))(lambda text: None)
    send("four")
    assert remaining(controller, "k") == 6
    with pytest.raises(RateLimited):
        send("seven..")
    with pytest.raises(ValidationFailed, match="cost"):
        rate_limit("thing", key="k", cost=-1)(lambda: None)()


@pytest.mark.parametrize("decorate", [bulkhead("thing"), guarded("thing")])
def test_a_bulkhead_by_user_lets_others_in(
    app: Flask, controller: ResilienceController, users: Users, decorate: Any
) -> None:
    controller.set_bulkhead_config("thing", max_concurrent=1, strategy="user")

    @decorate
    def work(other: int | None = None) -> str:
        if other is not None:
            users.current = other
            return str(work())
        return "ran"

    users.current = 1
    assert work(other=2) == "ran"
    users.current = 1
    with pytest.raises(BulkheadFull):
        work(other=1)


def test_a_bulkhead_by_request_type_separates_routes(
    app: Flask, controller: ResilienceController
) -> None:
    controller.set_bulkhead_config("thing", max_concurrent=1, strategy="request_type")

    @app.get("/a/<int:number>")
    @bulkhead("thing")
    def view(number: int) -> dict[str, int]:
        partition = "request:GET /a/<int:number>"
        return {
            "here": controller.get_bulkhead_stats("thing", partition).held,
            "whole": controller.get_bulkhead_stats("thing").held,
        }

    assert app.test_client().get("/a/1").json == {"here": 1, "whole": 0}


def test_a_bulkhead_by_server_takes_the_key_that_the_code_gives(
    controller: ResilienceController,
) -> None:
    controller.set_bulkhead_config("thing", max_concurrent=1, strategy="server")

    @bulkhead("thing", key=lambda server: MultiDimensionalKey(server_id=server))
    def work(server: int) -> int:
        return controller.get_bulkhead_stats("thing", f"server:{server}").held

    assert work(7) == 1


def test_parts_of_a_guard_may_be_left_out(controller: ResilienceController) -> None:
    controller.set_bulkhead_config("thing", max_concurrent=0)
    without = guarded("thing", key="k", parts=["rate_limit", "circuit_breaker"])
    assert without(lambda: "ran")() == "ran"
    with pytest.raises(BulkheadFull):
        guarded("thing", key="k")(lambda: "ran")()
    with pytest.raises(ConfigurationError, match="parts"):
        guarded("thing", parts=["degradation"])


@pytest.mark.parametrize("name", ["", "a b", "x" * 200])
def test_a_bad_name_is_refused_when_it_is_written(name: str) -> None:
    with pytest.raises(ValidationFailed, match="name"):
        rate_limit(name)
