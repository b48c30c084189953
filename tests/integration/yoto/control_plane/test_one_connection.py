"""No page takes a second connection of the requests while its request holds one.

``tests/integration/yoto/http/test_schemathesis.py`` shows the same of both APIs.
"""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.auth.passwords import passwords
from tests.integration.test_url_map import routes
from tests.integration.yoto.control_plane.conftest import PASSWORD, Browser
from tests.integration.yoto.http.test_schemathesis import ONE_CONNECTION
from tests.support.operators import RIGHTS, operator_named
from tests.support.world import World
from yoto.store.db import db

APIS = ("/api/", "/control/api/", "/access/")


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {"SQLALCHEMY_ENGINE_OPTIONS": ONE_CONNECTION}


def test_every_page_is_served_by_one_connection(app: Flask, world: World, browser: Browser) -> None:
    with app.app_context():
        operator_named(world, "ada", *RIGHTS, password_hash=passwords().hash(PASSWORD))
    browser.sign_in("ada")
    pages = [one.path for one in routes(app) if one.method == "GET"]
    served = [
        path for path in pages if not path.startswith(APIS) and browser.get(path).status_code == 200
    ]
    assert len(served) > 10
    with app.app_context():
        assert db.engine.pool.use().timed_out == 0  # type: ignore[attr-defined]
