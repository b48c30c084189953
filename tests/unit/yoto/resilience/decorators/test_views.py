"""Limits of all views of an application or a blueprint, and who is exempt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, Response
from flask.views import MethodView

from yoto.errors import ConfigurationError, RateLimited
from yoto.resilience import (
    ResilienceController,
    exempt,
    guarded,
    limit_views,
    noted_limits,
    rate_limit,
)


class Asked:
    """The limits that each request was counted by."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client()
        self.limits: list[str] = []
        app.after_request(self._note)
        app.register_error_handler(RateLimited, lambda error: (error.name, 429))

    def _note(self, response: Response) -> Response:
        self.limits = [one.limiter for one in noted_limits()]
        return response

    def __call__(self, path: str, method: str = "GET") -> list[str]:
        with self._client.open(path, method=method) as response:
            assert response.status_code == 200, path
        return self.limits


@pytest.fixture
def asked(app: Flask, controller: ResilienceController) -> Asked:
    limit_views(app, "views.app", "k", limit=90, window=600)
    return Asked(app)


def answer() -> str:
    return "ran"


def test_a_view_has_the_nearest_limit_alone(app: Flask, asked: Asked) -> None:
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    plain = Blueprint("plain", __name__)
    limit_views(outer, "views.outer", "k")
    limit_views(inner, "views.inner", "k")
    outer.add_url_rule("/outer", view_func=answer)
    inner.add_url_rule("/inner", "view", answer)
    inner.add_url_rule("/own", "own", rate_limit("views.own", "k")(answer))
    plain.add_url_rule("/plain", view_func=answer)
    outer.register_blueprint(inner)
    outer.register_blueprint(plain)
    app.register_blueprint(outer)
    app.add_url_rule("/", view_func=answer)
    app.add_url_rule("/guarded", "guarded", guarded("views.guard", "k")(answer))
    app.add_url_rule("/bulkhead", "b", guarded("views.b", parts=["bulkhead"])(answer))
    assert [asked(path) for path in ("/", "/guarded", "/bulkhead")] == [
        ["views.app"],
        ["views.guard"],
        ["views.app"],
    ]
    assert [asked(path) for path in ("/outer", "/inner", "/own", "/plain")] == [
        ["views.outer"],
        ["views.inner"],
        ["views.own"],
        ["views.outer"],
    ]


def test_a_limit_of_every_view_counts_beside_nearer_ones(app: Flask, asked: Asked) -> None:
    limit_views(app, "views.every", "k", every=True, limit=2, window=600)
    app.add_url_rule("/", "own", rate_limit("views.beside", "k")(answer))
    app.add_url_rule("/plain", "plain", answer)
    assert asked("/") == ["views.every", "views.beside"]
    assert asked("/plain") == ["views.every", "views.app"]
    assert app.test_client().get("/").text == "views.every"


def test_of_several_that_are_asked_together_none_is_charged_when_one_refuses(
    app: Flask, asked: Asked, controller: ResilienceController
) -> None:
    limit_views(app, "views.first", "k", limit=5, window=600)
    limit_views(app, "views.second", "k", limit=1, window=600)
    app.add_url_rule("/", view_func=answer)
    assert asked("/") == ["views.app", "views.first", "views.second"]
    assert app.test_client().get("/").status_code == 429
    assert controller.get_rate_limit_status("views.first", "k").remaining == 4


def test_who_is_exempt_has_none_but_its_own(app: Flask, asked: Asked) -> None:
    free = exempt(Blueprint("free", __name__))
    limit_views(free, "views.free", "k", every=True)
    free.add_url_rule("/free", view_func=answer)
    free.add_url_rule("/own", "own", rate_limit("views.free-own", "k")(answer))
    app.register_blueprint(free)

    @app.get("/health")
    @exempt
    def health() -> str:
        return "well"

    @exempt
    class Things(MethodView):
        def get(self) -> str:
            return "things"

    app.add_url_rule("/things", view_func=Things.as_view("things"))
    assert [asked(path) for path in ("/free", "/own", "/health", "/things")] == [
        [],
        ["views.free-own"],
        [],
        [],
    ]


def test_a_method_of_a_view_class_has_its_own(app: Flask, asked: Asked) -> None:
    class Things(MethodView):
        @rate_limit("views.get", "k")
        def get(self) -> str:
            return "things"

        def post(self) -> str:
            return "made"

        @exempt
        def delete(self) -> str:
            return "gone"

    app.add_url_rule("/", view_func=Things.as_view("things"))
    assert [asked("/", method) for method in ("GET", "HEAD", "POST", "DELETE")] == [
        ["views.get"],
        ["views.get"],
        ["views.app"],
        [],
    ]


def test_a_method_that_the_own_limit_leaves_out_has_the_next_one(app: Flask, asked: Asked) -> None:
    own = rate_limit("views.posts", "k", methods=["POST"])(answer)
    app.add_url_rule("/", view_func=own, methods=["GET", "POST"])
    assert [asked("/", "GET"), asked("/", "POST")] == [["views.app"], ["views.posts"]]


def test_static_files_and_unknown_paths_are_not_counted(
    app: Flask, asked: Asked, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("a")
    files = Blueprint("files", __name__, static_folder=str(tmp_path), static_url_path="/s")
    app.register_blueprint(files)
    assert asked("/s/a.txt") == []
    assert app.test_client().get("/nothing").status_code == 404
    assert asked.limits == []


def test_options_of_rate_limit_are_options_here(
    app: Flask, asked: Asked, controller: ResilienceController
) -> None:
    users: list[Any] = []
    counted = {"count_when": lambda response: response.status_code >= 400, "limit": 5}
    limit_views(app, "views.when", lambda page: page, every=True, methods="GET", **counted)
    limit_views(app, "views.unless", "k", every=True, unless=lambda: "staff" in users)
    app.add_url_rule("/<page>", view_func=lambda page: page)
    assert asked("/x") == ["views.when", "views.unless", "views.app"]
    users.append("staff")
    assert asked("/x") == ["views.when", "views.app"]
    assert controller.get_rate_limit_status("views.when", "x").remaining == 5


def test_a_blueprint_that_is_registered_has_no_limit_that_is_never_counted(
    app: Flask, asked: Asked
) -> None:
    late = Blueprint("late", __name__)
    late.add_url_rule("/", view_func=answer)
    app.register_blueprint(late)
    for _ in range(2):
        with pytest.raises(AssertionError, match="already been registered"):
            limit_views(late, "views.late", "k")
    assert asked("/") == ["views.app"]


def test_what_has_no_views_is_refused_and_what_has_many_by_the_decorator(app: Flask) -> None:
    with pytest.raises(ConfigurationError, match="is for an application or a blueprint"):
        limit_views(answer, "views.wrong")  # type: ignore[arg-type]
    for views in (app, Blueprint("many", __name__)):
        with pytest.raises(TypeError, match="has many views, which 'limit_views' limits"):
            rate_limit("views.wrong")(views)  # type: ignore[arg-type]
