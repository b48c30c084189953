"""Rooms are refused below their level; those that need no control plane change no verdict."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from tests.support.redis_servers import Server
from yoto import Yoto, assign, people, require_permission
from yoto.errors import ConfigurationError
from yoto.parts.rooms import ALL, chosen
from yoto.room import CONTROL_PLANE, LEVELS, PERMISSIONS, Room

READ = "paper.read"
ROOMS = chosen(ALL)


class Base(DeclarativeBase):
    """The application's own."""


class Reader(Base):
    """Somebody who reads."""

    __tablename__ = "readers"

    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture
def app(valkey_server: Server, tmp_path: Path) -> Flask:
    app = Flask("papers", instance_path=str(tmp_path))
    app.config["YOTO_REDIS_URL"] = valkey_server.url
    app.config["YOTO_REDIS_KEY_PREFIX"] = f"test-papers-{secrets.token_hex(4)}:"
    return app


@pytest.fixture
def session(tmp_path: Path) -> Iterator[scoped_session[Session]]:
    engine = create_engine(f"sqlite:///{tmp_path}/papers.db")
    Base.metadata.create_all(engine)
    session = scoped_session(sessionmaker(engine))
    yield session
    session.remove()
    engine.dispose()


@pytest.mark.parametrize("room", ROOMS, ids=lambda one: one.name)
def test_a_room_is_refused_where_there_is_less_than_it_needs(
    app: Flask, session: scoped_session[Session], room: Room
) -> None:
    for level in LEVELS[: LEVELS.index(room.needs)]:
        has = {"db": session, "users": people(Reader)} if level == PERMISSIONS else {}
        with pytest.raises(ConfigurationError, match=f"^rooms: '{room.name}' needs"):
            Yoto(app, rooms=room.name, **has)


@pytest.mark.parametrize(
    "room", [one for one in ROOMS if one.needs != CONTROL_PLANE], ids=lambda one: one.name
)
def test_without_a_control_plane_denials_and_grants_are_as_without_the_room(
    app: Flask, session: scoped_session[Session], room: Room
) -> None:
    declared = {"permissions": [READ], "roles": {"reader": [READ]}}
    Yoto(app, db=session, users=people(Reader), caller=lambda: 7, rooms=room.name, **declared)

    @app.get("/paper")
    @require_permission(READ)
    def paper() -> str:
        return "read"

    made = app.test_cli_runner().invoke(args=["yoto", "setup"])
    assert made.exit_code == 0, made.output
    session.add(Reader(id=7))
    session.commit()
    assert app.test_client().get("/paper").status_code == 403
    with app.app_context():
        assign(7, "reader")
    assert app.test_client().get("/paper").text == "read"
    Yoto.close(app)
