"""The room is on where a control plane is not said who its operators are, and nowhere else."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy.orm import scoped_session, sessionmaker

from tests.support.commands_page import commands
from tests.support.redis_servers import Server
from yoto import Yoto, people_by
from yoto.embed.plane import plane_of
from yoto.room import rooms_of

HOME = "yoto.rooms.own_operators."
Shop = Callable[..., Flask]


@pytest.fixture
def shop(tmp_path: Path, valkey_server: Server) -> Iterator[Shop]:
    """Makes the one application of a test, by what it tells ``Yoto`` and by ``YOTO_ROOMS``."""
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    app = Flask("shop", instance_path=str(tmp_path))
    app.secret_key = "only the tests of the shop use it"

    def made(rooms: str | None = None, **given: Any) -> Flask:
        app.config.update(
            YOTO_REDIS_URL=valkey_server.url,
            YOTO_REDIS_KEY_PREFIX=f"test-shop-{secrets.token_hex(4)}:",
            YOTO_ROOMS=rooms,
        )
        users = people_by(dict, ids=int)
        Yoto(app, db=scoped_session(sessionmaker(engine)), users=users, control_plane=True, **given)
        return app

    yield made
    Yoto.close(app)
    engine.dispose()


def of_the_room(app: Flask) -> list[str]:
    """Routes and commands."""
    rules = plane_of(app).url_map.iter_rules()
    routes = {str(one): plane_of(app).view_functions[one.endpoint].__module__ for one in rules}
    leaves = {name: getattr(one.callback, "__module__", "") for name, one in commands(app.cli)}
    return [name for name, home in (routes | leaves).items() if home.startswith(HOME)]


@pytest.mark.parametrize("rooms", [None, "none", "what_if"])
def test_nobody_has_to_name_it_in_order_to_sign_in(shop: Shop, rooms: str | None) -> None:
    app = shop(rooms)
    assert [one.name for one in rooms_of(app)].count("own_operators") == 1
    assert {"/control/sign-in", "yoto operators add"} <= set(of_the_room(app))
    assert "sign-in" in app.test_client().get("/control/").headers["Location"]


@pytest.mark.parametrize("rooms", [None, "all"])
def test_an_application_with_operators_has_nothing_of_it(shop: Shop, rooms: str | None) -> None:
    app = shop(rooms, operators=lambda: None)
    assert of_the_room(app) == []
