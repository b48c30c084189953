"""A small application with the shared HTTP layer and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.http.context import init_context
from app.http.problems import init_problems
from app.http.security import init_security_headers

Raiser = Callable[[BaseException], FlaskClient]


@pytest.fixture
def bare_app() -> Flask:
    """Request context, problems and security headers over one view, ``/ping``."""
    app = Flask("bare")
    app.config.update(TRUSTED_PROXIES=0, MAX_CONTENT_LENGTH=1024)
    init_context(app)
    init_security_headers(app)
    init_problems(app)
    app.add_url_rule("/ping", "ping", lambda: "pong", methods=["GET"])
    return app


@pytest.fixture
def raising(bare_app: Flask) -> Raiser:
    """Gives a client of an application whose ``/fail`` raises the given error."""

    def make(error: BaseException) -> FlaskClient:
        def fail() -> str:
            raise error

        bare_app.add_url_rule("/fail", "fail", fail, methods=["GET", "POST"])
        return bare_app.test_client()

    return make
