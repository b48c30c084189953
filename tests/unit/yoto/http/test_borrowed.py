"""Private names of Flask and marshmallow: each is still there, and is what we take it for."""

from __future__ import annotations

from typing import Any

import flask
import marshmallow as ma
import pytest
from flask import Flask
from flask.globals import request_ctx

from yoto.http.borrowed import after_this_request, is_plain, session_of


def test_flask_keeps_what_follows_a_request_and_its_session_where_we_look() -> None:
    app = Flask("borrowed")
    app.secret_key = "x" * 16

    def step(response: flask.Response) -> flask.Response:
        return response

    with app.test_request_context():
        context = request_ctx._get_current_object()  # type: ignore[attr-defined]
        flask.after_this_request(step)
        assert list(after_this_request(context)) == [step]
        flask.session["known"] = "yes"
        assert session_of(context)["known"] == "yes"


class Plain(ma.Schema):
    name = ma.fields.String()


class Before(Plain):
    @ma.pre_dump
    def before(self, found: Any, **options: Any) -> Any:
        return found


class After(Plain):
    @ma.post_dump
    def after(self, found: Any, **options: Any) -> Any:
        return found


class Made(Plain):
    size = ma.fields.Function(lambda found: 1)


@pytest.mark.parametrize(("schema", "plain"), [(Plain, 1), (Before, 0), (After, 0), (Made, 0)])
def test_marshmallow_says_of_a_schema_what_we_ask(schema: type[ma.Schema], plain: int) -> None:
    assert is_plain(schema()) == bool(plain)
