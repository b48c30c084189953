"""``Yoto(app)`` in an application that knows nothing of it but one line and its decorators."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from inspect import isfunction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, request
from flask_login import LoginManager, UserMixin

import yoto
from tests.support.redis_servers import Server
from yoto import (
    CircuitOpen,
    ConfigurationError,
    RateLimitConfig,
    RateLimited,
    Yoto,
    circuit_breaker,
    rate_limit,
)
from yoto.events import Events
from yoto.redis import RedisStore

GUARDS = {"search": {"rate_limit": RateLimitConfig(limit=2, window=60)}}


@pytest.fixture(autouse=True)
def no_server_is_named_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("YOTO_REDIS_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def shop(valkey_server: Server, tmp_path: Path) -> Iterator[Flask]:
    """An application with a searched view, and a page of its own for what is not found."""
    app = Flask("shop", instance_path=str(tmp_path))
    app.config["YOTO_REDIS_URL"] = valkey_server.url
    app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-shop-{secrets.token_hex(4)}:"

    @app.get("/search")
    @rate_limit("search")
    def search() -> dict[str, bool]:
        return {"found": True}

    @app.errorhandler(404)
    def not_found(error: Exception) -> tuple[str, int]:
        return "<h1>Nothing here</h1>", 404

    yield app
    if "yoto" in app.extensions:
        Yoto.close(app)


def test_a_guarded_view_answers_until_its_limit_is_used_up(shop: Flask) -> None:
    Yoto(shop, guards=GUARDS)
    client = shop.test_client()
    first, second, third = (client.get("/search") for _ in range(3))
    assert [first.status_code, second.status_code, third.status_code] == [200, 200, 429]
    assert first.headers["RateLimit-Policy"] == '"ip";q=2;w=60'
    assert first.headers["RateLimit"].startswith('"ip";r=1')
    assert third.content_type == "application/problem+json"
    assert third.headers["RateLimit"].startswith('"ip";r=0')
    assert 0 < int(third.headers["Retry-After"]) <= 60
    assert third.json is not None and third.json["type"].endswith("rate-limited")


@pytest.mark.parametrize("given", [False, "false", "0"])
def test_guards_are_switched_off_for_tests_alone(
    shop: Flask, given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(given, bool):
        shop.config["YOTO_RESILIENCE_ENABLED"] = given
    else:
        monkeypatch.setenv("YOTO_RESILIENCE_ENABLED", given)
    with pytest.raises(ConfigurationError, match="YOTO_RESILIENCE_ENABLED"):
        Yoto(shop, guards=GUARDS)
    shop.testing = True
    Yoto(shop, guards=GUARDS)
    client = shop.test_client()
    assert [client.get("/search").status_code for _ in range(5)] == [200] * 5


def test_the_switch_of_guards_is_true_or_false(shop: Flask) -> None:
    shop.config["YOTO_RESILIENCE_ENABLED"] = "off"
    with pytest.raises(ConfigurationError, match="'off' is not right"):
        Yoto(shop)


def test_errors_of_the_application_stay_its_own(shop: Flask) -> None:
    Yoto(shop)
    answer = shop.test_client().get("/nowhere")
    assert (answer.status_code, answer.text) == (404, "<h1>Nothing here</h1>")


def test_refusals_may_be_left_to_the_application(shop: Flask) -> None:
    Yoto(shop, guards=GUARDS, problems=False)

    @shop.errorhandler(RateLimited)
    def slow_down(error: RateLimited) -> tuple[str, int]:
        return f"in {error.retry_after:.0f} s", 429

    client = shop.test_client()
    *_, refused = (client.get("/search") for _ in range(3))
    assert (refused.status_code, refused.text) == (429, "in 30 s")
    assert refused.headers["RateLimit"].startswith('"ip";r=0')


def test_callers_are_counted_by_what_the_application_says(shop: Flask) -> None:
    Yoto(shop, guards=GUARDS, caller=lambda: request.headers.get("X-Customer"))
    client = shop.test_client()
    asked = ["ada", "ada", "ada", "bob", None]
    answers = [client.get("/search", headers={"X-Customer": one} if one else {}) for one in asked]
    assert [one.status_code for one in answers] == [200, 200, 429, 200, 200]
    assert answers[3].headers["RateLimit-Policy"].startswith('"user"')
    assert answers[4].headers["RateLimit-Policy"].startswith('"ip"')


def test_callers_are_the_users_of_flask_login(shop: Flask) -> None:
    class Customer(UserMixin):  # type: ignore[misc]
        def __init__(self, name: str) -> None:
            self.id = name

    manager = LoginManager(shop)

    @manager.request_loader
    def load(request: Any) -> Customer | None:
        name = request.headers.get("X-Customer")
        return Customer(name) if name else None

    Yoto(shop, guards=GUARDS)
    client = shop.test_client()
    answers = [
        client.get("/search", headers={"X-Customer": name} if name else {})
        for name in ("ada", "ada", "ada", "bob", None)
    ]
    assert [one.status_code for one in answers] == [200, 200, 429, 200, 200]
    assert answers[4].headers["RateLimit-Policy"].startswith('"ip"')


def test_no_thread_starts_before_the_first_guard_and_none_stays_after_the_end(shop: Flask) -> None:
    before = set(threading.enumerate())
    wired = Yoto()
    wired.init_app(shop)
    assert set(threading.enumerate()) == before
    shop.test_client().get("/search")
    assert {one.name for one in set(threading.enumerate()) - before} >= {"yoto-streams"}
    wired.close(shop)
    left = {one for one in set(threading.enumerate()) - before if one.name != "yoto-clock"}
    for one in left:
        one.join(5)
    assert not {one for one in left if one.is_alive()}


def test_start_begins_the_work_without_a_request(shop: Flask) -> None:
    Yoto(shop)
    with shop.app_context():
        Yoto.start()
        assert yoto.get_resilience_controller().background.redis_tasks.running


def test_two_applications_share_nothing(shop: Flask, tmp_path: Path) -> None:
    other = Flask("other", instance_path=str(tmp_path / "other"))
    other.config["REDIS_URL"] = shop.config["YOTO_REDIS_URL"]
    other.config["YOTO_REDIS_KEY_PREFIX"] = f"test-other-{secrets.token_hex(4)}:"
    one = Yoto(caller=lambda: "somebody", guards=GUARDS)
    one.init_app(shop)
    one.init_app(other)
    try:
        other.add_url_rule("/search", view_func=shop.view_functions["search"])
        for app in (shop, other):
            answers = [app.test_client().get("/search").status_code for _ in range(3)]
            assert answers == [200, 200, 429]
        # No rooms, and functions, keep nothing that could be shared.
        kept = [
            {id(one) for one in app.extensions.values() if one != () and not isfunction(one)}
            for app in (shop, other)
        ]
        assert kept[0] and not kept[0] & kept[1]
    finally:
        Yoto.close(other)


def test_calls_ask_the_current_application(shop: Flask) -> None:
    Yoto(shop, guards=GUARDS)

    @circuit_breaker("billing")
    def charge() -> None: ...

    with shop.app_context():
        assert yoto.get_rate_limit_status("search", "somebody").remaining == 2
        yoto.set_rate_limit_config("search", limit=5, reason="a sale")
        assert yoto.get_rate_limit_config("search").limit == 5
        yoto.get_resilience_controller().circuit_breaker("billing").force_open("a repair", 60)
        with pytest.raises(CircuitOpen):
            charge()


def test_wiring_twice_is_refused(shop: Flask) -> None:
    Yoto(shop)
    with pytest.raises(RuntimeError, match="already"):
        Yoto(shop)


def test_what_needs_the_wiring_says_so(tmp_path: Path) -> None:
    app = Flask("bare", instance_path=str(tmp_path))
    with pytest.raises(RuntimeError, match=r"call Yoto\(app\) first"):
        Yoto.start(app)


@pytest.mark.parametrize(
    ("config", "environment", "expected"),
    [
        ({"YOTO_REDIS_URL": "redis://a"}, {"YOTO_REDIS_URL": "redis://b"}, "redis://a"),
        ({"REDIS_URL": "redis://a"}, {"YOTO_REDIS_URL": "redis://b"}, "redis://b"),
        ({"YOTO_REDIS_URL": "redis://a", "REDIS_URL": "redis://b"}, {}, "redis://a"),
        ({"REDIS_URL": "redis://a"}, {"REDIS_URL": "redis://b"}, "redis://a"),
        ({}, {"REDIS_URL": "redis://b"}, "redis://b"),
        ({"REDIS_URL": None}, {}, None),
    ],
)
def test_redis_is_where_the_nearest_name_says(
    config: dict[str, str],
    environment: dict[str, str],
    expected: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    app = Flask("shop", instance_path=str(tmp_path))
    app.config |= config
    Yoto(app)
    settings = RedisStore.of(app).settings
    assert settings.url == expected
    assert settings.embedded_dir == tmp_path / "redis"
    assert app.config.get("REDIS_URL") == config.get("REDIS_URL")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"rate_limit": 5}, "rate_limit of 'search' wants a RateLimitConfig, as in .*, not 5"),
        ({"ratelimit": RateLimitConfig()}, "'search' has 'ratelimit', which is none of bulkhead,"),
        (5, "'search' wants a mapping, as in {'rate_limit': RateLimitConfig.*, not 5"),
    ],
)
def test_guards_that_are_no_configuration_are_refused_at_once(
    given: Any, says: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=f"guards: {says}"):
        Yoto(Flask("shop", instance_path=str(tmp_path)), guards={"search": given})


def test_a_wrong_value_is_refused_at_once(tmp_path: Path) -> None:
    app = Flask("shop", instance_path=str(tmp_path))
    app.config["YOTO_REDIS_URL"] = "http://shop"
    with pytest.raises(ConfigurationError, match="REDIS_URL: must start with redis://"):
        Yoto(app)


def test_without_a_server_and_without_its_extra_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yoto.extras.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'yoto\[embedded\]'"):
        Yoto(Flask("shop", instance_path=str(tmp_path)))
    app = Flask("shop", instance_path=str(tmp_path))
    app.config["REDIS_URL"] = "redis://127.0.0.1:1"
    Yoto(app)
    assert Events.of(app).instance_id


def test_a_fork_that_python_was_not_told_of_is_noticed_by_the_next_request(
    shop: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    Yoto(shop, guards=GUARDS)
    before = Events.of(shop).instance_id
    client = shop.test_client()
    assert client.get("/search").status_code == 200
    assert Events.of(shop).instance_id == before
    Yoto.close(shop)
    monkeypatch.setattr("yoto.embed.processes.os", SimpleNamespace(getpid=lambda: -1))
    assert [client.get("/search").status_code for _ in range(2)] == [200, 429]
    assert Events.of(shop).instance_id != before
