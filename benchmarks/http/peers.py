"""The servers to compare with: ``python -m benchmarks.http.peers bare|jwt|stack MODE [REDIS_URL]``.

``bare`` is a Flask view and nothing else; ``jwt`` identifies the caller by flask-jwt-extended;
``stack`` adds a usual stack by hand: Flask-Limiter (three limits, headers) and pybreaker, both on
Redis, and pycasbin with a hundred roles. Prints its port and a token, as one line of JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import run

if TYPE_CHECKING:
    from flask import Flask

USER, SERVER, PERMISSION = "1", "1", "message.send"
ROLES, GRANTS_A_ROLE = 100, 10
LIMIT = 100_000_000  # a minute: nobody may be refused while time is taken


def application(kind: str, redis_url: str) -> tuple[Flask, str]:
    """The application, and a token that it accepts."""
    from flask import Flask
    from flask_jwt_extended import JWTManager, create_access_token, jwt_required

    from benchmarks.http.rows import ANSWER

    app = Flask(kind)

    def view() -> dict[str, Any]:
        return ANSWER

    if kind == "bare":
        app.add_url_rule("/view", view_func=view)
        return app, ""
    app.config["JWT_SECRET_KEY"] = "a key that only the benchmark uses, and nobody else"
    app.config["JWT_ACCESS_TOKEN_EXPIRES"] = False
    JWTManager(app)
    with app.app_context():
        token = create_access_token(USER)
    guarded = by_hand(app, view, redis_url) if kind == "stack" else view
    app.add_url_rule("/view", view_func=jwt_required()(guarded))
    return app, token


def by_hand(app: Flask, view: Callable[[], Any], redis_url: str) -> Callable[[], Any]:
    """Limits, a breaker and a permission around ``view``."""
    import casbin
    import redis
    from casbin.model import FastModel
    from casbin.persist.adapters.string_adapter import StringAdapter
    from flask import abort, request
    from flask_jwt_extended import get_jwt_identity
    from flask_limiter import Limiter
    from pybreaker import CircuitBreaker, CircuitRedisStorage

    from benchmarks.check.casbin_model import FIRST_KEYS, MODEL

    names = [PERMISSION, *(f"some.thing{number}" for number in range(1, GRANTS_A_ROLE))]
    model = FastModel(FIRST_KEYS)
    model.load_model_from_text(MODEL)
    rules = [f"p, r{role}, {SERVER}, {name}" for role in range(ROLES) for name in names]
    enforcer: Any = casbin.FastEnforcer(
        model,
        StringAdapter("\n".join([*rules, f"g, {USER}, r{ROLES // 2}"])),
        cache_key_order=FIRST_KEYS,
    )
    breaker = CircuitBreaker(
        state_storage=CircuitRedisStorage("closed", redis.Redis.from_url(redis_url))
    )

    def allowed() -> Any:
        if not enforcer.enforce(get_jwt_identity(), SERVER, PERMISSION):
            abort(403)
        return breaker.call(view)

    limiter = Limiter(
        get_jwt_identity,
        app=app,
        storage_uri=redis_url,
        headers_enabled=True,
    )
    keys: dict[str, Callable[[], str]] = {
        "user": lambda: f"user:{get_jwt_identity()}",
        "server": lambda: f"server:{SERVER}",
        "ip": lambda: f"ip:{request.remote_addr}",
    }
    for key in keys.values():
        allowed = limiter.limit(f"{LIMIT} per minute", key_func=key)(allowed)
    return allowed


def serve(app: Flask, mode: str, on_listening: Callable[[int], None]) -> None:
    """Serve without end, in one process, with a line of the log a request as these servers do."""
    if mode == "eventlet":
        import eventlet
        import eventlet.wsgi

        listener = eventlet.listen(("127.0.0.1", 0))
        on_listening(listener.getsockname()[1])
        eventlet.wsgi.server(listener, app, debug=False)
    else:
        from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

        class Handler(WSGIRequestHandler):
            protocol_version = "HTTP/1.1"

        server = ThreadedWSGIServer("127.0.0.1", 0, app, Handler)
        server.daemon_threads = True
        on_listening(server.port)
        server.serve_forever()


def main() -> None:
    """Serve the kind that the command line names."""
    kind, mode, *rest = sys.argv[1:]
    run.monkey_patch(mode)
    from benchmarks.http.counting import CountingWsgi

    app, token = application(kind, rest[0] if rest else "")
    app.wsgi_app = CountingWsgi(app.wsgi_app)  # type: ignore[method-assign]
    serve(
        app,
        mode,
        lambda port: print(json.dumps({"port": port, "token": token}), flush=True),
    )


if __name__ == "__main__":
    main()
