"""``flask yoto guards routes`` in an application that has guards alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView

from tests.support.resilience import own_names
from yoto import (
    Yoto,
    circuit_breaker,
    degradable,
    exempt,
    guarded,
    limit_views,
    rate_limit,
    require_permission,
)
from yoto.auth.access import RIGHTS_MARK
from yoto.permission.guards import guarding
from yoto.resilience.decorators import views

__all__ = ["own_names"]


class Things(MethodView):
    """Methods that have different guards."""

    @circuit_breaker("routes.store")
    def get(self) -> str:
        return "things"

    @guarded("routes.make", parts=["rate_limit", "bulkhead"])
    @require_permission("thing.make")
    def post(self) -> str:
        return "made"

    def put(self) -> str:
        return "put"

    def patch(self) -> str:
        return "patched"


@pytest.fixture
def shop(tmp_path: Path, own_names: None) -> Flask:  # noqa: F811
    app = Flask("shop", instance_path=str(tmp_path), static_folder=None)
    Yoto(app)
    admin = require_permission("admin.pages")(Blueprint("admin", __name__))
    limit_views(app, "routes.all")
    limit_views(admin, "routes.admin", every=True, methods=["POST"])
    admin.add_url_rule("/admin", "page", lambda: "", methods=["GET", "POST"])
    app.register_blueprint(admin)
    app.add_url_rule("/health", "health", exempt(lambda: ""))
    plans = rate_limit("routes.export", plans={"a": "1/hour", "b": "2/hour"}, plan=lambda: "a")
    app.add_url_rule("/export", "export", degradable("routes.old")(plans(lambda: "")))
    app.add_url_rule("/things", view_func=Things.as_view("things"))
    return app


def shown(app: Flask, *options: str) -> Any:
    result = app.test_cli_runner().invoke(args=["yoto", "guards", "routes", *options])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in options else result.stdout


def test_each_route_is_told_with_all_that_guards_it(shop: Flask) -> None:
    found = {
        (one["rule"], ",".join(one["methods"])): [f"{g['kind']} {g['name']}" for g in one["guards"]]
        for one in shown(shop, "--json")
    }
    assert found == {
        ("/admin", "GET"): ["permission admin.pages", "rate_limit routes.all"],
        ("/admin", "POST"): [
            "permission admin.pages",
            "rate_limit routes.all",
            "rate_limit routes.admin",
        ],
        ("/export", "GET"): [
            "degradation routes.old",
            "rate_limit routes.export.a",
            "rate_limit routes.export.b",
        ],
        ("/health", "GET"): [],
        ("/things", "GET"): ["rate_limit routes.all", "circuit_breaker routes.store"],
        ("/things", "POST"): [
            "permission thing.make",
            "bulkhead routes.make",
            "rate_limit routes.make",
        ],
        ("/things", "PATCH,PUT"): ["rate_limit routes.all"],
    }


def test_those_that_have_none_are_told_alone(shop: Flask) -> None:
    assert shown(shop, "--unguarded").split() == ["GET", "/health", "none"]


def test_a_route_of_head_or_options_alone_is_told(shop: Flask) -> None:
    shop.add_url_rule("/alive", "alive", exempt(lambda: ""), methods=["HEAD", "OPTIONS"])
    assert "HEAD,OPTIONS /alive none".split() in [
        line.split() for line in shown(shop, "--unguarded").splitlines()
    ]


def test_the_marks_of_permissions_are_those_of_their_decorators() -> None:
    assert views.PERMISSION_MARK == guarding.ATTRIBUTE
    assert views.RIGHTS_MARK == RIGHTS_MARK
