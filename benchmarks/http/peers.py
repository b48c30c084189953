"""The servers to compare: ``python -m benchmarks.http.peers KIND MODE REDIS_URL FOLDER``.

``bare`` is a Flask view and nothing else; ``jwt`` identifies the caller by flask-jwt-extended;
``stack`` adds a usual stack by hand: Flask-Limiter (three limits, headers) and pybreaker, both on
Redis, and pycasbin with a hundred roles; ``plain`` is an application with ``Yoto(app)``, its people
and a role in a database of its own. All are served as ours is: by gunicorn's threads, or eventlet's
``wsgi``. Prints its port and a token, as one line of JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import run

if TYPE_CHECKING:
    from flask import Flask

USER, SERVER, PERMISSION = "1", "1", "message.send"
OWN = "note.send"  # the permission of an application that Yoto is a guest in
ROLES, GRANTS_A_ROLE = 100, 10
LIMIT = 100_000_000  # a minute: nobody may be refused while time is taken


def application(kind: str, redis_url: str, folder: Path) -> tuple[Flask, str]:
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
    if kind == "plain":
        with_yoto(app, view, redis_url, folder)
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


def with_yoto(app: Flask, view: Callable[[], Any], redis_url: str, folder: Path) -> None:
    """Yoto in ``app``, set up, and a view behind each thing that is measured."""
    from sqlalchemy import Integer, create_engine
    from sqlalchemy.orm import DeclarativeBase, mapped_column, scoped_session, sessionmaker

    from benchmarks.http.views import guards
    from yoto import Yoto, assign, guarded, people, rate_limit, require_permission

    class Base(DeclarativeBase):
        """Tables of the application."""

    class Person(Base):
        """Its people."""

        __tablename__ = "people"

        id = mapped_column(Integer, primary_key=True)

    database = folder / "plain.db"
    new = not database.exists()
    engine = create_engine(f"sqlite:///{database}")
    session = scoped_session(sessionmaker(engine))
    app.instance_path = str(folder)
    app.config["YOTO_REDIS_URL"] = redis_url
    Yoto(
        app,
        db=session,
        users=people(Person),
        caller=lambda: int(USER),
        permissions=[OWN],
        roles={"member": [OWN]},
        guards=guards(),
    )
    if new:
        Base.metadata.create_all(engine)
        app.test_cli_runner().invoke(args=["yoto", "setup"], catch_exceptions=False)
        with app.app_context():
            session.add(Person(id=int(USER)))
            session.commit()
            assign(int(USER), "member")
            session.commit()
    allowed = require_permission(OWN)
    app.add_url_rule("/empty", "empty", view)
    app.add_url_rule("/permission", "permission", allowed(view))
    app.add_url_rule("/limit", "limit", rate_limit("limit")(view))
    for mode in ("strict", "leased"):
        app.add_url_rule(f"/{mode}", mode, allowed(guarded(mode)(view)))


def serve(make: Callable[[], Flask], mode: str, on_listening: Callable[[int], None]) -> int:
    """Serve until told to stop, by one worker, with a line of the log a request as ours writes."""
    if mode == "eventlet":
        import eventlet
        import eventlet.wsgi

        app = make()
        listener = eventlet.listen(("127.0.0.1", 0))
        on_listening(listener.getsockname()[1])
        eventlet.wsgi.server(listener, app, debug=False)
        return 0
    from gunicorn.glogging import Logger

    from app.server import bind
    from app.server.master import serve_workers
    from app.server.threads import settings_of
    from config import Base

    defaults = {key: getattr(Base, key) for key in dir(Base) if key.isupper()}
    log = {"logger_class": Logger, "accesslog": "/dev/stderr"}
    settings = settings_of(defaults) | log | {"worker_class": "gthread"}
    bound = bind("127.0.0.1", 0)
    return serve_workers(bound, defaults, 1, on_listening, lambda *_: None, make=make, **settings)


def main() -> int:
    """Serve the kind that the command line names; the exit code."""
    kind, mode, redis_url, folder = sys.argv[1:]
    run.monkey_patch(mode)
    from benchmarks.http.counting import CountingWsgi

    # A worker that is forked makes one of its own; this one has the token, and sets up.
    _, token = application("jwt" if kind == "stack" else kind, redis_url, Path(folder))

    def make() -> Flask:
        app, _ = application(kind, redis_url, Path(folder))
        app.wsgi_app = CountingWsgi(app.wsgi_app)  # type: ignore[method-assign]
        return app

    return serve(
        make,
        mode,
        lambda port: print(json.dumps({"port": port, "token": token}), flush=True),
    )


if __name__ == "__main__":
    run.end(main())
