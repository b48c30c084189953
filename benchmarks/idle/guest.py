"""Somebody else's application with guards and permissions, and no rooms, for others to watch.

``python -m benchmarks.idle.guest DATABASE REDIS FOLDER`` answers one guarded request, says so, and
rests. A line to its input is answered with the names of its threads; the end of it ends it. With
``setup`` as the last argument it only sets up the database.
"""

from __future__ import annotations

import json
import sys
import threading

from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, scoped_session, sessionmaker

from yoto import RateLimitConfig, Yoto, check_permission, circuit_breaker, people, rate_limit

GUARDS = {"search": {"rate_limit": RateLimitConfig(limit=1000, window=60)}}


class Base(DeclarativeBase):
    """Its own tables."""


class Person(Base):
    """Its people."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)


def guest(database: str, redis: str, folder: str) -> Flask:
    """The application, not connected yet."""
    app = Flask(__name__, instance_path=folder)
    app.secret_key = "it lives for one measurement"
    app.config["YOTO_REDIS_URL"] = redis
    session = scoped_session(sessionmaker(create_engine(database)))
    Yoto(app, db=session, users=people(Person), guards=GUARDS, permissions=["book.read"])

    @app.get("/search")
    @rate_limit("search")
    @circuit_breaker("warehouse")
    def search() -> dict[str, bool]:
        return {"may": check_permission(1, "book.read")}

    return app


def main() -> None:
    """Run it from the command line."""
    database, redis, folder, *setup = sys.argv[1:]
    app = guest(database, redis, folder)
    try:
        if setup:
            Base.metadata.create_all(create_engine(database))
            app.test_cli_runner().invoke(args=["yoto", "setup"], catch_exceptions=False)
            return
        print(app.test_client().get("/search").status_code, flush=True)
        for _ in sys.stdin:
            names = {str(one.native_id): one.name for one in threading.enumerate()}
            print(json.dumps(names), flush=True)
    finally:
        Yoto.close(app)


if __name__ == "__main__":
    main()
