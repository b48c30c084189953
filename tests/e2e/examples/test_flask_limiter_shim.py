"""``examples/flask_limiter_shim`` keeps what Flask-Limiter's documentation says.

Each test is written from it, and where Flask-Limiter is installed it is run with that too.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Blueprint, Flask, request
from flask.views import MethodView

from tests.support.installed import ROOT
from tests.support.redis_servers import Server
from yoto import ValidationFailed, Yoto

SHIM = ROOT / "examples" / "flask_limiter_shim" / "flask_limiter_shim.py"
THEIRS = [pytest.param("theirs")] if importlib.util.find_spec("flask_limiter") else []


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("flask_limiter_shim", SHIM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    importlib.import_module("sys").modules["flask_limiter_shim"] = module
    spec.loader.exec_module(module)
    return module


class Bench:
    """An application, and the library with which it is limited."""

    def __init__(self, library: str, app: Flask) -> None:
        self.ours = library == "ours"
        self.app = app
        self.module = loaded() if self.ours else importlib.import_module("flask_limiter")

    def limiter(self, **options: Any) -> Any:
        """By the person that a header names."""
        storage = {} if self.ours else {"storage_uri": "memory://"}
        key_func = options.pop("key_func", lambda: request.headers.get("X-Person", "nobody"))
        return self.module.Limiter(key_func, **{"app": self.app, **storage, **options})

    def route(self, path: str, *decorators: Any, **options: Any) -> None:
        """A view of its own for the path."""

        def view() -> str:
            return "ran"

        view.__name__ = view.__qualname__ = f"view_{path.strip('/').replace('/', '_')}"
        for decorate in reversed(decorators):
            view = decorate(view)
        home = options.pop("home", self.app)
        home.add_url_rule(path, path.strip("/").replace("/", "_") or "index", view, **options)

    def get(self, path: str, times: int = 1, method: str = "GET", **headers: str) -> list[int]:
        client = self.app.test_client()
        named = {f"X-{name}": value for name, value in headers.items()}
        return [client.open(path, method=method, headers=named).status_code for _ in range(times)]


@pytest.fixture(params=["ours", *THEIRS])
def bench(request: Any, valkey_server: Server, tmp_path: Path) -> Iterator[Bench]:
    app = Flask("limited", instance_path=str(tmp_path))
    app.config["YOTO_REDIS_URL"] = valkey_server.url
    app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-shim-{secrets.token_hex(4)}:"
    yield Bench(request.param, app)
    if "yoto" in app.extensions:
        Yoto.close(app)


def test_the_shim_is_small() -> None:
    assert len(SHIM.read_text().splitlines()) <= 250


def test_defaults_are_of_each_route_and_a_decorator_overrides_them(bench: Bench) -> None:
    limiter = bench.limiter(default_limits=["5 per day", "3 per hour"])
    bench.route("/fast")
    bench.route("/other")
    bench.route("/slow", limiter.limit("1 per day"))
    bench.route("/ping", limiter.exempt)
    assert bench.get("/fast", 4) == [200] * 3 + [429]
    assert bench.get("/other") == [200]
    assert bench.get("/fast", Person="mara") == [200]
    assert bench.get("/slow", 2) == [200, 429]
    assert bench.get("/ping", 9) == [200] * 9
    assert bench.get("/static/none.txt", 6) == [404] * 6


def test_a_limit_that_does_not_override_is_beside_the_defaults(bench: Bench) -> None:
    limiter = bench.limiter(default_limits=["2/hour"])
    bench.route("/both", limiter.limit("9/hour", override_defaults=False))
    bench.route("/one", limiter.limit("3/hour"))
    assert bench.get("/both", 3) == [200, 200, 429]
    assert bench.get("/one", 4) == [200] * 3 + [429]


def test_several_limits_are_in_one_text_or_in_several_decorators(bench: Bench) -> None:
    limiter = bench.limiter()
    bench.route("/text", limiter.limit("100/day;2/hour"))
    bench.route("/each", limiter.limit("100/day"), limiter.limit("2 per 1 hour"))
    assert bench.get("/text", 3) == [200, 200, 429]
    assert bench.get("/each", 3) == [200, 200, 429]


def test_application_limits_are_shared_by_all_routes(bench: Bench) -> None:
    limiter = bench.limiter(application_limits=["3/hour"], default_limits=["9/hour"])
    bench.route("/a")
    bench.route("/b", limiter.limit("9/hour"))
    bench.route("/free", limiter.exempt)
    assert bench.get("/free", 4) == [200] * 4
    assert bench.get("/a", 2) + bench.get("/b", 2) == [200, 200, 200, 429]


def test_an_exemption_may_be_from_some_limits_alone(bench: Bench) -> None:
    limiter = bench.limiter(application_limits=["3/hour"], default_limits=["1/hour"])
    scope = bench.module.ExemptionScope
    bench.route("/all", limiter.exempt(flags=scope.DEFAULT))
    bench.route("/default", limiter.exempt(flags=scope.APPLICATION))
    assert bench.get("/default", 2) == [200, 429]
    assert bench.get("/all", 4) == [200] * 3 + [429]


def test_a_shared_limit_is_one_for_many_routes(bench: Bench) -> None:
    limiter = bench.limiter()
    shared = limiter.shared_limit("2/hour", scope="mysql")
    by_host = limiter.shared_limit("1/hour", scope=lambda endpoint: request.headers["X-Tenant"])
    bench.route("/a", shared)
    bench.route("/b", shared)
    bench.route("/c", by_host)
    bench.route("/d", by_host)
    assert bench.get("/a", 1) + bench.get("/b", 2) == [200, 200, 429]
    assert bench.get("/c", Tenant="x") + bench.get("/d", Tenant="x") == [200, 429]
    assert bench.get("/d", Tenant="y") == [200]


def test_methods_are_those_that_are_limited_and_others_have_the_defaults(bench: Bench) -> None:
    limiter = bench.limiter(default_limits=["3/hour"])
    bench.route("/", limiter.limit("1/hour", methods=["POST"]), methods=["GET", "POST"])
    assert bench.get("/", 2, "POST") == [200, 429]
    assert bench.get("/", 4) == [200] * 3 + [429]


def test_methods_may_be_counted_each_by_itself(bench: Bench) -> None:
    limiter = bench.limiter()

    class View(MethodView):
        decorators = (limiter.limit("1/hour", per_method=True),)

        def get(self) -> str:
            return "get"

        def put(self) -> str:
            return "put"

    bench.app.add_url_rule("/", view_func=View.as_view("view"))
    assert bench.get("/", 2) == [200, 429]
    assert bench.get("/", 2, "PUT") == [200, 429]


def test_a_limit_is_skipped_when_a_predicate_says_so(bench: Bench) -> None:
    limiter = bench.limiter(
        default_limits=["1/hour"],
        default_limits_exempt_when=lambda: request.headers.get("X-Person") == "staff",
    )
    bench.route("/default")
    bench.route("/own", limiter.limit("1/hour", exempt_when=lambda: "X-Free" in request.headers))
    assert bench.get("/default", 3, Person="staff") == [200] * 3
    assert bench.get("/default", 2) == [200, 429]
    assert bench.get("/own", 3, Free="yes") == [200] * 3
    assert bench.get("/own", 2) == [200, 429]


def test_a_request_that_a_filter_names_is_not_limited(bench: Bench) -> None:
    limiter = bench.limiter(application_limits=["1/hour"])
    bench.route("/", limiter.limit("1/hour"))

    @limiter.request_filter
    def internal() -> bool:
        return request.headers.get("X-Internal", "") == "true"

    assert bench.get("/", 3, Internal="true") == [200] * 3
    assert bench.get("/", 2) == [200, 429]


def test_a_request_may_cost_more_or_nothing(bench: Bench) -> None:
    limiter = bench.limiter()
    bench.route("/two", limiter.limit("5/hour", cost=2))
    by_header = limiter.limit("2/hour", cost=lambda: int(request.headers["X-Cost"]))
    bench.route("/header", by_header)
    assert bench.get("/two", 3) == [200, 200, 429]
    assert bench.get("/header", Cost="2") + bench.get("/header", Cost="1") == [200, 429]


def test_only_what_the_response_tells_is_deducted(bench: Bench) -> None:
    limiter = bench.limiter()

    @bench.app.get("/sign-in")
    @limiter.limit("2/hour", deduct_when=lambda response: response.status_code != 200)
    def sign_in() -> tuple[str, int]:
        return "", int(request.headers["X-Status"])

    assert bench.get("/sign-in", 3, Status="200") == [200] * 3
    assert bench.get("/sign-in", 2, Status="401") == [401] * 2
    # All requests are tested, whatever they would be answered.
    assert bench.get("/sign-in", Status="200") == [429]


def test_the_text_may_come_from_a_callable(bench: Bench) -> None:
    limiter = bench.limiter()
    bench.route("/", limiter.limit(lambda: request.headers["X-Limit"]))
    assert bench.get("/", 2, Limit="1/hour", Person="free") == [200, 429]
    assert bench.get("/", 4, Limit="3/hour", Person="pro") == [200] * 3 + [429]


def test_a_malformed_text_is_logged_and_leaves_the_defaults(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    limiter = bench.limiter(default_limits=["1/hour"])
    with caplog.at_level(logging.ERROR):
        bench.route("/", limiter.limit("many a day"))
        assert bench.get("/", 2) == [200, 429]
    assert "many a day" in caplog.text


def test_a_blueprint_is_limited_or_exempt(bench: Bench) -> None:
    login, regular, doc = (Blueprint(name, __name__) for name in ("login", "regular", "doc"))
    limiter = bench.limiter(default_limits=["1/hour"])
    limiter.limit("3/hour")(login)
    limiter.exempt(doc)
    for home in (login, regular, doc):
        bench.route(f"/{home.name}", home=home)
    bench.route("/login/own", limiter.limit("2/hour"), home=login)
    for home in (login, regular, doc):
        bench.app.register_blueprint(home)
    assert bench.get("/login", 4) == [200] * 3 + [429]
    assert bench.get("/login/own", 3) == [200, 200, 429]
    assert bench.get("/regular", 2) == [200, 429]
    assert bench.get("/doc", 5) == [200] * 5


def test_nested_blueprints_have_the_nearest_limits_or_all(bench: Bench) -> None:
    parent, child, last = (Blueprint(name, __name__) for name in ("parent", "child", "last"))
    health = Blueprint("health", __name__)
    limiter = bench.limiter(default_limits=["9/hour"])
    limiter.limit("2/hour")(parent)
    limiter.limit("3/hour", override_defaults=False)(child)
    limiter.limit("5/hour")(last)
    limiter.exempt(health)
    for home in (parent, child, last, health):
        bench.route(f"/{home.name}", home=home)
    child.register_blueprint(last)
    parent.register_blueprint(child)
    parent.register_blueprint(health)
    bench.app.register_blueprint(parent)
    assert bench.get("/parent", 3) == [200, 200, 429]
    assert bench.get("/child", 3) == [200, 200, 429]
    assert bench.get("/last", 6) == [200] * 5 + [429]
    assert bench.get("/health", 9) == [200] * 9


def test_an_exemption_of_a_blueprint_may_hold_for_those_in_it(bench: Bench) -> None:
    limiter = bench.limiter(default_limits=["1/hour"])
    scope = bench.module.ExemptionScope
    for name, flags in (("deep", scope.DEFAULT | scope.DESCENDENTS), ("flat", scope.DEFAULT)):
        parent, child = Blueprint(name, __name__), Blueprint(f"{name}_child", __name__)
        limiter.exempt(parent, flags=flags)
        bench.route(f"/{name}", home=child)
        parent.register_blueprint(child)
        bench.app.register_blueprint(parent)
    assert bench.get("/deep", 3) == [200] * 3
    assert bench.get("/flat", 2) == [200, 429]


def test_what_is_answered_says_the_limit_a_message_or_what_a_callback_gives(bench: Bench) -> None:
    breached: list[Any] = []

    def answer(limit: Any) -> Any:
        breached.append(limit)
        return bench.app.make_response(("slow down", 429))

    limiter = bench.limiter()
    bench.route("/usual", limiter.limit("1 per day"))
    bench.route("/message", limiter.limit("1 per day", error_message="chill!"))
    bench.route("/called", limiter.limit("1 per day", error_message=lambda: "calm"))
    bench.route("/callback", limiter.limit("1 per day", on_breach=answer))
    said = {}
    for path in ("/usual", "/message", "/called", "/callback"):
        bench.get(path)
        said[path] = bench.app.test_client().get(path).text
    assert "1 per 1 day" in said["/usual"] and "chill!" in said["/message"]
    assert "calm" in said["/called"] and said["/callback"] == "slow down"
    assert (breached[0].limit.amount, breached[0].limit.get_expiry()) == (1, 86_400)


def test_an_error_handler_gets_the_description(bench: Bench) -> None:
    bench.route("/", bench.limiter().limit("1/hour"))
    bench.app.register_error_handler(429, lambda error: (f"exceeded {error.description}", 429))
    bench.get("/")
    assert bench.app.test_client().get("/").text == "exceeded 1 per 1 hour"


def test_headers_and_the_current_limit_are_of_the_smallest_window_or_the_breached(
    bench: Bench,
) -> None:
    limiter = bench.limiter(headers_enabled=True)
    current: list[Any] = []
    bench.route("/", limiter.limit("5/hour;2/day"))
    bench.route("/none")

    @bench.app.after_request
    def note(response: Any) -> Any:
        current.append(limiter.current_limit)
        return response

    client = bench.app.test_client()
    first, _, third = (client.get("/") for _ in range(3))
    assert first.headers["X-RateLimit-Limit"] == "5"
    assert first.headers["X-RateLimit-Remaining"] == "4"
    assert int(first.headers["X-RateLimit-Reset"]) > 1_700_000_000
    assert third.status_code == 429
    assert third.headers["X-RateLimit-Limit"] == "2"
    assert third.headers["X-RateLimit-Remaining"] == "0"
    assert 3_600 < int(third.headers["Retry-After"]) <= 86_400
    assert "X-RateLimit-Limit" not in client.get("/none").headers
    assert [one.breached for one in current[:3]] == [False, False, True] and current[3] is None


def test_a_block_of_a_view_may_be_limited(bench: Bench) -> None:
    limiter = bench.limiter()

    @bench.app.get("/")
    def view() -> str:
        if "X-Costly" in request.headers:
            with limiter.limit("1/hour"):
                return "costly"
        return "cheap"

    assert bench.get("/", 3) == [200] * 3
    assert bench.get("/", 2, Costly="yes") == [200, 429]


def test_an_application_may_come_later_and_be_switched_off(bench: Bench) -> None:
    bench.app.config |= {"RATELIMIT_ENABLED": False, "RATELIMIT_DEFAULT": "1/hour"}
    limiter = bench.limiter(app=None)
    bench.route("/")
    limiter.init_app(bench.app)
    assert bench.get("/", 3) == [200] * 3
    limiter.enabled = True
    if bench.ours:  # theirs has made no store while it was off
        assert bench.get("/", 2) == [200, 429]


@pytest.mark.parametrize("strategy", ["fixed-window", "moving-window", "sliding-window-counter"])
def test_each_strategy_counts(bench: Bench, strategy: str) -> None:
    bench.route("/", bench.limiter(strategy=strategy).limit("2/hour"))
    assert bench.get("/", 3) == [200, 200, 429]


def test_a_malformed_default_is_an_error_at_once() -> None:
    app = Flask("malformed")
    with pytest.raises(ValidationFailed, match="many a day"):
        loaded().Limiter(lambda: "k", app=app, default_limits=["many a day"])


def test_what_the_shim_lacks_is_told() -> None:
    with pytest.raises(TypeError, match="not in this shim: meta_limits"):
        loaded().Limiter(lambda: "k", meta_limits=["1/hour"])
